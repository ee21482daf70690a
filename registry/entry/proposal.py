"""What an infusion would be, told before it is stored: its kind, what it counts as, what is improbable."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from registry.access import Actor, Permission, require
from registry.choices import Kind
from registry.draft import Identified, InfusionDraft, Step
from registry.entry.patients import course_of, find_patient
from registry.entry.record import refuse_impossible, step_of
from registry.errors import KindUnclear, Problem
from registry.models import Infusion, Patient
from registry.rules import classify, complete_draft, doubt_entry, propose_kind


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
    open: bool  # the clinic has to state the kind
    before_first: bool  # the clinic has to say which is the first
    enters_cell: bool  # a new patient in the centre's category
    enters_nation: bool  # a new patient nationally
    warnings: tuple[Problem, ...] = ()


def know_person(*, patient: Patient | None, by: Actor) -> Known:
    """What the actor may know of a person whom an identifier or a registry number has named."""
    if patient is None:
        return Known(None, (), elsewhere=False)
    here = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).filter(patient=patient)
    infusions = list(here.in_order().select_related("centre", "product", "patient"))
    total = Infusion.objects.filter(patient=patient).count()
    return Known(patient if infusions else None, infusions, elsewhere=total > len(infusions))


def find_person(*, identifier: Identified | None, patient: Patient | None) -> Patient | None:
    """The person of a draft: named, or found by the identifier."""
    return patient or (find_patient(identifier) if identifier else None)


def propose(*, draft: InfusionDraft, by: Actor, patient: Patient | None = None) -> Proposal:
    """What the infusion would be if it were stored now; nothing is stored.

    Raises InfusionRefused with every problem, and NotPermitted.
    """
    require(by, Permission.WRITE_RECORDS, centre=draft.centre.pk)
    draft = replace(draft)
    complete_draft(draft)
    person = find_person(identifier=draft.identifier, patient=patient)
    warnings = refuse_impossible(draft, birth_year=patient.birth_year if patient else None)
    course = course_of(person) if person else []
    warnings += doubt_entry(draft, course)
    step = step_of(draft)
    is_open = before_first = False
    try:
        kind, found = classify(stated=draft.kind, step=step, others=course)
        warnings += found
    except KindUnclear:
        kind = draft.kind or propose_kind(step, course)
        is_open = True
        before_first = kind == Kind.FIRST
    cell = (
        Infusion.objects.counted().filter(patient=person, centre=draft.centre.pk, category=draft.category)
        if person
        else Infusion.objects.none()
    )
    return Proposal(
        kind=kind,
        open=is_open,
        before_first=before_first,
        enters_cell=not any(_place(row) < step[:2] for row in cell),
        enters_nation=not _earlier(course, step),
        warnings=tuple(warnings),
    )


def _earlier(course: Sequence[Step], step: tuple) -> bool:
    return any(other.place < step[:2] for other in course)


def _place(row: Infusion) -> tuple:
    return row.infused_on, row.sequence
