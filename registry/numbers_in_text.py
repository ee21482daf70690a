"""Searching free text for identity numbers, whatever separators they have (docs/decisions/0015).

Everything but letters and digits is removed; then each run of 10 or 12 digits, or of 10 or 12 characters with
letters, that begins and ends at the boundary of a group of digits is checked. Digits inside a longer group are not
checked, since most batch numbers of 14 digits would contain a number by chance. Personal numbers are searched for
once more without words of up to three letters between digits, and with letters that look like digits replaced.
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
FEWEST_DIGITS = 7  # in a reserve number of ten characters
COORDINATION_DAY = 60
ELSE = " ---- "  # replaces what is recognised as something else; longer than a word allowed within a number
# Digits that are something else: a trial's number, a date with a time of day, a date that follows a date.
TRIAL = re.compile(r"(?<!\d)\d{4}-\d{6}-\d{2}(?:-\d{2})?(?!\d)")
DATE = r"(?:19|20)\d{2}([-./])(?:0[1-9]|1[0-2])\%d(?:0[1-9]|[12]\d|3[01])(?!\d)"
TWO_DATES = re.compile(rf"(?<!\d){DATE % 1}(?=[^0-9]{{1,8}}{DATE % 2})")
TIMED = re.compile(rf"(?<!\d){DATE % 1}[^0-9]{{1,8}}(?:[01]\d|2[0-3]):[0-5]\d(?!\d)")
TAG = re.compile(r"</?[a-zA-Z]{1,10} */?>")
MISTYPED = re.compile(r"(?<=\d)[OoQDIilLZzSsGbBgq]{1,2}|[OoQDIilLZzSsGbBgq]{1,2}(?=\d)")
SHORT_WORD = re.compile(r"(?<=\d)[\W_]*[^\W\d_]{1,3}[\W_]*(?=\d)")


def holds_identity_number(text: str) -> bool:
    """Whether a text as typed contains a personal, coordination or reserve number."""
    return any(True for _number in numbers_in(text))


def numbers_in(text: str) -> Iterator[str]:
    """The possible personal, coordination or reserve numbers in a text as typed, without separators."""
    if sum(map(str.isdigit, text)) < FEWEST_DIGITS and text.isascii():
        return
    for written in dict.fromkeys([text, TAG.sub(" ", unescape(unquote(text)))]):
        plain = unicodedata.normalize("NFKD", fold(written))  # accents are not part of a number
        plain = "".join(char for char in plain if not unicodedata.combining(char))
        for pattern in (TRIAL, TWO_DATES, TIMED):
            plain = pattern.sub(ELSE, plain)
        yield from filter(_is_number, _windows(plain.upper()))
        yield from filter(_is_of_digits, _windows(SHORT_WORD.sub(" ", plain)))
        put_right = MISTYPED.sub(lambda letters: letters[0].translate(TYPED_FOR_DIGITS), plain)
        yield from filter(_is_older, _windows(put_right))


def _windows(text: str) -> Iterator[str]:
    """Each run of 10 or 12 letters and digits that begins and ends at the boundary of a group of digits."""
    places = [place for place, char in enumerate(text) if char.isalnum()]
    plain = "".join(text[place] for place in places)
    # A group boundary is where two neighbours were separated, or are not both digits.
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
    """Whether its date of birth is before any batch was made, since batch numbers have dates and letters too."""
    return _is_personal(window) and not "14" <= window[-SHORT:][:2] <= "40"


def _is_birth(digits: str) -> bool:
    if not ("18" <= digits[:2] <= "20") or digits[8:11] == "000":
        return False
    day = int(digits[6:8])
    day -= COORDINATION_DAY if day > COORDINATION_DAY else 0
    return is_day(f"{digits[:6]}{day:02}") or is_partial(digits)
