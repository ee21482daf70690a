"""The displayed text of a workbook cell: its value in its number format, where that carries meaning."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt, ne

from registry.entry.exchange.file_row import A_DATE, NO_DATE
from registry.entry.exchange.number_text import (
    OTHERWISE,
    Piece,
    Show,
    Text,
    read_sections,
    section_shower,
    show_general,
)

# Built-in formats (ECMA-376, 18.8.30) that do not show a number in full.
BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    48: "##0.0E+0",
    **dict.fromkeys((14, 27, 30, 31, 36, 50, 54, 57, 58), "d/m/yyyy"),  # in the order of the reader's country
    **dict.fromkeys((15, 28, 29, 51, 53), "d-mmm-yy"),
    16: "d-mmm",
    **dict.fromkeys((17, 52, 55, 56), "mmm-yy"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47), "h:mm"),
    46: "[h]:mm:ss",
    22: "d/m/yyyy h:mm",
}  # fmt: skip
AS_WRITTEN = {"yyyy-mm-dd", "yyyy-mm", "yyyy"}  # a date shown so is read as text in any column
SWEDISH = str.maketrans("å", "y")
ELAPSED = re.compile(r"h+|m+|s+")
# Minutes and months share a letter: it means minutes after hours or before seconds.
MINUTES = re.compile(r"(?<=h)([^a-z]*)m+|m+(?=[^a-z]*s)")
CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?[0-9]{1,15}(?:\.[0-9]{1,15})?)")
COMPARED: dict[str, Callable] = {"<=": le, ">=": ge, "<>": ne, "<": lt, ">": gt, "=": eq}
DAY_ZERO, DAY_ZERO_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
MISTAKEN_LEAP_DAY = 60  # spreadsheets count a 29 February 1900
LAST_DAY = 2_958_465  # 9999-12-31
MILLISECONDS = 86_400_000  # in a day
NUMBERS = 3  # sections of a format for numbers: positive, negative, zero

Section = tuple[
    Callable[[float], bool] | None, Show, bool
]  # condition, how numbers are shown, whether it shows a minus sign itself


def shower(code: str, *, date1904: bool) -> Show:
    """A function that shows numbers in a format."""
    if not code:
        return show_general
    sections = read_sections(code)[: NUMBERS + 1]
    if len(sections) > NUMBERS or (len(sections) > 1 and ("any", "@") in sections[-1]):
        sections.pop()  # the section for text
    read = [_read_section(pieces, date1904) for pieces in sections]
    if len(read) == 1 and read[0][0] is None:
        _when, only, is_date = read[0]
        return only if is_date or only is show_general else _with_sign(only)
    return _chooser(read)


def _read_section(pieces: Sequence[Piece], date1904: bool) -> Section:
    conditions = [CONDITION.fullmatch(text) for kind, text in pieces if kind == "bracket"]
    found = next((condition for condition in conditions if condition), None)
    when = (lambda number: COMPARED[found[1]](number, float(found[2]))) if found else None
    letters = "".join(text for kind, text in pieces if kind == "any").lower().translate(SWEDISH)
    is_elapsed = any(kind == "bracket" and ELAPSED.fullmatch(text.lower()) for kind, text in pieces)
    if any(kind == "general" for kind, _text in pieces) or not (is_elapsed or any(map(letters.count, "ymdhs"))):
        return when, section_shower(pieces), False
    return when, _date_shower(letters, is_elapsed, _is_as_written(pieces), date1904), True


def _with_sign(show: Show) -> Show:
    """Show numbers of either sign, given how non-negative numbers are shown."""

    def signed(value: str) -> Text:
        if not value.startswith("-"):
            return show(value)
        seen, why = show(value[1:])
        return (seen, why) if why else ("-" + seen, "")

    return signed


def _chooser(sections: Sequence[Section]) -> Show:
    """Choose the section by the number's sign or by the sections' conditions."""

    def show(value: str) -> Text:
        try:
            number = float(value)
        except ValueError:
            return show_general(value)
        chosen = _choose([when for when, _show, _is_date in sections], number)
        if chosen is None:
            return OTHERWISE
        _when, shown, is_date = sections[chosen]
        return shown(value if is_date else value.removeprefix("-"))

    return show


def _choose(conditions: Sequence[Callable[[float], bool] | None], number: float) -> int | None:
    """The index of the section; None where spreadsheet programs differ."""
    if not any(conditions):
        if number < 0:
            return 1
        return 2 if number == 0 and len(conditions) == NUMBERS else 0
    *stated, last = conditions
    if number < 0 or any(when is None for when in stated):
        return None
    for place, when in enumerate(stated):
        if when and when(number):
            return place
    return len(stated) if last is None or last(number) else None


def around_text(code: str) -> tuple[str, str] | None:
    """The text a format puts before and after a text value; None if it does not show the value."""
    sections = read_sections(code)
    section = sections[-1]
    if len(sections) <= NUMBERS and ("any", "@") not in section:
        return "", ""
    shown = [(kind, text) for kind, text in section if kind != "bracket"]
    if [kind for kind, _text in shown] == ["general"]:
        return "", ""
    if shown.count(("any", "@")) != 1:
        return None
    place = shown.index(("any", "@"))
    before, after = ("".join(text for _kind, text in part) for part in (shown[:place], shown[place + 1 :]))
    return before.lstrip(), after.rstrip()


def _is_as_written(pieces: Sequence[Piece]) -> bool:
    return "".join(text for kind, text in pieces if kind != "bracket").lower() in AS_WRITTEN


def _date_shower(letters: str, is_elapsed: bool, as_written: bool, date1904: bool) -> Show:
    has_time = "h" in letters or "s" in letters
    letters = MINUTES.sub("", letters)
    mark = "" if as_written else A_DATE
    if is_elapsed:
        return lambda value: ("", NO_DATE)
    if "d" in letters:
        written = "%Y-%m-%d"
    elif "y" in letters:
        written = "%Y-%m" if "m" in letters else "%Y"
    elif has_time:
        written = "%H:%M"
    else:
        written = "--%m"  # a month without a year is no date
    has_date = written != "%H:%M"

    def show(value: str) -> Text:
        moment = _moment(value, date1904, has_date)
        if moment is None:
            return "", NO_DATE
        shows_time = has_time and has_date and (moment.hour, moment.minute, moment.second) != (0, 0, 0)
        return moment.strftime(f"{written} %H:%M" if shows_time else written), mark

    return show


def show_iso(value: str, show: Show, *, date1904: bool) -> Text:
    """Show a date that is stored as ISO text, in the precision of its format."""
    try:
        moment = datetime.fromisoformat(value.removesuffix("Z"))
    except ValueError:
        return "", NO_DATE
    if show is show_general:
        return (moment.strftime("%Y-%m-%d") if moment.time() == datetime.min.time() else moment.isoformat(" ")), ""
    zero = DAY_ZERO_1904 if date1904 else DAY_ZERO
    return show(repr((moment.replace(tzinfo=None) - zero) / timedelta(days=1)))


def _moment(value: str, date1904: bool, has_date: bool) -> datetime | None:
    """The date and time of a serial number; None if out of range, or 29 February 1900."""
    try:
        number = float(value)
    except ValueError:
        return None
    if not 0 <= number < LAST_DAY + 1:  # also False for NaN
        return None
    if not date1904 and has_date and (number < 1 or int(number) == MISTAKEN_LEAP_DAY):
        return None
    if not date1904 and 1 <= number < MISTAKEN_LEAP_DAY:
        number += 1
    zero = DAY_ZERO_1904 if date1904 else DAY_ZERO
    try:
        return zero + timedelta(milliseconds=round(number * MILLISECONDS))
    except OverflowError:
        return None
