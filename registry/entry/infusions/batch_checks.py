"""The same batch for two persons: a product is made for one person, so one of the rows is mistyped."""

from collections.abc import Iterable

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.batch_numbers import looks_like_a_number, names_one_of, stated_persons
from registry.entry.infusions.doubts import batch_doubt
from registry.entry.patients.lookup import find_patients, has_refused
from registry.errors import InfusionRefused, Problem
from registry.models import Patient
from registry.models.batch import AS_COMPARED
from registry.numbers_in_text import numbers_in
from swecar.postgresql.together import Waiting, send_later

OTHERS = f"""
SELECT EXISTS (
    SELECT FROM registry_infusion AS other
    WHERE {AS_COMPARED.format(batch="other.batch")} = {AS_COMPARED.format(batch="%s")}
      AND other.batch <> '' AND other.status = 'submitted' AND other.patient_id IS DISTINCT FROM %s
      AND (%s::bigint[] IS NULL OR other.centre_id = ANY(%s::bigint[])))
"""


def ask_batch_doubt(*, batch: str, patient: Patient | None, by: Actor) -> Waiting | None:
    """Ask with the next statement whether another person has this batch, at the actor's centres."""
    if not batch.strip():
        return None
    centres = centres_where(by, Permission.WRITE_RECORDS)
    visible = None if centres is NATIONWIDE else list(centres)
    return send_later(OTHERS, [batch, patient and patient.pk, visible, visible], is_asked=True)


def read_batch_doubt(asked: Waiting | None) -> Iterable[Problem]:
    """The warning of what `ask_batch_doubt` asked for."""
    if asked and asked.row[0]:
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
