"""Normalising digits and punctuation as people, spreadsheets and word processors write them."""

import unicodedata
from datetime import date

QUOTES = "'\"`ʼ‘’‚“”„′″="  # put around text that looks like a number, as in spreadsheets
BRACKETS = "()[]{}<>«»‹›"
MARKS = {"\u2212": "-", "\u2043": "-", "\u02d7": "-", "\u30fc": "-", "\u2796": "-", "\u2795": "+", "\u2800": " "}
MARKS |= dict.fromkeys("\u2053\u2500\u2501\u4e00", "-")
MARKS |= dict.fromkeys("\u00b7\u2022\u2027\u2219\u22c5\u30fb", ".")  # raised dots
MARKS |= dict.fromkeys("\u2044\u2215\u29f8", "/")
INVISIBLE = frozenset("\u115f\u1160\u3164")  # invisible characters whose category is letter
DROPPED = frozenset({"Cf", "Cc", "Mn", "Me"})  # soft hyphens, joiners, direction marks, byte order marks
SPACES = frozenset({"Zs", "Zl", "Zp"})
TYPED_FOR_DIGITS = str.maketrans("OoQDIilL|!ZzSsGbBgq", "0000111111225566899")
LARGEST_DIGIT = 9
UNKNOWN_DAY = 60  # an unknown day in a coordination number, where 60 is added to the day
MONTHS = 12
LONGEST_MONTH = 31


def fold(text: str) -> str:
    """The text with ASCII digits, hyphens and spaces, and no invisible characters.

    Digits of every script and width become 0 to 9, every dash, hyphen and minus becomes -, every space character a
    space; letters are unchanged.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_fold, unicodedata.normalize("NFKC", text)))


def _fold(char: str) -> str:
    if " " <= char <= "~":
        return char
    if char in MARKS:
        return MARKS[char]
    category = unicodedata.category(char)
    if category in {"Nd", "No"} and (digit := unicodedata.numeric(char)) in range(10):  # including circled digits
        return str(int(digit))
    if category == "Pd":
        return "-"
    if category in SPACES or char in "\t\n\r\v\f":
        return " "
    return "" if category in DROPPED or char in INVISIBLE else char


def luhn(digits: str) -> int:
    """The check digit that follows these digits (Luhn, mod 10)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > LARGEST_DIGIT else value
    return -total % 10


def is_day(text: str) -> bool:
    """Whether YYYYMMDD is a valid date."""
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return False
    return True


def is_partial(digits: str) -> bool:
    """Whether YYYYMMDDNNNN is a coordination number with an unknown month (00) or day (60) of birth and otherwise
    valid; the birth number 000 is not used.
    """
    month, day = int(digits[4:6]), int(digits[6:8]) - UNKNOWN_DAY
    if digits[8:11] == "000" or day < 0 or (month and day):
        return False
    if month:
        return month <= MONTHS
    return day <= LONGEST_MONTH
