"""Infusions that a centre has recorded and that have since been corrected or moved to another centre.

Importing the same file again would store them twice. Only what the centre itself recorded is read from the
history; where another centre knows the person too, the steward settles it (KnownElsewhere).
"""

from dataclasses import asdict

from django.db import connection

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.errors import KnownElsewhere
from registry.infusion_input import InfusionInput
from registry.models import Infusion, Patient

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


def refuse_moved(stated: InfusionInput, patient: Patient, by: Actor) -> None:
    """Raise KnownElsewhere for an infusion that one of the actor's centres once recorded and no longer has, if
    other centres know the person. by: an actor who sees only part of the person's course.
    """
    own = list(centres_where(by, Permission.WRITE_RECORDS))
    given = Infusion.objects.filter(patient=patient).exclude(centre__in=own)
    was = Infusion.pgh_event_model.objects.filter(  # type: ignore[attr-defined]  # made by keeps_history
        pgh_obj__in=given,
        centre__in=own,
        infused_on=stated.infused_on,
        date_precision=stated.date_precision,
        sequence=stated.sequence,
        product_id=stated.product.pk,
    )
    if was.exists():
        raise KnownElsewhere


def refuse_moved_of_file(by: Actor) -> None:
    """Like `refuse_moved` for all new staged rows."""
    centres = centres_where(by, Permission.WRITE_RECORDS)
    if centres is NATIONWIDE:
        return
    [problem] = KnownElsewhere().problems
    values = {"own": list(centres), **asdict(problem)}
    with connection.cursor() as cursor:
        cursor.execute(REFUSE, values)
