"""The proof: the published numbers counted again, from the records, by SQL written another way.

It shares neither the facts nor an expression with counting.py. There, every infusion gets its
role by its place in a window; here, each person's infusions in a cell are folded into one row,
and roles are never given.
"""

from django.db import connection

from registry.errors import Difference
from registry.map_cells import list_numbers, walk_cells
from registry.published.facts import MEMORY, name_table, reading_facts

# Who has more than one infusion, and of them the last known day in each year and month that has one. A
# vague date stands at its period's, unless the infusion is the first (COUNTING.md, "Precision").
KNOWN = """
repeated AS MATERIALIZED (
    SELECT patient_id FROM registry_infusion
    WHERE status = 'submitted' GROUP BY patient_id HAVING count(*) > 1
), known AS MATERIALIZED (
    SELECT patient_id, left(infused_on::text, digits) AS period, max(infused_on) AS last
    FROM registry_infusion JOIN repeated USING (patient_id) CROSS JOIN (VALUES (4), (7)) AS written (digits)
    WHERE status = 'submitted' AND date_precision = 'day'
    GROUP BY patient_id, left(infused_on::text, digits)
)
"""
KNOWN_OF = """
LEFT JOIN known ON known.patient_id = infusion.patient_id AND infusion.kind <> 'first'
     AND known.period = left(infused_on::text, CASE date_precision WHEN 'year' THEN 4 WHEN 'month' THEN 7 END)
"""

# Most persons have one infusion: it enters every cell, and nothing has to be told apart. The others
# are folded into one row a cell and person, so that one pass makes all three kinds of cell; the least of
# a person's lists of numbers is that of their first infusion there. A list begins with what decides the
# order, the places of precision and centre last, and ends with age and whether it is a further dose.
# `first` is such a day with the printed length of its date and the days since its period began.
RECOUNT = f"""
WITH {KNOWN}, folded AS (
    SELECT centre_id, category, patient_id, count(*) AS infusions, sum(dose) AS doses,
           min(ARRAY[since, rank, sequence, day, length, centre_place, age, dose]) AS entry
    FROM (
        SELECT centre_id, category, infusion.patient_id, (kind = 'further_dose')::integer AS dose,
               age_at_infusion::integer AS age, sequence::integer, infused_on - date '1900-01-01' AS day,
               coalesce(last, infused_on) - date '1900-01-01' AS since,
               CASE date_precision WHEN 'day' THEN 1 ELSE (kind <> 'first')::integer * 2 END AS rank,
               - CASE date_precision WHEN 'year' THEN 4 WHEN 'month' THEN 7 ELSE 10 END AS length,
               centre_place
        FROM registry_infusion AS infusion JOIN repeated USING (patient_id) {KNOWN_OF}
        JOIN (SELECT id, (rank() OVER (ORDER BY code COLLATE "C"))::integer AS centre_place
              FROM registry_centre) AS centre ON centre.id = centre_id
        WHERE status = 'submitted' ORDER BY patient_id, centre_id, category
    ) AS step
    GROUP BY GROUPING SETS ((centre_id, category, patient_id), (centre_id, patient_id), (patient_id))
), alone AS (
    SELECT centre_id, category, count(*) AS infusions, sum(dose) AS doses, count(*) AS entries,
           count(*) FILTER (WHERE age <= 17) AS children, min(printed) AS first
    FROM (
        SELECT centre_id, category, (kind = 'further_dose')::integer AS dose, age_at_infusion AS age,
               ((infused_on - date '1900-01-01') * 100::bigint
                + CASE date_precision WHEN 'year' THEN 4 WHEN 'month' THEN 7 ELSE 10 END) * 1000 AS printed
        FROM registry_infusion AS infusion LEFT JOIN repeated USING (patient_id)
        WHERE status = 'submitted' AND repeated.patient_id IS NULL
    ) AS step GROUP BY centre_id, category
), part AS (
    SELECT centre_id, category, sum(infusions) AS infusions, sum(doses) AS doses, sum(entries) AS entries,
           sum(doses) AS dose_entries, sum(children) AS children, min(first) AS first
    FROM alone
    GROUP BY GROUPING SETS ((centre_id, category), (centre_id), ())
    UNION ALL
    SELECT centre_id, category, sum(infusions), sum(doses), count(*), sum(entry[8]),
           count(*) FILTER (WHERE entry[7] <= 17),
           min((entry[1] * 100::bigint - entry[5]) * 1000 + entry[1] - entry[4])
    FROM folded GROUP BY centre_id, category
)
SELECT centre.code, category, sum(infusions), sum(entries),
       sum(infusions - doses) - sum(entries - dose_entries), sum(doses - dose_entries), sum(children),
       left((date '1900-01-01' + (min(first) / 100000 - min(first) % 1000)::integer)::text,
            (min(first) / 1000 % 100)::integer)
FROM part LEFT JOIN registry_centre AS centre ON centre.id = centre_id
GROUP BY centre.code, category
HAVING sum(infusions) > 0
"""
MEASURES = ("infusions", "patients", "reinfusions", "further_doses", "children", "first")

MANUFACTURED = """
SELECT site.code, count(infusion.id)
FROM registry_manufacturingsite AS site
LEFT JOIN registry_infusion AS infusion
       ON infusion.manufacturing_site_id = site.id AND infusion.status = 'submitted'
GROUP BY site.code
"""

# Each person as the list of their infusions in order, on both sides, with how often such a list
# occurs: none may be left over. A person is told by their course alone, so no number is needed.
FACTS_DIFFER = f"""
WITH {KNOWN}, fact AS (
    SELECT array_agg(row(centre, region, category, kind, product, modality, indication,
                         manufacturing_site, trial, sex, infused_on, sequence, date_precision, age, is_only,
                         counts_from, place)::text
                     ORDER BY place)
    FROM {{facts}} GROUP BY person
), record AS (
    SELECT array_agg(row(step.code, step.region, step.category, step.kind, product.name,
                         product.modality, coalesce(indication.icd10, indication.key),
                         site.code, trial.identifier, patient.sex, infused_on, sequence, date_precision,
                         age_at_infusion,
                         NOT EXISTS (SELECT FROM registry_infusion AS other
                                     WHERE other.patient_id = step.patient_id
                                       AND other.status = 'submitted' AND other.id <> step.id),
                         since, place)::text
                     ORDER BY place)
    FROM (
        SELECT infusion.*, centre.code, centre.region, coalesce(last, infused_on) AS since,
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


def compare_with_records(document: dict) -> list[Difference]:
    """Every number of a map document that a recount of the records gives differently."""
    published = dict(list_numbers(document))
    recounted = _recount()
    # A cell of the document need not print every measure; a number that is recounted in a cell
    # that is not in the document is a difference.
    printed = {cell for cell, _measure in published}
    expected = published.keys() | {key for key in recounted if key[0] not in printed}
    return [
        Difference(cell, measure, published.get((cell, measure)), recounted.get((cell, measure)))
        for cell, measure in sorted(expected)
        if (published.get((cell, measure)) or 0) != (recounted.get((cell, measure)) or 0)
    ] + _broken_identities(document)


def compare_facts(snapshot: int) -> list[Difference]:
    """Persons of a snapshot's facts whom the records do not hold so, and the other way round.

    Raises FactsNotKept.
    """
    with connection.cursor() as cursor, reading_facts():
        cursor.execute(FACTS_DIFFER.format(facts=name_table(snapshot)))
        surplus, missing = cursor.fetchone()
    found = [Difference("facts", "persons that the records do not hold so", surplus, 0)] if surplus else []
    return found + (
        [Difference("facts", "persons of the records that are missing", 0, missing)] if missing else []
    )


def _recount() -> dict[tuple[str, str], object]:
    numbers: dict[tuple[str, str], object] = {}
    summed = 0
    with connection.cursor() as cursor:
        # Who is repeated stands in the index in order; by default its pages count as read from a turning
        # disk, and the records are read and hashed instead, which takes four times as long.
        cursor.execute(f"{MEMORY}; SET LOCAL random_page_cost = 1.1")
        cursor.execute(RECOUNT)
        for centre, category, *values in cursor.fetchall():
            cell = " × ".join(filter(None, (centre or "nation", category)))
            numbers |= {(cell, name): value for name, value in zip(MEASURES, values, strict=True)}
            summed += values[1] if category else 0
        cursor.execute(MANUFACTURED)
        numbers |= {(site, "manufactured"): count for site, count in cursor.fetchall()}
    return numbers | {("nation", "patients_summed"): summed}


def _broken_identities(document: dict) -> list[Difference]:
    """Cells in which infusions are not patients + reinfusions + further doses."""
    return [
        Difference(cell.name, "identity", numbers["infusions"], total)
        for cell in walk_cells(document)
        if (numbers := cell.numbers)["infusions"]
        != (total := numbers["patients"] + numbers["reinfusions"] + numbers["further_doses"])
    ]
