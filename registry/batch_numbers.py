"""Batch numbers that look like a person's number (docs/decisions/0015-who-a-person-is.md).

Many are the day of manufacture and four more digits, which is the form of a personal number; one in ten has a
valid check digit too.
"""

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import date, timedelta

from django.utils.translation import gettext as _

from registry.choices import DatePrecision
from registry.dates import first_day, last_day
from registry.digits import fold, is_day
from registry.errors import Problem
from registry.identity import IdentifierUnusable, IssuerUnclear, read_identifier
from registry.infusion_input import Identified
from registry.keyed_digests import Identifier, digest_ahead
from registry.numbers_in_text import SHORT, numbers_in

STATED = re.compile(r"\s*(?:lot|batch)\s*:\s*", re.IGNORECASE)
MADE_WITHIN = timedelta(days=366)  # before the infusion: nobody born so recently is given such a product


def read_batch(
    batch: str, *, infused_on: date | None, precision: DatePrecision | str | None, own: Identified | None = None
) -> tuple[str, Problem | None]:
    """(the batch number as stored, the problem if it is refused).

    own: the row's person. A number that looks like a person's is accepted if its date is within a year before the
    infusion, or if it is prefixed with "lot:"; the number of the row's own person is always refused.
    """
    stated = STATED.match(fold(batch))
    if stated and _refuse(bare := fold(batch)[stated.end() :], infused_on, precision, own) is None:
        return bare, None
    return batch, None if stated and not _is_own(batch, own) else _refuse(batch, infused_on, precision, own)


def stated_persons(batch: str) -> list[Identifier]:
    """The persons that a batch number may name, if it is accepted only because of its "lot:" prefix."""
    return possible_persons(numbers_in(batch)) if STATED.match(fold(batch)) else []


def possible_persons(numbers: Iterable[str]) -> list[Identifier]:
    """The identifiers that numbers found in a text may be, of any issuing region and century."""
    found: dict[Identifier, None] = {}
    for number in numbers:
        for written in (number, f"{number[:-4]}+{number[-4:]}"):
            try:
                found[read_identifier(written, centre="")] = None
            except IssuerUnclear as unclear:
                for issuer in unclear.issuers:
                    with suppress(IdentifierUnusable):
                        found[read_identifier(f"{issuer.key}:{number}", centre="")] = None
            except IdentifierUnusable:
                continue
    return list(found)


def names_one_of(batch: str, digests: Collection[tuple[str, bytes]]) -> bool:
    """Whether a batch number contains a number with one of these digests."""
    possible = possible_persons(numbers_in(batch))
    digest_ahead(possible)
    return any(not set(digests).isdisjoint(found.digests()) for found in possible)


def looks_like_a_number() -> Problem:
    """The refusal of a batch number that looks like a person's number."""
    return Problem("batch", "identifier_in_text", _("This looks like an identity number."))


def _refuse(
    batch: str, infused_on: date | None, precision: DatePrecision | str | None, own: Identified | None
) -> Problem | None:
    numbers = list(numbers_in(batch))
    if not numbers:
        return None
    if _is_own(batch, own):
        return looks_like_a_number()
    if infused_on and "+" not in fold(batch):
        first = first_day(infused_on, precision or DatePrecision.DAY)
        last = last_day(first, precision or DatePrecision.DAY)
        if all(_holds_day(number, first - MADE_WITHIN, last) for number in numbers):
            return None
    hint = _("If it is the number of the batch, write lot: before it.")
    problem = looks_like_a_number()
    return Problem(problem.field, problem.code, f"{problem.sentence} {hint}")


def _is_own(batch: str, own: Identified | None) -> bool:
    if isinstance(own, Identifier):
        return any(map(own.is_same_as, possible_persons(numbers_in(batch))))
    return own is not None and names_one_of(batch, own.digests())


def _holds_day(number: str, earliest: date, latest: date) -> bool:
    """Whether a number begins with a date in this range."""
    written = f"20{number[:6]}" if len(number) == SHORT else number[:8]
    return written.isdigit() and is_day(written) and earliest <= date.fromisoformat(written) <= latest
