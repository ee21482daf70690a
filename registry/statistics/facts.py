"""Turning counted infusions into the anonymous facts of a snapshot."""

import secrets

from django.db import connection

# `place` is the infusion's place in its person's course, in the order that decides roles, so that
# a count needs no date and sequence to find an entry. `person` is the rank of a lot that is drawn
# anew in every build, from a seed that is thrown away: facts of two snapshots cannot be joined by it.
INSERT = """
INSERT INTO registry_fact (
    snapshot, person, place, centre, region, category, kind, product, modality, indication,
    manufacturing_site, sex, infused_on, date_precision, age)
SELECT %(snapshot)s, dense_rank() OVER (ORDER BY drawn.lot, patient_id),
       row_number() OVER (PARTITION BY drawn.lot, patient_id ORDER BY infused_on, sequence),
       centre.code, centre.region, infusion.category, infusion.kind, product.name, product.modality,
       coalesce(indication.icd10, indication.key), site.code, patient.sex,
       infused_on, date_precision, age_at_infusion
FROM registry_infusion AS infusion
CROSS JOIN LATERAL (SELECT hashint8extended(patient_id, %(seed)s) AS lot) AS drawn
JOIN registry_patient AS patient ON patient.id = infusion.patient_id
JOIN registry_centre AS centre ON centre.id = infusion.centre_id
JOIN registry_product AS product ON product.id = infusion.product_id
LEFT JOIN registry_indication AS indication ON indication.id = infusion.indication_id
LEFT JOIN registry_manufacturingsite AS site ON site.id = infusion.manufacturing_site_id
WHERE infusion.status = 'submitted'
"""


def write_facts(snapshot: int) -> int:
    """Write the facts of a new snapshot from the records; returns how many."""
    with connection.cursor() as cursor:
        # A million rows do not fit the usual working memory, and spilling doubles the time.
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(INSERT, {"snapshot": snapshot, "seed": secrets.randbits(63)})
        count = cursor.rowcount
        cursor.execute("ANALYZE registry_fact")
    return count


def prune_facts() -> int:
    """Delete the facts of all snapshots but the current one; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM registry_fact WHERE snapshot <> (SELECT snapshot_id FROM registry_publication)"
        )
        return cursor.rowcount
