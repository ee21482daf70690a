"""Ages in an exchange file that contradict each other, or the stored ages of the same person.

The rule of registry/ages.py as one SQL statement over the staged rows (staging.py): an age at a date, or within
a period, gives a range of possible days of birth; two ages whose ranges do not overlap contradict each other.
"""

from typing import Any

from django.db import connection

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.entry.infusions.ages import age_contradiction

REFUSE = """
WITH stated AS (
    SELECT patient_id, line, infused_on, date_precision, age_at_infusion, birth_year
    FROM import_row JOIN import_person USING (person) WHERE NOT is_alone
    UNION ALL
    SELECT patient_id, NULL, infused_on, date_precision, age_at_infusion, NULL
    FROM registry_infusion
    WHERE status = 'submitted' AND patient_id IN (SELECT patient_id FROM import_person WHERE NOT is_new)
      AND (%(nationwide)s OR centre_id = ANY(%(centres)s))
), born AS (
    SELECT patient_id, line, birth_year IS NOT NULL AS by_number,
           (infused_on - make_interval(years => age_at_infusion + 1) + interval '1 day')::date AS earliest,
           (infused_on
            + CASE date_precision WHEN 'day' THEN interval '0' WHEN 'month' THEN interval '1 month - 1 day'
              ELSE interval '1 year - 1 day' END
            - make_interval(years => age_at_infusion::integer))::date AS latest
    FROM stated
), other AS (
    SELECT patient_id, earliest, latest, false AS by_number
    FROM born LEFT JOIN registry_patient AS known ON known.id = patient_id
    WHERE known.birth_year IS NULL  -- an age that the year of birth rules out says nothing
       OR (earliest <= make_date(known.birth_year, 12, 31) AND latest >= make_date(known.birth_year, 1, 1))
    UNION ALL
    SELECT id, make_date(birth_year, 1, 1), make_date(birth_year, 12, 31), true FROM registry_patient
    WHERE birth_year IS NOT NULL AND id IN (SELECT patient_id FROM import_person WHERE NOT is_new)
      AND (%(nationwide)s OR EXISTS (  -- otherwise the year may come from a number that the clinic does not have
          SELECT FROM registry_infusion AS own
          WHERE own.patient_id = registry_patient.id AND own.status = 'submitted'
            AND own.centre_id = ANY(%(centres)s)))
)
INSERT INTO import_problem (line, field, code, sentence, warning)
SELECT DISTINCT born.line, %(field)s, %(code)s, %(sentence)s, false
FROM born JOIN import_verdict USING (line) JOIN other USING (patient_id)
WHERE (born.earliest > other.latest OR other.earliest > born.latest) AND NOT (born.by_number AND other.by_number)
"""


def refuse_contradictions(by: Actor) -> None:
    """Refuse new rows whose age contradicts another of the person's, in the file or at the actor's centres."""
    centres, problem = centres_where(by, Permission.WRITE_RECORDS), age_contradiction()
    nationwide = centres is NATIONWIDE
    values: dict[str, Any] = {
        "nationwide": nationwide,
        "centres": [] if nationwide else list(centres),
        "field": problem.field,
        "code": problem.code,
        "sentence": problem.sentence,
    }
    with connection.cursor() as cursor:
        cursor.execute(REFUSE, values)
