"""Courses that the registry's steward has to settle: no clinic sees all of them."""

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
    infusions: Sequence[Infusion]  # all submitted ones, in order
    first_is_late: bool  # the infusion stated as the first is not the earliest
    dose_is_first: bool  # the earliest infusion is a further dose: what it belonged to was withdrawn elsewhere
    recorded_twice: Sequence[Infusion]  # those that share date and sequence with another centre's


def find_unsettled_courses() -> list[UnsettledCourse]:
    """The courses to settle, by registry number; only what stands at more than one centre can be among them."""
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
    courses = (order_course(theirs) for _patient, theirs in groupby(found, key=lambda one: one.patient_id))
    return [unsettled for course in courses if (unsettled := _judge(course))]


def _judge(course: Sequence[Infusion]) -> UnsettledCourse | None:
    """What is unsettled in one person's course, if anything."""
    first_is_late = any(infusion.kind == Kind.FIRST for infusion in course[1:])
    dose_is_first = course[0].kind == Kind.FURTHER_DOSE
    slots = [infusion.step.slot for infusion in course]
    twice = [infusion for infusion in course if slots.count(infusion.step.slot) > 1]
    if not (first_is_late or dose_is_first or twice):
        return None
    return UnsettledCourse(course[0].patient, course, first_is_late, dose_is_first, twice)
