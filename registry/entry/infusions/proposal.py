"""What an infusion would be, told before it is stored: its kind, what it counts as, what is improbable."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from registry.access import Actor, Permission, acting_as, require
from registry.choices import Kind
from registry.entry.infusions.assess import assess
from registry.entry.infusions.batches import doubt_batch
from registry.entry.infusions.visible_course import Course, read_course, show_sex
from registry.errors import KindUnclear, Problem
from registry.infusion_input import InfusionInput
from registry.kinds import propose_kind
from registry.models import Infusion, Patient
from registry.order import Order
from registry.rules import complete_input, doubt_entry


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
    course = read_course(patient, by) if patient else Course()
    found = assess(draft=draft, by=by, patient=patient, course=course, former_first_becomes=former_first_becomes)
    warnings = [*found.alone, *doubt_entry(draft, found.others), *found.of_sex]
    warnings += [*doubt_batch(batch=draft.batch, patient=patient, by=by), *found.in_course]
    kind = found.kind
    if isinstance(found.question, KindUnclear) and not course.elsewhere:
        kind = Kind.FIRST if found.before_first else propose_kind(found.step, found.others)
    step = found.step._replace(kind=kind)
    in_cell = [
        one.step for one in course.infusions if one.centre_id == draft.centre.pk and one.category == draft.category
    ]
    order = Order([*found.others, step])
    return Proposal(
        kind=kind,
        question=found.question.problems[0] if found.question else None,
        before_first=found.before_first,
        enters_cell=not any(order.place(one) < order.place(step) for one in in_cell),
        enters_nation=not course.elsewhere
        and not any(order.place(one) < order.place(step) for one in found.others),
        counted_in_cell=bool(in_cell),
        counted_in_nation=course.elsewhere or bool(found.others),
        warnings=tuple(warnings),
    )
