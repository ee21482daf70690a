"""Turning counted infusions into the anonymous facts of a snapshot."""

from django.db import connection

# `place` runs through the infusions of a person in the order that decides roles, so that a count
# needs no date and sequence to find an entry. `person` is drawn anew in every build: facts of two
# snapshots cannot be joined by it.
INSERT = """
INSERT INTO registry_fact (
    snapshot, place, person, centre, region, category, kind, product, modality, indication, trial,
    manufacturing_site, sex, infused_on, date_precision, sequence, age)
SELECT %(snapshot)s, row_number() OVER (ORDER BY person.number, infused_on, sequence), person.number,
       centre.code, centre.region, infusion.category, infusion.kind, product.name, product.modality,
       coalesce(indication.icd10, indication.key), trial.identifier, site.code, patient.sex,
       infused_on, date_precision, sequence, age_at_infusion
FROM registry_infusion AS infusion
JOIN (
    SELECT id, sex, row_number() OVER (ORDER BY random())::integer AS number FROM registry_patient
) AS patient ON patient.id = infusion.patient_id
CROSS JOIN LATERAL (SELECT patient.number) AS person
JOIN registry_centre AS centre ON centre.id = infusion.centre_id
JOIN registry_product AS product ON product.id = infusion.product_id
LEFT JOIN registry_indication AS indication ON indication.id = infusion.indication_id
LEFT JOIN registry_trial AS trial ON trial.id = infusion.trial_id
LEFT JOIN registry_manufacturingsite AS site ON site.id = infusion.manufacturing_site_id
WHERE infusion.status = 'submitted'
"""


def write_facts(snapshot: int) -> int:
    """Write the facts of a new snapshot from the records; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT, {"snapshot": snapshot})
        return cursor.rowcount


def prune_facts() -> int:
    """Delete the facts of all snapshots but the current one; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM registry_fact WHERE snapshot <> (SELECT snapshot_id FROM registry_publication)"
        )
        return cursor.rowcount
