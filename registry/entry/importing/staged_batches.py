"""Batches of an exchange file: the same one for two persons, and those that are the number of a person."""

from typing import Any

from django.db import connection

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.batch_numbers import STATED
from registry.choices import Status
from registry.entry.importing.staging import stage_problems
from registry.entry.infusions.batch_checks import refuse_registered_number
from registry.entry.infusions.doubts import batch_doubt
from registry.errors import InfusionRefused, Problem
from registry.models.batch import BATCH_SPACES

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
    SELECT batch FROM known WHERE batch <> '' GROUP BY batch HAVING min(patient_id) <> max(patient_id)
)
INSERT INTO import_problem (line, field, code, sentence, warning)
SELECT line, 'batch', %(code)s, %(sentence)s, true
FROM spelled JOIN import_verdict USING (line) JOIN shared USING (batch)
"""


def refuse_registered_numbers(by: Actor) -> None:
    """`refuse_registered_number` for all staged rows, between the two transactions of an import."""
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


def doubt_shared_batches(by: Actor) -> None:
    """`doubt_batch` for all new staged rows."""
    centres = centres_where(by, Permission.WRITE_RECORDS)
    values: dict[str, Any] = {
        "spaces": BATCH_SPACES, "submitted": Status.SUBMITTED, "everywhere": centres is NATIONWIDE,
        "centres": list(centres), "code": batch_doubt().code, "sentence": batch_doubt().sentence,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(IN_FILE, values)
