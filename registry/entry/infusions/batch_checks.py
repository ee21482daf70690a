"""The same batch for two persons: a product is made for one person, so one of the rows is mistyped."""

from collections.abc import Iterable

from django.db.models import F, Value

from registry.access import Actor, Permission
from registry.batch_numbers import looks_like_a_number, names_one_of, stated_persons
from registry.entry.infusions.doubts import batch_doubt
from registry.entry.patients.lookup import find_patients, has_refused
from registry.errors import InfusionRefused, Problem
from registry.models import Infusion, Patient
from registry.models.batch import batch_as_compared
from registry.numbers_in_text import numbers_in


def doubt_batch(*, batch: str, patient: Patient | None, by: Actor) -> Iterable[Problem]:
    """A warning if another person has this batch, among the infusions of the actor's centres."""
    if not batch.strip():
        return
    rows = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).counted().exclude(batch="")
    rows = rows.alias(compared=batch_as_compared(F("batch"))).filter(compared=batch_as_compared(Value(batch)))
    if patient:
        rows = rows.exclude(patient=patient)
    if rows.exists():
        yield batch_doubt()


def refuse_number_of(patient: Patient, batch: str) -> None:
    """Raise InfusionRefused for a batch number that is an identity number of the same person."""
    if any(True for _number in numbers_in(batch)):
        digests = {(identifier.key_id, bytes(identifier.digest)) for identifier in patient.identifiers.all()}
        if names_one_of(batch, digests):
            raise InfusionRefused([looks_like_a_number()])


def refuse_registered_number(batch: str, by: Actor) -> None:
    """Raise InfusionRefused for a batch number that is the number of a person in the registry, or of a person who
    is blocked from registration.

    A logged and counted look-up, so the caller must not be inside a transaction (find_patients).
    Raises TooManyLookups.
    """
    persons = stated_persons(batch)
    if not persons:
        return
    if find_patients(identifiers=persons, by=by, permission=Permission.READ_RECORDS) or has_refused(persons):
        raise InfusionRefused([looks_like_a_number()])
