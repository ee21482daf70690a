"""The persons of a file about whom a rule may ask a question; the others need no second judging."""

from django.db import connection

from registry.choices import Kind
from registry.entry.infusions.doubts import OF_FILE

# Persons with a warning on a row of the file, with a course of planned doses (stored or new), or with an open
# question by a rule.
PERSONS = """
SELECT patient_id FROM import_problem JOIN import_row USING (line) JOIN import_person USING (person)
WHERE warning AND code = ANY(%(codes)s)
UNION
SELECT patient_id FROM import_row JOIN import_person USING (person)
JOIN registry_product AS product ON product.id = product_id
WHERE NOT is_alone AND (kind = %(dose)s OR planned_doses > 1)
UNION
SELECT patient_id FROM registry_infusion AS stored JOIN registry_product AS product ON product.id = product_id
WHERE patient_id IN (SELECT patient_id FROM import_person WHERE NOT is_new)
  AND (kind = %(dose)s OR planned_doses > 1 OR EXISTS (
      SELECT FROM registry_question AS question
      WHERE question.infusion_id = stored.id AND rule <> '' AND closed_at IS NULL))
"""


def find_doubtful_persons() -> list[int]:
    """The keys of the staged persons about whom a rule may ask, once the rows are judged."""
    with connection.cursor() as cursor:
        cursor.execute(PERSONS, {"codes": sorted(OF_FILE), "dose": Kind.FURTHER_DOSE})
        return [key for (key,) in cursor.fetchall()]
