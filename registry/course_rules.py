"""Warnings where the stated kind does not fit the product's dose plan.

CIBMTR counts all infusions of one product given per protocol for one indication as one course (DOMAIN.md).
These are warnings and not errors: the clinic is asked.
"""

from collections.abc import Iterable, Sequence

from registry.choices import Kind
from registry.course_order import Step
from registry.dates import last_day
from registry.errors import Problem
from registry.sentences import Sentence as _

KIND_CODES = frozenset(
    {
        "further_dose_alone",
        "further_dose_late",
        "further_dose_not_planned",
        "further_dose_of_other_course",
        "reinfusion_as_planned",
    }
)


def doubt_kind(step: Step, earlier: Sequence[Step]) -> Iterable[Problem]:
    """Warnings about the stated kind, given the person's earlier infusions in order."""
    if not earlier:
        return
    if step.kind == Kind.FURTHER_DOSE:
        yield from _doubt_further_dose(step, earlier)
    elif step.kind == Kind.REINFUSION and _is_surely_planned(step, earlier):
        sentence = _("The product's plan has a further dose at this time: is this a further dose?")
        yield Problem("kind", "reinfusion_as_planned", sentence, True)


def doubt_alone(step: Step) -> Iterable[Problem]:
    """A warning for a further dose without an earlier infusion (COUNTING.md, small case 13)."""
    if step.kind == Kind.FURTHER_DOSE:
        sentence = _("No earlier infusion of this person is left in the registry: is this still a further dose?")
        yield Problem("kind", "further_dose_alone", sentence, True)


def is_planned(step: Step, earlier: Sequence[Step]) -> bool:
    """Whether an infusion may be the next planned dose of the person's course."""
    if not earlier or _is_of_other_course(step, earlier[-1]):
        return False
    return _has_planned_dose(step, earlier) and _least_days(earlier[-1], step) <= step.plan.longest_interval


def _doubt_further_dose(step: Step, earlier: Sequence[Step]) -> Iterable[Problem]:
    before = earlier[-1]
    if _is_of_other_course(step, before):
        sentence = _(
            "The previous infusion was of another product or for another indication: is this a reinfusion?"
        )
        yield Problem("kind", "further_dose_of_other_course", sentence, True)
    elif not _has_planned_dose(step, earlier):
        sentence = _("The product has no further planned dose: is this a reinfusion?")
        yield Problem("kind", "further_dose_not_planned", sentence, True)
    elif _least_days(before, step) > step.plan.longest_interval:
        sentence = _("The product's further dose is planned within %(days)s days: is this a reinfusion?")
        yield Problem("kind", "further_dose_late", sentence % {"days": step.plan.longest_interval}, True)


def _is_surely_planned(step: Step, earlier: Sequence[Step]) -> bool:
    """Whether it is the next planned dose on any day that the vague dates may mean."""
    most = (last_day(step.infused_on, step.date_precision) - earlier[-1].infused_on).days
    return is_planned(step, earlier) and most <= step.plan.longest_interval


def _is_of_other_course(step: Step, before: Step) -> bool:
    """Whether product or indication differ; an unstated indication matches any."""
    differs = step.indication and before.indication and step.indication != before.indication
    return bool(differs) or step.product != before.product


def _has_planned_dose(step: Step, earlier: Sequence[Step]) -> bool:
    """Whether the course so far has fewer doses than the product's plan."""
    given = 0
    for before in reversed(earlier):
        if before.product != step.product:
            break
        given += 1
        if before.kind != Kind.FURTHER_DOSE:  # a course begins with a first infusion or a reinfusion
            break
    return given < step.plan.doses


def _least_days(before: Step, step: Step) -> int:
    """Days between two infusions, or between the nearest days of their periods."""
    return max(0, (step.infused_on - last_day(before.infused_on, before.date_precision)).days)
