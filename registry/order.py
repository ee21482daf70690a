"""The order of one person's infusions, where some dates are known to the day and others are not.

COUNTING.md, "Precision": inside its period the stated kind decides where a vague date stands.
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from registry.choices import DatePrecision, Kind
from registry.dates import last_day

VAGUE_FIRST, KNOWN_DAY, VAGUE_OTHER = range(3)  # the rank inside a day
PRECISIONS = (DatePrecision.DAY, DatePrecision.MONTH, DatePrecision.YEAR)


class Plan(NamedTuple):
    """How many doses a course of a product has, and at most how many days lie between two of them."""

    doses: int = 1
    longest_interval: int = 0


class Step(NamedTuple):
    """One infusion in a person's course; its kind is None as long as the clinic has left it open."""

    infused_on: date
    sequence: int
    kind: Kind | None
    product: str
    date_precision: DatePrecision = DatePrecision.DAY
    centre: str = ""
    indication: str = ""  # empty where it is not stated
    plan: Plan = Plan()  # the product's

    @property
    def slot(self) -> tuple[date, DatePrecision, int]:
        """What no two infusions that a centre records of a person share."""
        return self.infused_on, self.date_precision, self.sequence


class Place(NamedTuple):
    """Where an infusion stands: from which day on it counts, and what decides inside that day."""

    counts_from: date
    rank: int
    sequence: int
    infused_on: date
    precision: int
    centre: str


class Order:
    """The order of a course. Places are comparable with each other, and only inside one course."""

    def __init__(self, course: Iterable[Step]):
        self._known_days = sorted(step.infused_on for step in course if step.date_precision == DatePrecision.DAY)

    def place(self, step: Step) -> Place:
        """The place of an infusion that belongs to the course."""
        counts_from, rank = step.infused_on, KNOWN_DAY
        if step.date_precision != DatePrecision.DAY:
            rank = VAGUE_FIRST if step.kind == Kind.FIRST else VAGUE_OTHER
        if rank == VAGUE_OTHER:
            counts_from = self._last_known_day(step)
        precision = PRECISIONS.index(step.date_precision)
        return Place(counts_from, rank, step.sequence, step.infused_on, precision, step.centre)

    def _last_known_day(self, step: Step) -> date:
        """The last of the course's known days in the period of a vague date, else its first day."""
        until = bisect_right(self._known_days, last_day(step.infused_on, step.date_precision))
        return max(step.infused_on, self._known_days[until - 1]) if until else step.infused_on


def put_in_order(course: Iterable[Step]) -> list[Step]:
    """The infusions of one person, the earliest first."""
    steps = list(course)
    return sorted(steps, key=Order(steps).place)
