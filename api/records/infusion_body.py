"""Reading an infusion from a request's body: the exchange file's columns, with the same reader as for a file."""

from collections.abc import Mapping
from typing import Any

from registry.access import Permission
from registry.choices import Kind
from registry.entry.infusions.columns import COLUMNS, CORRECTABLE, OF_THE_PERSON, row_of
from registry.entry.infusions.row_reader import CodeLists, RowReader, read_person
from registry.entry.patients.lookup import find_patient_to_enter
from registry.entry.patients.search import read_registry_number
from registry.errors import InfusionRefused, Problem
from registry.infusion_input import InfusionInput
from registry.models import Infusion, Patient, User

FORMER_FIRST = "former_first_becomes"
CONFIRMED = "confirmed"
WRITTEN_ONCE = (*COLUMNS, "patient", FORMER_FIRST, CONFIRMED)
CORRECTED = tuple(name for name in COLUMNS if name not in OF_THE_PERSON)
# Fields that follow from another field, and must not contradict it when only that field is corrected.
FOLLOWS = {"infused_on": "date_precision", "product": "modality"}


def find_named(body: Mapping[str, Any], user: User, lists: CodeLists) -> Patient | None:
    """The person named by registry number or identifier; None for a new person, or where it cannot be read.

    Raises InfusionRefused, TooManyLookups, PatientRefused.
    """
    written = text_of(body, "patient")
    if not written:
        row = {name: text_of(body, name) for name in ("patient_id", "centre")}
        identifier, centre = read_person(row, lists), lists.centres.find(row["centre"].strip())
        unit = centre.code if centre else ""
        if identifier is None:
            return None
        return find_patient_to_enter(identifier=identifier, by=user, unit=unit, ask=lists.ask_whether_current)
    if text_of(body, "patient_id"):
        sentence = "Name the person by patient or by patient_id, not by both."
        raise InfusionRefused([Problem("patient", "patient_ambiguous", sentence)])
    visible = Patient.objects.visible_to(user, Permission.WRITE_RECORDS)
    known = visible.filter(registry_number=read_registry_number(written)).first()
    if known is None:
        sentence = "Your centre knows nobody with this registry number."
        raise InfusionRefused([Problem("patient", "unknown_patient", sentence)])
    return known


def read_former_first(body: Mapping[str, Any]) -> Kind | None:
    """What the recorded first infusion becomes, if this infusion is the first. Raises InfusionRefused."""
    text = text_of(body, FORMER_FIRST)
    if not text:
        return None
    if text not in {Kind.FURTHER_DOSE, Kind.REINFUSION} or text_of(body, "kind").lower() != Kind.FIRST:
        sentence = "Write further_dose or reinfusion, together with kind first."
        raise InfusionRefused([Problem(FORMER_FIRST, "former_first_becomes_invalid", sentence)])
    return Kind(text)


def read_correction(infusion: Infusion, body: Mapping[str, Any], user: User) -> dict[str, Any]:
    """The corrected values by correctable field: the stored values with the body's changes."""
    stored = row_of(infusion)
    row = stored | {name: text_of(body, name) for name in body}
    row |= {following: "" for name, following in FOLLOWS.items() if name in body and following not in body}
    stated = read_row(row, CodeLists(user), person_known=True, stored=stored)
    if stated.kind is None:
        raise InfusionRefused([Problem("kind", "missing", "This field is required.")])
    unstated = set() if "age_at_infusion" in body else {"age_at_infusion"}
    return {name: getattr(stated, name) for name in CORRECTABLE if name not in unstated}


def read_row(
    row: Mapping[str, str], lists: CodeLists, *, person_known: bool, stored: Mapping[str, str] | None = None
) -> InfusionInput:
    """Read an infusion like a file's row. Raises InfusionRefused with every problem."""
    stated, problems = RowReader(lists).read(row, person_known=person_known, stored=stored)
    refusals = [problem for problem in problems if not problem.warning]
    if stated is None or refusals:
        raise InfusionRefused(refusals)
    return stated


def text_of(body: Mapping[str, Any], name: str) -> str:
    """A field of a body as a file would spell it, "" if it is missing."""
    value = body.get(name)
    return "" if value is None else str(value)
