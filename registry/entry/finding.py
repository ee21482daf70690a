"""Finding a person nationwide, by registry number or by identifier, for those who may."""

from registry.access import Actor, Permission, acting_as, require
from registry.choices import AccessAction
from registry.entry.patients import find_patient
from registry.identity import LOCAL_PREFIX, IdentifierUnusable, read_identifier
from registry.models import Centre, Patient
from registry.models.access_log import log_persons

LONGEST = 18  # any number of 18 digits fits into the column, and Python reads none of thousands


def find_number(*, who: str, by: Actor, permission: Permission) -> int | None:
    """The registry number of whom a registry number or an identifier names; None for nobody known.

    A registry number is given back as it is: its person may have been erased. A search by identifier
    is logged, also in vain. Raises NotPermitted.
    """
    require(by, permission)
    who = who.strip()
    if is_registry_number(who):
        return int(who)
    found = _find_by_identifier(who)
    with acting_as(by):
        log_persons(
            by=by, action=AccessAction.SEARCH, numbers=[patient.registry_number for patient in found] or [None]
        )
    return found[0].registry_number if len(found) == 1 else None


def is_registry_number(who: str) -> bool:
    """Whether this is a registry number by its check digits (ISO 7064, mod 97-10), and no identity number."""
    number = read_registry_number(who)
    return number is not None and number % 97 == 1 and not _is_identifier(who)


def read_registry_number(text: str) -> int | None:
    """The number that a text writes, whosoever it is; None where it writes none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else None


def _find_by_identifier(who: str) -> list[Patient]:
    """The persons whom an identifier names: of a centre's pseudonym, one at each centre may have it."""
    found = {}
    for code in Centre.objects.values_list("code", flat=True) if _is_local(who) else [""]:
        try:
            patient = find_patient(read_identifier(who, centre=code))
        except IdentifierUnusable:
            return []
        if patient:
            found[patient.pk] = patient
    return list(found.values())


def _is_local(who: str) -> bool:
    return who.lower().startswith(LOCAL_PREFIX)


def _is_identifier(who: str) -> bool:
    try:
        read_identifier(who, centre="")
    except IdentifierUnusable:
        return False
    return True
