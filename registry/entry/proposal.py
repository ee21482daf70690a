"""What an infusion would be, told before it is stored: its kind, what it counts as, what is improbable."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from registry.access import Actor, Permission, acting_as, require
from registry.choices import Kind
from registry.draft import InfusionDraft
from registry.entry.patients import course_of
from registry.entry.record import refuse_impossible, step_of
from registry.errors import KindUnclear, Problem
from registry.models import Infusion, Patient
from registry.rules import classify, complete_draft, doubt_entry, doubt_sex, propose_kind


@dataclass(frozen=True)
class Known:
    """What the registry knows of a person, as far as the actor's centres may know it."""

    patient: Patient | None  # None where no centre of the actor's knows the person
    infusions: Sequence[Infusion]  # at the actor's centres, in order
    elsewhere: bool  # in the registry at another centre too; never where (DOMAIN.md)

    @property
    def is_new(self) -> bool:
        """Whether the registry does not know the person at all."""
        return self.patient is None and not self.elsewhere


@dataclass(frozen=True)
class Proposal:
    """What an infusion would be. kind is the stated one, else the proposed one."""

    kind: Kind
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
        infusions = list(here.in_order().select_related("centre", "product", "patient"))
        elsewhere = Infusion.objects.filter(patient=patient).count() > len(infusions)
    return Known(patient if infusions else None, infusions, elsewhere=elsewhere)


def propose(
    *,
    draft: InfusionDraft,
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
    complete_draft(draft)
    stated_age_alone = patient and not draft.identifier
    warnings = refuse_impossible(draft, birth_year=patient.birth_year if stated_age_alone else None)
    course, step = course_of(patient) if patient else [], step_of(draft)
    first = next((other for other in course if other.kind == Kind.FIRST), None)
    before_first = first is not None and step[:2] < first.place
    if before_first and draft.kind == Kind.FIRST and former_first_becomes:
        course = [other._replace(kind=former_first_becomes) if other == first else other for other in course]
    warnings += doubt_entry(draft, course)
    if patient:
        warnings += doubt_sex(draft.sex, patient.sex)
    question = None
    try:
        kind, found = classify(stated=draft.kind, step=step, others=course)
        warnings += found
    except KindUnclear as unclear:
        kind, question = Kind.FIRST if before_first else propose_kind(step, course), unclear.problems[0]
    in_cell = _places_in_cell(patient, draft)
    return Proposal(
        kind=kind,
        question=question,
        before_first=before_first,
        enters_cell=not any(place < step[:2] for place in in_cell),
        enters_nation=not any(other.place < step[:2] for other in course),
        counted_in_cell=bool(in_cell),
        counted_in_nation=bool(course),
        warnings=tuple(warnings),
    )


def _places_in_cell(person: Patient | None, draft: InfusionDraft) -> list[tuple[date, int]]:
    """Where the person's counted infusions in the cell centre × category lie (COUNTING.md)."""
    if person is None:
        return []
    cell = Infusion.objects.counted().filter(patient=person, centre=draft.centre.pk, category=draft.category)
    return list(cell.values_list("infused_on", "sequence"))
