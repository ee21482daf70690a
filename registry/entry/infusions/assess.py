"""Assessing an infusion against the person's others: before it is stored, and again under the lock."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from registry.access import Actor
from registry.batch_numbers import read_batch
from registry.choices import Kind
from registry.course_kinds import classify, is_before_first, refuse_taken_place
from registry.course_order import Step
from registry.entry.infusions.ages import refuse_age
from registry.entry.infusions.batch_checks import refuse_number_of
from registry.entry.infusions.visible_course import Course
from registry.entry.patients.moved_away import refuse_moved
from registry.errors import InfusionRefused, KindUnclear, KnownElsewhere, Problem
from registry.infusion_input import InfusionInput
from registry.infusion_rules import check_age_by_birth_year, check_input, doubt_sex
from registry.models import Infusion, Patient

DATE = {"infused_on", "date_precision"}
AGE = DATE | {"age_at_infusion"}
TOGETHER = AGE | {"centre"}  # a change of one of these requires comparing the person's ages again
SAME_INFUSION = DATE | {"sequence", "product"}  # identify an infusion of a person
DECIDES_ORDER = {"kind", "infused_on", "date_precision", "sequence"}


@dataclass(frozen=True)
class Assessment:
    """The result for an infusion without errors."""

    step: Step
    others: Sequence[Step]  # the person's others, after the infusion is stored
    kind: Kind | None  # None where the clinic must state it
    question: KindUnclear | KnownElsewhere | None  # to be answered before it can be stored
    before_first: bool  # whether it is before the recorded first
    former_first: Infusion | None  # the recorded first, if this infusion becomes the first instead
    alone: Sequence[Problem]  # warnings from the infusion itself,
    of_sex: Sequence[Problem]  # from the person's known sex,
    in_course: Sequence[Problem]  # and from the person's other infusions


def assess(
    *,
    stated: InfusionInput,
    by: Actor,
    patient: Patient | None,
    course: Course,
    former_first_becomes: Kind | None = None,
) -> Assessment:
    """Assess a new infusion. stated: completed; patient: None for a new person, whose course is empty.

    Raises InfusionRefused with all errors.
    """
    by_number_alone = patient.birth_year if patient and not stated.identifier else None
    alone = refuse_impossible(stated, birth_year=by_number_alone)
    if patient:
        refuse_age(stated, patient, course)
        refuse_number_of(patient, stated.batch)
    step, others, former_first = stated.step, course.steps, None
    before_first = not course.elsewhere and is_before_first(step, others)
    if before_first and stated.kind == Kind.FIRST and former_first_becomes:
        former_first = next(infusion for infusion in course.infusions if infusion.kind == Kind.FIRST)
        others = [
            other._replace(kind=former_first_becomes) if other.kind == Kind.FIRST else other for other in others
        ]
    kind, in_course, question = stated.kind, list[Problem](), None
    try:
        kind, in_course = classify(step=step, others=others, elsewhere=course.elsewhere)
        if patient and course.elsewhere:
            refuse_moved(stated, patient, by)
    except (KindUnclear, KnownElsewhere) as unclear:
        question = unclear
    of_sex = list(doubt_sex(stated.sex, course.sex))
    return Assessment(step, others, kind, question, before_first, former_first, alone, of_sex, in_course)


def assess_change(
    *,
    stored: InfusionInput,
    stated: InfusionInput,
    changed: Collection[str],
    by: Actor,
    patient: Patient,
    course: Course,
) -> None:
    """Raise the refusal of a correction, if any; unchanged fields are not judged again.

    stored: the infusion before the correction; course: the person's others.
    """
    changed = set(changed)
    refuse_impossible(stated, birth_year=patient.birth_year if changed & AGE else None, touched=changed)
    if changed & TOGETHER:
        refuse_age(stated, patient, course)
    _refuse_change(stored, stated, changed, course)
    if course.elsewhere and changed & SAME_INFUSION:
        refuse_moved(stated, patient, by)
    if "batch" in changed:
        refuse_number_of(patient, stated.batch)


def refuse_impossible(
    stated: InfusionInput, *, birth_year: int | None = None, touched: Collection[str] | None = None
) -> list[Problem]:
    """The warnings of one infusion; raises InfusionRefused with all errors.

    birth_year: the person's, where no identifier is stated. touched: the fields that a correction changes
    (infusion_rules.check_input).
    """
    problems = check_input(stated, touched=touched)
    if contradiction := check_age_by_birth_year(stated, birth_year):
        problems.append(contradiction)
    if touched is None or "batch" in touched:
        _batch, taken = read_batch(
            stated.batch, infused_on=stated.infused_on, precision=stated.date_precision, own=stated.identifier
        )
        problems += [taken] if taken else []
    refusals = [problem for problem in problems if not problem.warning]
    if refusals:
        raise InfusionRefused(refusals)
    return problems


def _refuse_change(stored: InfusionInput, stated: InfusionInput, changed: Collection[str], course: Course) -> None:
    """Raise the refusal of a corrected infusion's kind or position in the course, if any.

    Existing problems do not refuse a correction: a course that waits for the steward can be corrected, and so can
    the date of a further dose whose first infusion was withdrawn.
    """
    if DECIDES_ORDER.intersection(changed):
        try:
            classify(step=stated.step, others=course.steps, elsewhere=course.elsewhere)
        except KnownElsewhere:
            raise
        except InfusionRefused as refused:
            if "kind" in changed or not _is_refused(stored.step, course, refused.code):
                raise
        return
    if "centre" in changed:
        refuse_taken_place(stated.step, course.steps)
    if "product" in changed:
        refuse_taken_place(stated.step, [step for step in course.steps if step.product == stated.step.product])


def _is_refused(step: Step, course: Course, code: str) -> bool:
    """Whether an infusion would be refused with this code if it were entered now."""
    try:
        classify(step=step, others=course.steps, elsewhere=course.elsewhere)
    except InfusionRefused as refused:
        return refused.code == code
    return False
