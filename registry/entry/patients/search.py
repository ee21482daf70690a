"""Searching for a person nationwide by registry number or identifier."""

from registry.access import Actor, Permission, require
from registry.entry.patients.lookup import find_patients
from registry.identity import IdentifierUnusable, may_be_identifier, read_possible
from registry.keyed_digests import Identifier
from registry.models import Centre

LONGEST = 18  # digits: such a number fits the column, and Python refuses to parse thousands


def find_number(*, who: str, by: Actor, permission: Permission) -> int | None:
    """The registry number for a registry number or an identifier; None if nobody has the identifier.

    A registry number is returned unchecked, since its person may have been erased. A search by identifier is
    logged, also if nobody is found. Raises NotPermitted.
    """
    require(by, permission)
    who = who.strip()
    if is_registry_number(who):
        return int(who)
    identifiers = _read_identifiers(who)
    found = find_patients(identifiers=identifiers, by=by, permission=permission)
    return found[0].registry_number if len(found) == 1 else None


def is_registry_number(who: str) -> bool:
    """Whether this is a registry number by its check digits (ISO 7064, mod 97-10), and not an identity number."""
    number = read_registry_number(who)
    return number is not None and number % 97 == 1 and not may_be_identifier(who)


def read_registry_number(text: str) -> int | None:
    """The registry number in a text, whether or not anyone has it; None if the text is not a number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else None


def _read_identifiers(who: str) -> list[Identifier]:
    """The identifiers that the text may mean: the same pseudonym may name different persons at different centres,
    and the same reserve number in different regions.
    """
    try:
        return read_possible(who, centres=Centre.objects.values_list("code", "county_code"))
    except IdentifierUnusable:
        return []
