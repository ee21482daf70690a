"""Courses that only the registry's steward can settle, since no clinic sees all their infusions."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Count

from registry.choices import Kind
from registry.models import Infusion, Patient
from registry.models.infusion import order_course


@dataclass(frozen=True)
class UnsettledCourse:
    """A person whose infusions at several centres do not fit together."""

    patient: Patient
    infusions: Sequence[Infusion]  # all submitted, in order
    first_is_late: bool  # the first infusion is not the earliest
    dose_is_first: bool  # the earliest infusion is a further dose: the first was withdrawn at another centre
    recorded_twice: Sequence[Infusion]  # rows with the same date and sequence as another centre's


def find_unsettled_courses() -> list[UnsettledCourse]:
    """The courses to settle, by registry number; each has infusions at more than one centre."""
    several = (
        Infusion.objects.counted()
        .order_by()
        .values("patient")
        .annotate(centres=Count("centre", distinct=True))
        .filter(centres__gt=1)
        .values("patient")
    )
    found = Infusion.objects.counted().filter(patient__in=several).order_by("patient")
    found = found.select_related("patient", "centre", "product")
    by_person = groupby(found, key=lambda infusion: infusion.patient_id)
    courses = (order_course(theirs) for _patient, theirs in by_person)
    return [unsettled for course in courses if (unsettled := _judge(course))]


def _judge(course: Sequence[Infusion]) -> UnsettledCourse | None:
    """One person's course if it is unsettled, else None."""
    first_is_late = any(infusion.kind == Kind.FIRST for infusion in course[1:])
    dose_is_first = course[0].kind == Kind.FURTHER_DOSE
    slots = [infusion.step.slot for infusion in course]
    twice = [infusion for infusion in course if slots.count(infusion.step.slot) > 1]
    if not (first_is_late or dose_is_first or twice):
        return None
    return UnsettledCourse(course[0].patient, course, first_is_late, dose_is_first, twice)
