"""What an infusion would be, told before it is stored: its kind, what it counts as, what is improbable."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from registry.access import Actor, Permission, acting_as, require
from registry.choices import Kind
from registry.entry.infusions.ages import refuse_age
from registry.entry.infusions.batches import doubt_batch, refuse_number_of
from registry.entry.infusions.record import refuse_impossible
from registry.entry.infusions.visible_course import Course, read_course, show_sex
from registry.entry.patients.moved_away import refuse_moved
from registry.errors import KindUnclear, KnownElsewhere, Problem
from registry.infusion_input import InfusionInput
from registry.models import Infusion, Patient
from registry.order import Order, Step
from registry.rules import classify, complete_input, doubt_entry, doubt_sex, propose_kind


@dataclass(frozen=True)
class Known:
    """What the registry knows of a person, as far as the actor's centres may know it."""

    patient: Patient | None  # None where no centre of the actor's knows the person
    infusions: Sequence[Infusion]  # at the actor's centres, in order
    elsewhere: bool  # in the registry at another centre too; never where (DOMAIN.md)
    sex: str = ""  # in words, of whom the actor's centres know

    @property
    def is_new(self) -> bool:
        """Whether the registry does not know the person at all."""
        return self.patient is None and not self.elsewhere


@dataclass(frozen=True)
class Proposal:
    """What an infusion would be. kind is the stated one, else the proposed one: none for someone known at
    another centre, whose course the clinic does not see.
    """

    kind: Kind | None
    question: Problem | None  # what the clinic has to say before anything is stored
    before_first: bool  # the question is which infusion is the first
    enters_cell: bool  # the person's first in the centre's category
    enters_nation: bool  # the person's first nationally
    counted_in_cell: bool  # a later or an earlier infusion has made the person a patient there already
    counted_in_nation: bool  # and nationally
    warnings: tuple[Problem, ...] = ()


def know_person(*, patient: Patient | None, by: Actor) -> Known:
    """What the actor may know of a person who was looked up, or named by registry number; both are logged
    by whoever did so.
    """
    with acting_as(by):
        if patient is None:
            return Known(None, (), elsewhere=False)
        here = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).filter(patient=patient)
        infusions = here.select_related("patient").in_order()
        elsewhere = read_course(patient, by).elsewhere
        if not infusions:
            return Known(None, (), elsewhere=elsewhere)
        return Known(patient, infusions, elsewhere=elsewhere, sex=show_sex(patient, by))


def propose(
    *,
    draft: InfusionInput,
    by: Actor,
    patient: Patient | None = None,
    former_first_becomes: Kind | None = None,
) -> Proposal:
    """What the infusion would be if it were stored now; nothing is stored.

    patient: whose it is, as named by registry number or found by the draft's identifier (`find_patient`);
    None for someone new. Raises InfusionRefused with every problem, and NotPermitted.
    """
    require(by, Permission.WRITE_RECORDS, centre=draft.centre.pk)
    draft = replace(draft)
    complete_input(draft)
    by_number_alone = patient.birth_year if patient and not draft.identifier else None
    warnings = refuse_impossible(draft, birth_year=by_number_alone)
    course = read_course(patient, by) if patient else Course()
    if patient:
        refuse_age(draft, patient, course)
    others, step = course.steps, draft.step
    before_first = not course.elsewhere and _is_before_first(step, others)
    if before_first and draft.kind == Kind.FIRST and former_first_becomes:
        others = [one._replace(kind=former_first_becomes) if one.kind == Kind.FIRST else one for one in others]
    warnings += [*doubt_entry(draft, others), *doubt_sex(draft.sex, course.sex)]
    if patient:
        refuse_number_of(patient, draft.batch)
    warnings += doubt_batch(batch=draft.batch, patient=patient, by=by)
    kind, question = draft.kind, None
    try:
        kind, found = classify(step=step, others=others, elsewhere=course.elsewhere)
        warnings += found
        if patient and course.elsewhere:
            refuse_moved(draft, patient, by)
    except KnownElsewhere as known:
        question = known.problems[0]
    except KindUnclear as unclear:
        question = unclear.problems[0]
        if not course.elsewhere:
            kind = Kind.FIRST if before_first else propose_kind(step, others)
    in_cell = [
        one.step for one in course.infusions if one.centre_id == draft.centre.pk and one.category == draft.category
    ]
    step = step._replace(kind=kind)
    order = Order([*others, step])
    return Proposal(
        kind=kind,
        question=question,
        before_first=before_first,
        enters_cell=not any(order.place(one) < order.place(step) for one in in_cell),
        enters_nation=not course.elsewhere and not any(order.place(one) < order.place(step) for one in others),
        counted_in_cell=bool(in_cell),
        counted_in_nation=course.elsewhere or bool(others),
        warnings=tuple(warnings),
    )


def _is_before_first(step: Step, others: Sequence[Step]) -> bool:
    """Whether an infusion falls before the one that is recorded as the first."""
    order = Order([*others, step])
    return any(one.kind == Kind.FIRST and order.place(step) < order.place(one) for one in others)
