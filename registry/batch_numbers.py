"""Batch numbers that are written like a person's number (docs/decisions/0015-who-a-person-is.md).

Many hold the day on which the batch was made and four digits more, the form of a personal number; of each ten
one has its check digit too.
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
from registry.keyed_digests import Identifier
from registry.number_search import SHORT, numbers_in

STATED = re.compile(r"\s*(?:lot|batch)\s*:\s*", re.IGNORECASE)
MADE_WITHIN = timedelta(days=366)  # before the infusion: who was born since is given no such product


def read_batch(
    batch: str, *, infused_on: date | None, precision: DatePrecision | str | None, own: Identified | None = None
) -> tuple[str, Problem | None]:
    """A batch number as it is stored, and why it may not be.

    own: whose the row is. A number that looks like a person's passes where what looks like a date of birth is
    a day in the year before the infusion, or where lot: stands before it; the row's own person's never does.
    """
    stated = STATED.match(fold(batch))
    if stated and _refuse(bare := fold(batch)[stated.end() :], infused_on, precision, own) is None:
        return bare, None
    return batch, None if stated and not _is_own(batch, own) else _refuse(batch, infused_on, precision, own)


def stated_persons(batch: str) -> list[Identifier]:
    """Whom a batch number would name that passes only because lot: stands before it."""
    return possible_persons(numbers_in(batch)) if STATED.match(fold(batch)) else []


def possible_persons(numbers: Iterable[str]) -> list[Identifier]:
    """Whom numbers found in a text may name, whichever region has issued them, in whichever century."""
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
    """Whether a batch number holds a number of whom these digests are of."""
    return any(not set(digests).isdisjoint(one.digests()) for one in possible_persons(numbers_in(batch)))


def looks_like_a_number() -> Problem:
    """The refusal of what nothing makes a batch number."""
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
    return own is not None and names_one_of(batch, own.digests())


def _holds_day(number: str, earliest: date, latest: date) -> bool:
    """Whether a number begins with a day between these two."""
    written = f"20{number[:6]}" if len(number) == SHORT else number[:8]
    return written.isdigit() and is_day(written) and earliest <= date.fromisoformat(written) <= latest
