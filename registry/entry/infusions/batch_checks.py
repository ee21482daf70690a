"""The same batch for two persons: a product is made for one person, so one of the rows is mistyped."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import F, Value

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.batch_numbers import STATED, looks_like_a_number, names_one_of, stated_persons
from registry.choices import Status
from registry.entry.importing.staging import stage_problems
from registry.entry.infusions.doubts import batch_doubt
from registry.entry.patients.lookup import find_patients, has_refused
from registry.errors import InfusionRefused, Problem
from registry.models import Infusion, Patient
from registry.models.batch import BATCH_SPACES, batch_as_compared
from registry.number_search import numbers_in

# New rows of a file whose batch another person has, in the file or in the records.
IN_FILE = """
WITH spelled AS MATERIALIZED (
    SELECT line, patient_id, upper(regexp_replace(batch, %(spaces)s, '', 'g')) AS batch
    FROM import_row JOIN import_person USING (person) WHERE batch <> ''
), known AS (
    SELECT patient_id, batch FROM spelled
    UNION ALL
    SELECT patient_id, upper(regexp_replace(batch, %(spaces)s, '', 'g'))
    FROM registry_infusion
    WHERE batch <> '' AND upper(regexp_replace(batch, %(spaces)s, '', 'g')) IN (SELECT batch FROM spelled)
      AND status = %(submitted)s AND (%(everywhere)s OR centre_id = ANY(%(centres)s::bigint[]))
), shared AS (
    SELECT batch, min(patient_id) AS one, max(patient_id) AS other FROM known WHERE batch <> '' GROUP BY batch
)
INSERT INTO import_problem (line, field, code, sentence, warning)
SELECT line, 'batch', %(code)s, %(sentence)s, true
FROM spelled JOIN import_verdict USING (line) JOIN shared USING (batch)
WHERE one <> other
"""


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


def refuse_registered_numbers_of_file(by: Actor) -> None:
    """Like `refuse_registered_number` for all staged rows, between the two transactions of an import."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT line, batch FROM import_row WHERE batch ~* %s", [STATED.pattern])
        stated = cursor.fetchall()
    refused: list[tuple[int, Problem]] = []
    for line, batch in stated:
        try:
            refuse_registered_number(batch, by)
        except InfusionRefused as number:
            refused += ((line, problem) for problem in number.problems)
    stage_problems(refused)


def doubt_batches_of_file(*, by: Actor) -> None:
    """Like `doubt_batch` for all new staged rows."""
    centres = centres_where(by, Permission.WRITE_RECORDS)
    values: dict[str, Any] = {
        "spaces": BATCH_SPACES, "submitted": Status.SUBMITTED, "everywhere": centres is NATIONWIDE,
        "centres": list(centres), "code": batch_doubt().code, "sentence": batch_doubt().sentence,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(IN_FILE, values)
