"""Rows of an exchange file that a centre has recorded before and that are now another centre's."""

from dataclasses import asdict

from django.db import connection

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.errors import KnownElsewhere

# Rows of a file equal to what one of the actor's centres once recorded for the person and no longer has. Rows that
# have another refusal are left out, as in the form.
REFUSE = """
INSERT INTO import_problem (line, field, code, sentence, warning)
SELECT line, %(field)s, %(code)s, %(sentence)s, false
FROM import_row JOIN import_verdict USING (line) JOIN import_person USING (person)
WHERE elsewhere AND line NOT IN (SELECT line FROM import_problem WHERE NOT warning) AND EXISTS (
    SELECT FROM registry_infusion AS given JOIN registry_infusionhistory AS was ON was.pgh_obj_id = given.id
    WHERE given.patient_id = import_person.patient_id AND given.centre_id <> ALL(%(own)s::bigint[])
      AND was.centre_id = ANY(%(own)s::bigint[])
      AND (was.infused_on, was.date_precision, was.sequence, was.product_id)
        = (import_row.infused_on, import_row.date_precision, import_row.sequence, import_row.product_id))
"""


def refuse_moved_away(by: Actor) -> None:
    """`refuse_moved` for all new staged rows."""
    centres = centres_where(by, Permission.WRITE_RECORDS)
    if centres is NATIONWIDE:
        return
    [problem] = KnownElsewhere().problems
    values = {"own": list(centres), **asdict(problem)}
    with connection.cursor() as cursor:
        cursor.execute(REFUSE, values)
