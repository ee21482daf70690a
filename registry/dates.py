"""Dates and their precision: read, written, and the days of a period."""

import re
from datetime import date, timedelta
from functools import lru_cache

from django.utils.translation import gettext as _

from registry.choices import DatePrecision

DATES_KEPT = 10_000
DATE_PATTERNS = {
    DatePrecision.DAY: re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII),
    DatePrecision.MONTH: re.compile(r"(\d{4})-(\d{2})", re.ASCII),
    DatePrecision.YEAR: re.compile(r"(\d{4})", re.ASCII),
}
WRITTEN = {DatePrecision.DAY: "%Y-%m-%d", DatePrecision.MONTH: "%Y-%m", DatePrecision.YEAR: "%Y"}


@lru_cache(DATES_KEPT)  # a long file names the same days again and again; a refusal is not kept
def read_date(text: str, precision: str = "") -> tuple[date, DatePrecision]:
    """`2014`, `2023-12` or `2023-12-05` as the first day of its period, and its precision.

    A stated precision must fit what is written. Raises ValueError with a sentence.
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


def write_date(day: date, precision: str) -> str:
    """A date in its own precision: `2014`, `2023-12` or `2023-12-05`."""
    return day.strftime(WRITTEN[DatePrecision(precision)])


def first_day(day: date, precision: str) -> date:
    """The first day of the period of a date."""
    if precision == DatePrecision.DAY:  # by far most dates
        return day
    return date(day.year, 1, 1) if precision == DatePrecision.YEAR else day.replace(day=1)


def last_day(start: date, precision: str) -> date:
    """The last day of a period that begins on start."""
    if precision == DatePrecision.DAY:
        return start
    if precision == DatePrecision.YEAR:
        return date(start.year, 12, 31)
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def age_on(born_on: date, day: date) -> int:
    """Age in whole years."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
