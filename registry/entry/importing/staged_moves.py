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
WHERE elsewhere AND line NOT IN (SELECT line FROM import_problem WHERE NOT warning)
  AND (patient_id, infused_on, date_precision, sequence, product_id) IN (
    SELECT * FROM given_away(ARRAY(SELECT patient_id FROM import_person WHERE elsewhere)))
"""


def refuse_moved_away(by: Actor) -> None:
    """`refuse_moved` for all new staged rows."""
    if centres_where(by, Permission.WRITE_RECORDS) is NATIONWIDE:
        return
    [problem] = KnownElsewhere().problems
    with connection.cursor() as cursor:
        cursor.execute(REFUSE, asdict(problem))
