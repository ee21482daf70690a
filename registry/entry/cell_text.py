"""What a person sees in a cell of a workbook: its value in its number format, as far as that carries meaning."""

import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from registry.entry.file_row import NO_DATE, ROUNDED

# Of the formats that a workbook does not spell out (ECMA-376, 18.8.30), those that show dates.
BUILT_IN = {
    **dict.fromkeys((14, 27, 30, 31, 36, 50, 54, 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((15, 28, 29, 51, 53), "d-mmm-yy"),
    16: "d-mmm",
    **dict.fromkeys((17, 52, 55, 56), "mmm-yy"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47), "h:mm"),
    22: "yyyy-mm-dd h:mm",
}
# Text in quotation marks, an escaped character, a place to fill, and colours, languages and conditions.
LITERAL = re.compile(r'"([^"]*)"|\\(.)|[_*].|\[([^\]]*)\]')
PIECE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|.', re.DOTALL)
GENERAL = re.compile("general|standard")
PADDED = re.compile(r"[^0#?@.,%eE/]*[0#?][^.,%eE/@]*")
DAY_ZERO, DAY_ZERO_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
MISTAKEN_LEAP_DAY = 60  # a spreadsheet counts a 29 February 1900
LAST_DAY = 2_958_465  # 9999-12-31
MILLISECONDS = 86_400_000  # of a day
KEPT_DIGITS = 15  # of a number in a spreadsheet; the rest is rounded away

Text = tuple[str, str]  # what is seen, and why it cannot be read
Show = Callable[[str], Text]


def show_general(value: str) -> Text:
    """A number in full, without the noise of its binary form."""
    if value.isdecimal() and len(value) <= KEPT_DIGITS and value.isascii():
        return value, ""
    try:
        number = float(value)
    except ValueError:
        return "", ROUNDED
    if not math.isfinite(number) or abs(number) >= 10**KEPT_DIGITS:
        return "", ROUNDED
    if number.is_integer():
        return str(int(number)), ""
    return f"{Decimal(f'{number:.15g}'):f}", ""


def shower(code: str, *, date1904: bool) -> Show:
    """How numbers are shown in a format."""
    sections = _sections(code)
    letters = LITERAL.sub("", sections[0]).lower()
    if GENERAL.search(letters):
        return show_general
    if any(letter in letters for letter in "ymdhs"):
        return _date_shower(letters, date1904)
    if any(map(_is_padded, sections[:3])) and not any(
        found[3] and found[3][0] in "<>=" for found in LITERAL.finditer(code)
    ):
        return lambda value: _show_padded(sections, value)
    return show_general


def around_text(code: str) -> tuple[str, str]:
    """What a format puts before and after a text."""
    section = _sections(code)[-1]
    if LITERAL.sub("", section).strip() != "@":
        return "", ""
    before, _at, after = section.partition("@")
    return _literal(before), _literal(after)


def _sections(code: str) -> list[str]:
    """The parts of a format: of positive and negative numbers, of nought, and of texts."""
    sections = [""]
    for piece in PIECE.findall(code):
        if piece == ";":
            sections.append("")
        else:
            sections[-1] += piece
    return sections


def _literal(part: str) -> str:
    """What a part of a format shows as it stands."""
    return LITERAL.sub(lambda found: found[1] or found[2] or "", part)


def _is_padded(section: str) -> bool:
    return bool(PADDED.fullmatch(LITERAL.sub("", section)))


def _date_shower(letters: str, date1904: bool) -> Show:
    has_time = "h" in letters or "s" in letters
    if "d" in letters:
        written = "%Y-%m-%d"
    elif "y" in letters:
        written = "%Y-%m" if "m" in letters else "%Y"
    elif has_time:
        written = "%H:%M"
    else:
        written = "--%m"  # a month of no year: no date

    def show(value: str) -> Text:
        moment = _moment(value, date1904)
        if moment is None:
            return "", NO_DATE
        shows_time = has_time and "y" in letters and (moment.hour, moment.minute, moment.second) != (0, 0, 0)
        return moment.strftime(f"{written} %H:%M" if shows_time else written), ""

    return show


def show_iso(value: str, show: Show, *, date1904: bool) -> Text:
    """A date that the workbook spells out, in the precision of its format."""
    try:
        moment = datetime.fromisoformat(value.removesuffix("Z"))
    except ValueError:
        return "", NO_DATE
    if show is show_general:
        return (moment.strftime("%Y-%m-%d") if moment.time() == datetime.min.time() else moment.isoformat(" ")), ""
    zero = DAY_ZERO_1904 if date1904 else DAY_ZERO
    return show(repr((moment.replace(tzinfo=None) - zero) / timedelta(days=1)))


def _moment(value: str, date1904: bool) -> datetime | None:
    """The moment of a number; None where a spreadsheet shows none."""
    try:
        number = float(value)
    except ValueError:
        return None
    if not 0 <= number < LAST_DAY + 1:  # not a number is in no range either
        return None
    if not date1904 and 1 <= number < MISTAKEN_LEAP_DAY:
        number += 1
    zero = DAY_ZERO_1904 if date1904 else DAY_ZERO
    try:
        return zero + timedelta(milliseconds=round(number * MILLISECONDS))
    except OverflowError:
        return None


def _show_padded(sections: list[str], value: str) -> Text:
    """A number in the places of a format, as 000123 or 701111-9802."""
    plain, why = show_general(value)
    if why or "." in plain:
        return plain, why
    number = int(plain)
    negative = number < 0 and len(sections) > 1
    section = sections[1] if negative else [*sections[:1], *sections[2:3]][-1 if number == 0 else 0]
    if not _is_padded(section):
        return plain, ""
    digits, shown = str(abs(number)), []
    places = _places(section)
    first = next(place for place, (kind, _text) in enumerate(places) if kind == "digit")
    for place, (kind, text) in reversed(list(enumerate(places))):
        if kind == "literal":
            shown.append(text)
        elif place == first and digits:
            shown.append(digits)
        elif digits:
            digits, last = digits[:-1], digits[-1]
            shown.append(last)
        elif text != "#":
            shown.append("0" if text == "0" else " ")
    sign = "-" if number < 0 and not negative else ""
    return sign + "".join(reversed(shown)).strip() or plain, ""


def _places(section: str) -> list[tuple[str, str]]:
    places: list[tuple[str, str]] = []
    while section:
        if found := LITERAL.match(section):
            places.append(("literal", found[1] or found[2] or ""))
            section = section[found.end() :]
        else:
            places.append(("digit" if section[0] in "0#?" else "literal", section[0]))
            section = section[1:]
    return places
