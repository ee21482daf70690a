"""The order of a person's infusions, some of which have vague dates.

COUNTING.md, "Precision": the stated kind decides the position of a vague date within its period.
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from registry.choices import DatePrecision, Kind
from registry.dates import last_day

VAGUE_FIRST, KNOWN_DAY, VAGUE_OTHER = range(3)  # the rank within a day
PRECISIONS = (DatePrecision.DAY, DatePrecision.MONTH, DatePrecision.YEAR)


class Plan(NamedTuple):
    """The number of doses in a course of a product, and the most days between two of them."""

    doses: int = 1
    longest_interval: int = 0


class Step(NamedTuple):
    """One infusion in a person's course; its kind is None if the clinic has not stated it."""

    infused_on: date
    sequence: int
    kind: Kind | None
    product: str
    date_precision: DatePrecision = DatePrecision.DAY
    centre: str = ""
    indication: str = ""  # "" if not stated
    plan: Plan = Plan()  # the product's

    @property
    def slot(self) -> tuple[date, DatePrecision, int]:
        """Unique among a person's infusions at a centre."""
        return self.infused_on, self.date_precision, self.sequence


class Place(NamedTuple):
    """An infusion's position: the day from which it counts, and its rank within the day."""

    counts_from: date
    rank: int
    sequence: int
    infused_on: date
    precision: int
    centre: str


class Order:
    """The order of a course. Places are comparable only within one course."""

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
        """The last known day of the course within the period of a vague date, else the period's first day."""
        until = bisect_right(self._known_days, last_day(step.infused_on, step.date_precision))
        return max(step.infused_on, self._known_days[until - 1]) if until else step.infused_on


def put_in_order(course: Iterable[Step]) -> list[Step]:
    """One person's infusions, earliest first."""
    steps = list(course)
    return sorted(steps, key=Order(steps).place)
