"""The search for identity numbers in free text, however they are parted (docs/decisions/0015).

All but letters and digits is taken away; each run of 10 or 12 digits, and of 10 or 12 characters with letters, is
then looked at that begins and ends where a group of digits did. Digits within a longer group are left alone: most
batch numbers of 14 digits would hold a number by chance. Then it is looked for personal numbers once more without
the words of up to three letters that stand between digits, and with digits for the letters that look like some.
"""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from urllib.parse import unquote

from registry.digits import TYPED_FOR_DIGITS, fold, is_day, is_partial, luhn
from registry.reserve_numbers import is_written_like_one

SHORT, LONG = 10, 12
FEWEST_DIGITS = 7  # of a reserve number of ten characters
COORDINATION_DAY = 60
ELSE = " ---- "  # in the place of what is something else; more than a word that may stand in a number
# Groups of digits that are something else: a trial's number, a date with a time of day, and the next date after
# a date.
TRIAL = re.compile(r"(?<!\d)\d{4}-\d{6}-\d{2}(?:-\d{2})?(?!\d)")
DATE = r"(?:19|20)\d{2}([-./])(?:0[1-9]|1[0-2])\%d(?:0[1-9]|[12]\d|3[01])(?!\d)"
TWO_DATES = re.compile(rf"(?<!\d){DATE % 1}(?=[^0-9]{{1,8}}{DATE % 2})")
TIMED = re.compile(rf"(?<!\d){DATE % 1}[^0-9]{{1,8}}(?:[01]\d|2[0-3]):[0-5]\d(?!\d)")
TAG = re.compile(r"</?[a-zA-Z]{1,10} */?>")
MISTYPED = re.compile(r"(?<=\d)[OoQDIilLZzSsGbBgq]{1,2}|[OoQDIilLZzSsGbBgq]{1,2}(?=\d)")
SHORT_WORD = re.compile(r"(?<=\d)[\W_]*[^\W\d_]{1,3}[\W_]*(?=\d)")


def holds_number(text: str) -> bool:
    """Whether a text as typed holds a personal, coordination or reserve number."""
    return any(True for _number in numbers_in(text))


def numbers_in(text: str) -> Iterator[str]:
    """What in a text as typed may be a personal, coordination or reserve number, without what parts it."""
    if sum(map(str.isdigit, text)) < FEWEST_DIGITS and text.isascii():
        return
    for written in dict.fromkeys([text, TAG.sub(" ", unescape(unquote(text)))]):
        plain = unicodedata.normalize("NFKD", fold(written))  # accents of letters are no part of a number
        plain = "".join(char for char in plain if not unicodedata.combining(char))
        for pattern in (TRIAL, TWO_DATES, TIMED):
            plain = pattern.sub(ELSE, plain)
        yield from filter(_is_number, _windows(plain.upper()))
        yield from filter(_is_of_digits, _windows(SHORT_WORD.sub(" ", plain)))
        put_right = MISTYPED.sub(lambda letters: letters[0].translate(TYPED_FOR_DIGITS), plain)
        yield from filter(_is_older, _windows(put_right))


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
    for start, begins in enumerate(bounds[: len(plain)]):
        if begins and plain[start].isdigit():
            for end in (start + SHORT, start + LONG):
                if end < len(bounds) and bounds[end]:
                    yield plain[start:end]


def _is_number(window: str) -> bool:
    return window.isascii() and (_is_personal(window) or is_written_like_one(window))


def _is_of_digits(window: str) -> bool:
    return window.isdigit() and _is_number(window)


def _is_personal(window: str) -> bool:
    if not (window.isascii() and window.isdigit()) or luhn(window[-SHORT:-1]) != int(window[-1]):
        return False
    centuries = [""] if len(window) == LONG else ["19", "20"]
    return any(_is_birth(century + window) for century in centuries)


def _is_older(window: str) -> bool:
    """Whether it is a number of someone born before any batch was made: batch numbers have days and letters."""
    return _is_personal(window) and not "14" <= window[-SHORT:][:2] <= "40"


def _is_birth(digits: str) -> bool:
    if not ("18" <= digits[:2] <= "20") or digits[8:11] == "000":
        return False
    day = int(digits[6:8])
    day -= COORDINATION_DAY if day > COORDINATION_DAY else 0
    return is_day(f"{digits[:6]}{day:02}") or is_partial(digits)
