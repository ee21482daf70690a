"""Finding a person nationwide, by registry number or by identifier, for those who may."""

from registry.access import Actor, Permission, require
from registry.entry.patients.lookup import find_patients
from registry.identity import IdentifierUnusable, may_be_identifier, read_possible
from registry.keyed_digests import Identifier
from registry.models import Centre

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
    identifiers = _read_identifiers(who)
    found = find_patients(identifiers=identifiers, by=by, permission=permission)
    return found[0].registry_number if len(found) == 1 else None


def is_registry_number(who: str) -> bool:
    """Whether this is a registry number by its check digits (ISO 7064, mod 97-10), and no identity number."""
    number = read_registry_number(who)
    return number is not None and number % 97 == 1 and not may_be_identifier(who)


def read_registry_number(text: str) -> int | None:
    """The number that a text writes, whosoever it is; None where it writes none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else None


def _read_identifiers(who: str) -> list[Identifier]:
    """What the text may mean: a centre's pseudonym may be another person's at each centre, and a reserve number
    in each region.
    """
    try:
        return read_possible(who, centres=Centre.objects.values_list("code", "county_code"))
    except IdentifierUnusable:
        return []
