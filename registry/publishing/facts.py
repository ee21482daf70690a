"""Turning counted infusions into the anonymous facts of a snapshot: one table for each snapshot.

A table made at once from a query is written by all processors and dropped in a moment; rows of one
table for all snapshots are neither (docs/decisions/0002).
"""

import secrets

from django.db import connection

from registry.published.facts import FACTS, MEMORY, name_table

# From which day on an infusion counts (COUNTING.md, "Precision"). A vague date of a further dose or a
# reinfusion stands after the person's known days in its period; most dates are known, and look nothing up.
COUNTS_FROM = """
CASE WHEN date_precision = 'day' OR kind = 'first' THEN infused_on ELSE coalesce((
    SELECT max(known.infused_on) FROM registry_infusion AS known
    WHERE known.patient_id = infusion.patient_id AND known.status = 'submitted' AND known.date_precision = 'day'
      AND known.infused_on >= infusion.infused_on
      AND known.infused_on < infusion.infused_on
          + CASE infusion.date_precision WHEN 'year' THEN interval '1 year' ELSE interval '1 month' END
), infused_on) END
"""
# What decides inside that day: a vague first, then known days, then vague others; and where even that is
# one and the same, something that always gives the same order.
INSIDE_A_DAY = """
CASE WHEN date_precision = 'day' THEN 1 WHEN infusion.kind = 'first' THEN 0 ELSE 2 END,
sequence, infused_on, date_precision = 'year', date_precision = 'month', centre.code COLLATE "C"
"""

# `person` is drawn anew in every build: it is made from a seed that is thrown away, so that facts of
# two snapshots cannot be joined by it, and it orders the rows by chance. Were two persons ever to
# draw the same, the proof would fail. `place` is where an infusion stands in the person's course, and so
# in that of every cell. `is_only`: the person has no other fact, and so enters every cell that this
# infusion is in; nobody's course has to be walked for it.
CREATE = f"""
CREATE TABLE {{table}} AS
SELECT drawn.person, counts_from, row_number() OVER course::integer AS place, infused_on, sequence,
       age_at_infusion AS age, count(*) OVER (PARTITION BY drawn.person) = 1 AS is_only,
       date_precision::text, infusion.kind::text, centre.code::text AS centre, infusion.category::text,
       centre.region::text, product.name::text AS product, product.modality::text, patient.sex::text,
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


def write_facts(snapshot: int) -> int:
    """Write the facts of a new snapshot from the records; returns how many."""
    table = name_table(snapshot)
    with connection.cursor() as cursor:
        cursor.execute(MEMORY)
        cursor.execute(f"DROP TABLE IF EXISTS {table}")  # of a snapshot that a restored backup never had
        cursor.execute(CREATE.format(table=table), {"seed": secrets.randbits(63)})
        return cursor.rowcount


def list_facts() -> list[int]:
    """The numbers of the snapshots whose facts are there."""
    return sorted(
        int(name.removeprefix(FACTS))
        for name in connection.introspection.table_names()
        if name.startswith(FACTS) and name.removeprefix(FACTS).isdecimal()
    )


def prune_facts() -> int:
    """Drop the facts of the snapshots before the current one; returns of how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT snapshot_id FROM registry_publication")
        current = cursor.fetchone()[0] or 0
        old = [number for number in list_facts() if number < current]
        for number in old:
            cursor.execute(f"DROP TABLE IF EXISTS {name_table(number)}")
    return len(old)
