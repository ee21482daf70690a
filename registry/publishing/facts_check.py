"""Comparing the facts of a snapshot with the records, person by person."""

from django.db import connection

from registry.errors import Difference
from registry.published.facts import name_table, reading_facts
from registry.publishing.vague_dates import KNOWN, KNOWN_OF

# Facts and records number persons differently, so a person is compared as the ordered list of their infusions;
# EXCEPT ALL also compares how many persons have the same list.
FACTS_DIFFER = f"""
WITH {KNOWN}, fact AS (
    SELECT array_agg(row(centre, region, county, category, kind, product, modality, indication,
                         manufacturing_site, trial, sex, infused_on, sequence, date_precision, age, is_only,
                         counts_from, place)::text
                     ORDER BY place)
    FROM {{facts}} GROUP BY person
), record AS (
    SELECT array_agg(row(step.code, step.region, step.county_code, step.category, step.kind, product.name,
                         product.modality, coalesce(indication.icd10, indication.key),
                         site.code, trial.identifier, patient.sex, infused_on, sequence, date_precision,
                         age_at_infusion,
                         NOT EXISTS (SELECT FROM registry_infusion AS other
                                     WHERE other.patient_id = step.patient_id
                                       AND other.status = 'submitted' AND other.id <> step.id),
                         since, place)::text
                     ORDER BY place)
    FROM (
        SELECT infusion.*, centre.code, centre.region, centre.county_code, coalesce(last, infused_on) AS since,
               rank() OVER (
                   PARTITION BY infusion.patient_id
                   ORDER BY coalesce(last, infused_on), date_precision <> 'day' AND infusion.kind <> 'first',
                            date_precision = 'day', sequence, infused_on,
                            position(date_precision IN 'day month year'), centre.code COLLATE "C") AS place
        FROM registry_infusion AS infusion JOIN registry_centre AS centre ON centre.id = centre_id
        {KNOWN_OF}
        WHERE infusion.status = 'submitted'
    ) AS step
    JOIN registry_product AS product ON product.id = product_id
    JOIN registry_patient AS patient ON patient.id = step.patient_id
    LEFT JOIN registry_indication AS indication ON indication.id = indication_id
    LEFT JOIN registry_manufacturingsite AS site ON site.id = manufacturing_site_id
    LEFT JOIN registry_trial AS trial ON trial.id = trial_id
    GROUP BY step.patient_id
)
SELECT (SELECT count(*) FROM (SELECT * FROM fact EXCEPT ALL SELECT * FROM record) AS surplus),
       (SELECT count(*) FROM (SELECT * FROM record EXCEPT ALL SELECT * FROM fact) AS missing)
"""


def compare_facts(snapshot: int) -> list[Difference]:
    """Persons that a snapshot's facts and the records do not have in common.

    Raises FactsNotKept.
    """
    with connection.cursor() as cursor, reading_facts():
        cursor.execute(FACTS_DIFFER.format(facts=name_table(snapshot)))
        surplus, missing = cursor.fetchone()
    found = [Difference("facts", "persons that the records do not hold so", surplus, 0)] if surplus else []
    return found + (
        [Difference("facts", "persons of the records that are missing", 0, missing)] if missing else []
    )
