"""Courses that only the registry's steward can settle, since no clinic sees all their infusions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from django.db.models import Count, F, Max, Min, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat

from registry.choices import Kind
from registry.models import Infusion, Patient
from registry.models.infusion import order_course

AT_ONCE = 60  # persons


@dataclass(frozen=True)
class UnsettledCourse:
    """A person whose infusions at several centres do not fit together."""

    patient: Patient
    infusions: Sequence[Infusion]  # all submitted, in order
    first_is_late: bool  # the first infusion is not the earliest
    dose_is_first: bool  # the earliest infusion is a further dose: the first was withdrawn at another centre
    recorded_twice: Sequence[Infusion]  # rows with the same date and sequence as another centre's


def find_unsettled_courses(*, most: int | None = None) -> list[UnsettledCourse]:
    """The courses to settle, by the persons' keys, at most so many; each has infusions at more than one centre."""
    return list(islice(_find_all(), most))


def _find_all() -> Iterator[UnsettledCourse]:
    last = 0
    while persons := list(_may_be_unsettled().filter(patient__gt=last)[:AT_ONCE]):
        found = Infusion.objects.counted().filter(patient__in=persons).order_by("patient")
        found = found.select_related("patient", "centre", "product")
        for _patient, theirs in groupby(found, key=lambda infusion: infusion.patient_id):
            if unsettled := _judge(order_course(theirs)):
                yield unsettled
        last = persons[-1]


def _may_be_unsettled() -> QuerySet[Infusion, int]:
    """The keys of persons with infusions at several centres that _judge may find unsettled.

    A vague date counts from its period's first day or later, and from that day in a first infusion: one that comes
    after another begins on the other's day or later. Without a first, a further dose may be the earliest.
    """
    counted, first = Infusion.objects.counted().order_by(), Q(kind=Kind.FIRST)
    slot = Concat("infused_on", Value(" "), "date_precision", Value(" "), "sequence", output_field=TextField())
    return (
        counted.filter(patient__in=counted.exclude(first).values("patient"))  # nobody has two first ones
        .values("patient")
        .annotate(firsts=Count("pk", first), first_on=Max("infused_on", filter=first))
        .annotate(earliest_other=Min("infused_on", filter=~first), slots=Count(slot, distinct=True))
        .annotate(rows=Count("pk"), lowest=Min("centre"), highest=Max("centre"))
        .exclude(lowest=F("highest"))
        .filter(Q(firsts=0) | Q(earliest_other__lte=F("first_on")) | Q(slots__lt=F("rows")))
        .order_by("patient_id")
        .values_list("patient", flat=True)
    )


def _judge(course: Sequence[Infusion]) -> UnsettledCourse | None:
    """One person's course if it is unsettled, else None."""
    first_is_late = any(infusion.kind == Kind.FIRST for infusion in course[1:])
    dose_is_first = course[0].kind == Kind.FURTHER_DOSE
    slots = [infusion.step.slot for infusion in course]
    twice = [infusion for infusion in course if slots.count(infusion.step.slot) > 1]
    if not (first_is_late or dose_is_first or twice):
        return None
    return UnsettledCourse(course[0].patient, course, first_is_late, dose_is_first, twice)
