"""Dates and their precision: read, written, and the days of a period."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from registry.choices import DatePrecision
from registry.digits import fold
from registry.errors import DateInFuture

DATES_KEPT = 10_000
LONGEST_TYPED = 40
OLDEST_YEAR = 90  # two-digit years from 90 on are 19xx: no engineered T cell was given before 1990
CENTURIES = {"19", "20"}
LAST_MONTH = 12
TOGETHER = {len("YYMMDD"), len("YYYYMMDD")}
DATE_PATTERNS = {
    DatePrecision.DAY: re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII),
    DatePrecision.MONTH: re.compile(r"(\d{4})-(\d{2})", re.ASCII),
    DatePrecision.YEAR: re.compile(r"(\d{4})", re.ASCII),
}
MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "jan januari january", "feb febr februari february", "mar mars march", "apr april", "maj may",
            "jun juni june", "jul juli july", "aug augusti august", "sep sept september",
            "okt oct oktober october", "nov november", "dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
# The indexes of year, month and day among the parts of a date, by the parts' shapes.
ORDERS: dict[str, tuple[int, int | None, int | None]] = {
    "Y": (0, None, None), "Yn": (0, 1, None), "nY": (1, 0, None), "Ym": (0, 1, None), "mY": (1, 0, None),
    "Ynn": (0, 1, 2), "nnY": (2, 1, 0), "nmY": (2, 1, 0), "mnY": (2, 0, 1), "Ymn": (0, 1, 2),
}  # fmt: skip
FILLERS = {"den", "of"}
ORDINAL = re.compile(r"(?<=\d)(:?[ea]|st|nd|rd|th)\b", re.ASCII)  # 20:e, 20th
PARTS = re.compile(r"[0-9]+|[a-z]+")
# Parts, each replaced by x, with at most one separator between them.
TYPED = re.compile(r"x(?: ?[-/.,]? ?x)*[.,]?")
# The two forms in which a two-digit year can be told from the day: 26-11-20, and 20/11-26 as in handwriting.
YEAR_FIRST = re.compile(r"(\d\d) ?- ?(\d\d) ?- ?(\d\d)", re.ASCII)
YEAR_LAST = re.compile(r"(\d\d?) ?/ ?(\d\d?) ?- ?(\d\d)", re.ASCII)
WRITTEN = {
    DatePrecision.DAY: len("YYYY-MM-DD"),
    DatePrecision.MONTH: len("YYYY-MM"),
    DatePrecision.YEAR: len("YYYY"),
}


@lru_cache(DATES_KEPT)  # a long file repeats the same days; errors are not cached
def read_date(text: str, precision: str = "") -> tuple[date, DatePrecision]:
    """`2014`, `2023-12` or `2023-12-05` as the first day of its period, and its precision.

    A stated precision must match the text. Raises ValueError with a sentence.
    """
    matches = ((known, pattern.fullmatch(text)) for known, pattern in DATE_PATTERNS.items())
    found, match = next(((known, match) for known, match in matches if match), (None, None))
    if found is None or match is None:
        raise ValueError(_("Write the date as YYYY-MM-DD, or as YYYY-MM or YYYY where less is known."))
    year, month, day = (*map(int, match.groups()), 1, 1)[:3]
    try:
        value = date(year, month, day)
    except ValueError:
        raise ValueError(_("There is no such day in the calendar.")) from None
    if precision and precision != found:
        if found != DatePrecision.DAY or value != first_day(value, precision):
            raise ValueError(_("The date and its precision do not fit together."))
        found = DatePrecision(precision)
    return value, found


def understand_date(text: str) -> tuple[date, DatePrecision]:
    """Read a date as typed into a form: the formats of read_date, and others that people use.

    Digits alone are accepted: 20261120, 261120 (year, month, day), 202611. Of three numbers the year is the one
    with four digits, and 12/11/2026 is day, month, year, as in Swedish. Six digits are read as a day if they are a
    valid day. A two-digit year is also accepted in 26-11-20 and 20/11-26. Months may be named, in Swedish or
    English. Raises ValueError with a sentence.
    """
    plain = _normalise(text) if len(text) <= LONGEST_TYPED else ""
    if not TYPED.fullmatch(PARTS.sub("x", plain)):
        raise ValueError(_ways_to_write())
    parts = _split([part for part in PARTS.findall(plain) if part not in FILLERS])
    places = ORDERS.get("".join(map(_shape, parts)))
    if places is None:
        raise ValueError(_ways_to_write())
    values = [MONTHS.get(part) or int(part) for part in parts]
    year, month, day = (None if place is None else values[place] for place in places)
    try:
        value = date(year or 0, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        raise ValueError(_("There is no such day in the calendar.")) from None
    if month is None:
        return value, DatePrecision.YEAR
    return value, DatePrecision.MONTH if day is None else DatePrecision.DAY


def _normalise(text: str) -> str:
    """The text in lower case, with ASCII digits, separators and spaces, and a two-digit year expanded."""
    plain = ORDINAL.sub("", " ".join(fold(text).split()).lower())
    if found := YEAR_FIRST.fullmatch(plain):
        year, month, day = found.groups()
    elif found := YEAR_LAST.fullmatch(plain):
        day, month, year = found.groups()
    else:
        return plain
    return f"{_write_out(year)}-{month}-{day}"


def _write_out(year: str) -> str:
    return ("19" if int(year) >= OLDEST_YEAR else "20") + year


def _split(parts: list[str]) -> list[str]:
    """Split parts that are runs of digits into year, month and day."""
    [digits, *others] = parts or [""]
    if others or len(digits) not in TOGETHER or not digits.isdecimal():
        return parts
    if len(digits) == len("YYYYMMDD"):
        return [digits[:4], digits[4:6], digits[6:]]
    if int(digits[2:4]) > LAST_MONTH and digits[:2] in CENTURIES and 1 <= int(digits[4:]) <= LAST_MONTH:
        return [digits[:4], digits[4:]]
    return [_write_out(digits[:2]), digits[2:4], digits[4:]]


def _shape(part: str) -> str:
    """Y for a year, m for a month's name, n for a short number."""
    if part in MONTHS:
        return "m"
    return {1: "n", 2: "n", 4: "Y"}.get(len(part), "?") if part.isdecimal() else "?"


def _ways_to_write() -> str:
    return _(
        "The date cannot be read. Write it as 2026-11-20, 20261120, 261120, 20/11/2026 or 20 nov 2026, "
        "or as 2026-11 or 2026 where less is known."
    )


@lru_cache(DATES_KEPT)
def write_date(day: date, precision: str) -> str:
    """A date in its own precision: `2014`, `2023-12` or `2023-12-05`."""
    return day.isoformat()[: WRITTEN[DatePrecision(precision)]]


def first_day(day: date, precision: str) -> date:
    """The first day of the date's period."""
    if precision == DatePrecision.DAY:  # the most common case
        return day
    return date(day.year, 1, 1) if precision == DatePrecision.YEAR else day.replace(day=1)


def last_day(start: date, precision: str) -> date:
    """The last day of the period that begins on `start`."""
    if precision == DatePrecision.DAY:
        return start
    if precision == DatePrecision.YEAR:
        return date(start.year, 12, 31)
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def age_on(born_on: date, day: date) -> int:
    """Age in whole years."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


STOCKHOLM = ZoneInfo("Europe/Stockholm")  # an infusion has a calendar date there (COUNTING.md)


def years_before(day: date, years: int) -> date:
    """The same day so many years before; 28 February for the 29th in a year without it."""
    if day.year - years < 1:
        return date.min
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)


def today() -> date:
    """Today in Europe/Stockholm."""
    return datetime.now(STOCKHOLM).date()


def require_come(day: date | None) -> None:
    """Raise DateInFuture for a day after today, whose numbers are not yet final."""
    if day and day > today():
        raise DateInFuture
