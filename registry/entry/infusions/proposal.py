"""What an infusion would be, shown before it is stored: its kind, what it counts as, its warnings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from registry.access import Actor, Permission, acting_as, open_persons, reading_as, require
from registry.choices import Kind
from registry.course_kinds import find_earlier, propose_kind
from registry.entry.infusions.assess import assess
from registry.entry.infusions.batch_checks import ask_batch_doubt, read_batch_doubt
from registry.entry.infusions.doubts import read_rows
from registry.entry.infusions.kept_lists import KeptLists
from registry.entry.infusions.visible_course import Course, read_course, show_sex
from registry.errors import KindUnclear, Problem
from registry.infusion_input import InfusionInput
from registry.infusion_rules import complete_input, doubt_entry
from registry.models import Infusion, Patient


@dataclass(frozen=True)
class Known:
    """What the actor may know of a person."""

    patient: Patient | None  # None if unknown to the actor's centres
    infusions: Sequence[Infusion]  # at the actor's centres, in order
    elsewhere: bool  # in the registry at another centre too; which centre is never revealed (DOMAIN.md)
    sex: str = ""  # in words, for a person known to the actor's centres


@dataclass(frozen=True)
class Proposal:
    """What an infusion would be. kind: as stated, else as proposed; None for a person known at another centre,
    whose course the clinic does not see.
    """

    kind: Kind | None
    question: Problem | None  # to be answered before the infusion can be stored
    before_first: bool  # whether the question is which infusion is the first
    enters_cell: bool  # the person's first in the centre's category
    enters_nation: bool  # the person's first nationally
    counted_in_cell: bool  # the person is already counted there, by an earlier or a later infusion
    counted_in_nation: bool  # and nationally
    warned: Callable[[], tuple[Problem, ...]]

    @cached_property
    def warnings(self) -> tuple[Problem, ...]:
        """What to look at again; in the transaction of `propose`, which may not have asked the database yet."""
        return self.warned()


def know_person(*, patient: Patient | None, by: Actor) -> Known:
    """What the actor may know of a person; the caller has logged the look-up or use of the registry number."""
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
    stated: InfusionInput,
    by: Actor,
    patient: Patient | None = None,
    former_first_becomes: Kind | None = None,
    lists: KeptLists | None = None,
) -> Proposal:
    """What the infusion would be if it were stored now; nothing is stored.

    patient: the person named by registry number or found by the stated identifier (`find_patient`); None for a
    new person. lists: the code lists, where they are read already. Raises InfusionRefused with every problem,
    and NotPermitted.
    """
    require(by, Permission.WRITE_RECORDS, centre=stated.centre.pk)
    stated = replace(stated)
    complete_input(stated)
    with reading_as(by):
        return _propose(stated, by, patient, former_first_becomes, lists)


def _propose(
    stated: InfusionInput,
    by: Actor,
    patient: Patient | None,
    former_first_becomes: Kind | None,
    lists: KeptLists | None,
) -> Proposal:
    asked = ask_batch_doubt(batch=stated.batch, patient=patient, by=by)
    course = Course()
    if patient:
        open_persons([patient.pk])
        rows = read_rows([patient.pk], lists) if lists else None
        course = read_course(patient, by, rows=rows, stated=stated.identifier)
    found = assess(stated=stated, by=by, patient=patient, course=course, former_first_becomes=former_first_becomes)
    known = (*found.alone, *doubt_entry(stated, found.others), *found.of_sex)
    kind = found.kind
    if isinstance(found.question, KindUnclear) and not course.elsewhere:
        kind = Kind.FIRST if found.before_first else propose_kind(found.step, found.others)
    step = found.step._replace(kind=kind)
    in_cell = [
        other
        for known, other in zip(course.infusions, found.others, strict=True)
        if known.centre_id == stated.centre.pk and known.category == stated.category
    ]
    earlier = find_earlier(step, found.others)
    return Proposal(
        kind=kind,
        question=found.question.problems[0] if found.question else None,
        before_first=found.before_first,
        enters_cell=not any(other in earlier for other in in_cell),
        enters_nation=not course.elsewhere and not earlier,
        counted_in_cell=bool(in_cell),
        counted_in_nation=course.elsewhere or bool(found.others),
        warned=lambda: (*known, *read_batch_doubt(asked), *found.in_course),
    )
