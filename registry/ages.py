"""What ages say of a birth: which of one person's contradict each other, and which follows from a date.

The date of birth is not stored (DOMAIN.md). An age on a day leaves a year of days open for it, the
year of birth another; what is common to all of them is what the registry knows.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from registry.dates import age_on, last_day


class Age(NamedTuple):
    """An age in whole years at an infusion, on the first day of a period, in its precision."""

    infused_on: date
    date_precision: str
    years: int


class Born(NamedTuple):
    """The days between which someone was born, both inclusive; nobody where the first is the later."""

    earliest: date
    latest: date

    def both(self, other: "Born") -> "Born":
        """What two statements leave open."""
        return Born(max(self.earliest, other.earliest), min(self.latest, other.latest))

    @property
    def is_possible(self) -> bool:
        """Whether anyone was."""
        return self.earliest <= self.latest


def born_by_age(age: Age) -> Born:
    """When someone of an age was born; of a vague date any day of its period may be meant."""
    earliest = _years_before(age.infused_on, age.years + 1) + timedelta(days=1)
    return Born(earliest, _years_before(last_day(age.infused_on, age.date_precision), age.years))


def born_in(year: int) -> Born:
    """When someone of a year of birth was born."""
    return Born(date(year, 1, 1), date(year, 12, 31))


def contradicts(age: Age, others: Iterable[Age], birth_year: int | None = None) -> bool:
    """Whether no day of birth fits an age and one of the others, or the year of birth."""
    born = born_by_age(age)
    said = [born_by_age(other) for other in others] + ([born_in(birth_year)] if birth_year else [])
    return not all(born.both(other).is_possible for other in said)


def age_that_follows(said: Iterable[Born], day: date) -> int | None:
    """The only age on a day that all statements of a birth leave; None where they leave two or none."""
    born = Born(date.min, date.max)
    for one in said:
        born = born.both(one)
    if not born.is_possible:
        return None
    ages = {max(0, age_on(bound, day)) for bound in born}
    return ages.pop() if len(ages) == 1 else None


def possible_ages(birth_year: int, ages: Iterable[Age], start: date, precision: str) -> list[int]:
    """The ages in a period of someone born in a year that the recorded ages leave, rising; all of the year
    where those contradict each other.
    """
    born = of_year = born_in(birth_year)
    for age in ages:
        born = born.both(born_by_age(age))
    if not born.is_possible:
        born = of_year
    youngest, oldest = age_on(born.latest, start), age_on(born.earliest, last_day(start, precision))
    return list(range(max(0, youngest), oldest + 1))


def _years_before(day: date, years: int) -> date:
    """The latest day on which someone was born who is so many years old on a day."""
    if day.year - years < 1:
        return date.min
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # of 29 February, in a year that has none
        return date(day.year - years, 2, 28)
