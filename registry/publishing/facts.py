"""Writing the anonymous facts of a snapshot: a row per counted infusion, a table per snapshot.

CREATE TABLE AS runs in parallel, and DROP TABLE is instant; rows in a shared table would be neither
(docs/decisions/0002).
"""

import secrets

from django.db import connection

from registry.published.count_query import CELL_DIMENSIONS
from registry.published.facts import MEMORY, name_table

# From which day on an infusion counts (COUNTING.md, "Precision"). The vague date of a further dose or a
# reinfusion comes after the person's known days in its period. Known dates, which most are, need no subquery.
COUNTS_FROM = """
CASE WHEN date_precision = 'day' OR kind = 'first' THEN infused_on ELSE coalesce((
    SELECT max(known.infused_on) FROM registry_infusion AS known
    WHERE known.patient_id = infusion.patient_id AND known.status = 'submitted' AND known.date_precision = 'day'
      AND known.infused_on >= infusion.infused_on
      AND known.infused_on < infusion.infused_on
          + CASE infusion.date_precision WHEN 'year' THEN interval '1 year' ELSE interval '1 month' END
), infused_on) END
"""
# The order inside that day: a vague first, known days, other vague dates; then what makes the order definite.
INSIDE_A_DAY = """
CASE WHEN date_precision = 'day' THEN 1 WHEN infusion.kind = 'first' THEN 0 ELSE 2 END,
sequence, infused_on, date_precision = 'year', date_precision = 'month', centre.code COLLATE "C"
"""

# `person` is a hash with a seed that is not stored, so that facts of two snapshots cannot be joined by it; it also
# puts the rows in random order. If two persons ever had the same hash, the recount would not agree. `place` is
# the infusion's place in the person's course. `is_only`: the person has no other infusion, so that this one is the
# first in all of its cells and no course needs to be sorted for it.
CREATE = f"""
CREATE TABLE {{table}} AS
SELECT drawn.person, counts_from, row_number() OVER course::integer AS place, infused_on, sequence,
       age_at_infusion AS age, row_number() OVER course = 1 AND lead(FALSE) OVER course IS NULL AS is_only,
       date_precision::text, infusion.kind::text, centre.code::text AS centre, infusion.category::text,
       centre.region::text, centre.county_code::text AS county, product.name::text AS product,
       product.modality::text, patient.sex::text,
       coalesce(indication.icd10, indication.key)::text AS indication, site.code::text AS manufacturing_site,
       trial.identifier::text AS trial
FROM registry_infusion AS infusion
CROSS JOIN LATERAL (SELECT hashint8extended(patient_id, %(seed)s) AS person, {COUNTS_FROM} AS counts_from) AS drawn
JOIN registry_patient AS patient ON patient.id = infusion.patient_id
JOIN registry_centre AS centre ON centre.id = infusion.centre_id
JOIN registry_product AS product ON product.id = infusion.product_id
LEFT JOIN registry_indication AS indication ON indication.id = infusion.indication_id
LEFT JOIN registry_manufacturingsite AS site ON site.id = infusion.manufacturing_site_id
LEFT JOIN registry_trial AS trial ON trial.id = infusion.trial_id
WHERE infusion.status = 'submitted'
WINDOW course AS (PARTITION BY drawn.person ORDER BY counts_from, {INSIDE_A_DAY})
ORDER BY drawn.person
"""


def has_every_dimension(snapshot: int) -> bool:
    """Whether a snapshot has all that is counted by: a worker of the release before may have made its facts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = ANY(%s)",
            [name_table(snapshot), list(CELL_DIMENSIONS)],
        )
        return bool(cursor.fetchone()[0] == len(CELL_DIMENSIONS))


def write_facts(snapshot: int) -> int:
    """Write the facts of a new snapshot from the records; return how many."""
    table = name_table(snapshot)
    with connection.cursor() as cursor:
        cursor.execute(MEMORY)
        cursor.execute(f"DROP TABLE IF EXISTS {table}")  # left by a snapshot newer than a restored backup
        cursor.execute(CREATE.format(table=table), {"seed": secrets.randbits(63)})
        facts: int = cursor.rowcount
        cursor.execute(f"GRANT SELECT ON {table} TO PUBLIC")  # to whom the schema is open (database_roles)
        return facts
