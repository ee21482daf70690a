"""Ages and dates of birth: which of a person's ages contradict each other, and which age follows on a date.

The date of birth is not stored (DOMAIN.md). An age on a day limits it to a range of a year, as does the year of
birth; the intersection of all ranges is what the registry knows.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from registry.dates import age_on, last_day, years_before


class Age(NamedTuple):
    """An age in whole years at an infusion; the date is the first day of its period."""

    infused_on: date
    date_precision: str
    years: int


class Born(NamedTuple):
    """A range of possible dates of birth, both ends included; empty if the first is after the last."""

    earliest: date
    latest: date

    def both(self, other: "Born") -> "Born":
        """The intersection of two ranges."""
        return Born(max(self.earliest, other.earliest), min(self.latest, other.latest))

    @property
    def is_possible(self) -> bool:
        """Whether the range is not empty."""
        return self.earliest <= self.latest


def born_by_age(age: Age) -> Born:
    """The range of dates of birth for an age; a vague date may be any day of its period."""
    earliest = years_before(age.infused_on, age.years + 1) + timedelta(days=1)
    return Born(earliest, years_before(last_day(age.infused_on, age.date_precision), age.years))


def born_in(year: int) -> Born:
    """The range of dates of birth for a year."""
    return Born(date(year, 1, 1), date(year, 12, 31))


def contradicts(age: Age, others: Iterable[Age], birth_year: int | None = None) -> bool:
    """Whether no date of birth fits both the age and another age, or the year of birth."""
    born = born_by_age(age)
    ranges = [born_by_age(other) for other in others] + ([born_in(birth_year)] if birth_year else [])
    return not all(born.both(other).is_possible for other in ranges)


def age_that_follows(ranges: Iterable[Born], day: date) -> int | None:
    """The only age on a day that all ranges allow; None if they allow two or none."""
    born = Born(date.min, date.max)
    for each in ranges:
        born = born.both(each)
    if not born.is_possible:
        return None
    ages = {max(0, age_on(bound, day)) for bound in born}
    return ages.pop() if len(ages) == 1 else None


def possible_ages(birth_year: int, ages: Iterable[Age], start: date, precision: str) -> list[int]:
    """The ages in a period, ascending, that the year of birth and the recorded ages allow; by the year alone where
    the recorded ages contradict each other.
    """
    born = of_year = born_in(birth_year)
    for age in ages:
        born = born.both(born_by_age(age))
    if not born.is_possible:
        born = of_year
    youngest, oldest = age_on(born.latest, start), age_on(born.earliest, last_day(start, precision))
    return list(range(max(0, youngest), oldest + 1))
