"""The search for identity numbers in free text, however they are parted (docs/decisions/0015).

All but letters and digits is taken away; each run of 10 or 12 digits, and of 10 or 12 characters with letters, is
then looked at that begins and ends where a group of digits did. Digits within a longer group are left alone: most
batch numbers of 14 digits would hold a number by chance.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from registry.digits import is_day, is_partial, luhn
from registry.reserve_numbers import is_written_like_one

SHORT, LONG = 10, 12
FEWEST_DIGITS = 7  # of a reserve number of ten characters
COORDINATION_DAY = 60
# Groups of digits that are something else: a trial's number, and the next date after a date.
TRIAL = re.compile(r"(?<!\d)\d{4}-\d{6}-\d{2}(?:-\d{2})?(?!\d)")
DATE = r"(?:19|20)\d{2}([-./])(?:0[1-9]|1[0-2])\%d(?:0[1-9]|[12]\d|3[01])(?!\d)"
TWO_DATES = re.compile(rf"(?<!\d){DATE % 1}(?=[^0-9A-Za-z]+{DATE % 2})")


def holds_number(text: str) -> bool:
    """Whether a folded text (digits.fold) holds a personal, coordination or reserve number."""
    if sum(map(str.isdigit, text)) < FEWEST_DIGITS:
        return False
    text = TWO_DATES.sub(" x ", TRIAL.sub(" x ", text)).upper()
    return any(_is_number(window) for window in _windows(text))


def _windows(text: str) -> Iterator[str]:
    """Each run of 10 or 12 letters and digits that begins with a group of digits and ends with a group."""
    places = [place for place, char in enumerate(text) if char.isalnum()]
    plain = "".join(text[place] for place in places)
    # Where two neighbours were parted, or are not both digits, one group ends and the next begins.
    parted = [
        after - before > 1 or not (text[before].isdigit() and text[after].isdigit())
        for before, after in pairwise(places)
    ]
    bounds = [True, *parted, True]
    for start, begins in enumerate(bounds[:-1]):
        if begins and plain[start].isdigit():
            for end in (start + SHORT, start + LONG):
                if end < len(bounds) and bounds[end]:
                    yield plain[start:end]


def _is_number(window: str) -> bool:
    if not window.isascii():
        return False
    if not window.isdigit() or luhn(window[-SHORT:-1]) != int(window[-1]):
        return is_written_like_one(window)
    centuries = [""] if len(window) == LONG else ["19", "20"]
    return any(_is_birth(century + window) for century in centuries) or is_written_like_one(window)


def _is_birth(digits: str) -> bool:
    if not ("18" <= digits[:2] <= "20") or digits[8:11] == "000":
        return False
    day = int(digits[6:8])
    day -= COORDINATION_DAY if day > COORDINATION_DAY else 0
    return is_day(f"{digits[:6]}{day:02}") or is_partial(digits)
