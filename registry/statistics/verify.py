"""The proof: the published numbers counted again, from the records, by SQL written another way.

It shares neither the facts nor an expression with counting.py. There, every infusion gets its
role by its place in a window; here, each person's infusions in a cell are folded into one row,
and roles are never given.
"""

from django.db import connection

from registry.errors import Difference
from registry.statistics.facts import MEMORY, name_table, reading_facts

# Most persons have one infusion: it enters every cell, and nothing has to be told apart. The others
# are folded into one row a cell and person, in order, so that one pass makes all three kinds of cell;
# the least of a person's numbers is their first infusion there: its day, sequence, printed length of
# its date, age and whether it is a further dose, each in decimal places of its own.
RECOUNT = """
WITH repeated AS MATERIALIZED (
    SELECT patient_id FROM registry_infusion
    WHERE status = 'submitted' GROUP BY patient_id HAVING count(*) > 1
), infusion AS NOT MATERIALIZED (
    SELECT centre_id, category, infusion.patient_id, repeated.patient_id AS repeated,
           (kind = 'further_dose')::integer AS dose, age_at_infusion AS age,
           (infused_on - date '1900-01-01') * 10
           + CASE date_precision WHEN 'year' THEN 4 WHEN 'month' THEN 7 ELSE 8 END AS printed, sequence
    FROM registry_infusion AS infusion LEFT JOIN repeated USING (patient_id)
    WHERE status = 'submitted'
), folded AS (
    SELECT centre_id, category, patient_id, count(*) AS infusions, sum(dose) AS doses,
           min(((printed / 10 * 10 + sequence) * 10 + printed % 10) * 10000::bigint + age * 10 + dose) AS entry
    FROM (SELECT * FROM infusion WHERE repeated IS NOT NULL ORDER BY patient_id, centre_id, category) AS infusion
    GROUP BY GROUPING SETS ((centre_id, category, patient_id), (centre_id, patient_id), (patient_id))
), alone AS (
    SELECT centre_id, category, count(*) AS infusions, sum(dose) AS doses, count(*) AS entries,
           count(*) FILTER (WHERE age <= 17) AS children, min(printed) AS first
    FROM infusion WHERE repeated IS NULL GROUP BY centre_id, category
), part AS (
    SELECT centre_id, category, sum(infusions) AS infusions, sum(doses) AS doses, sum(entries) AS entries,
           sum(doses) AS dose_entries, sum(children) AS children, min(first) AS first
    FROM alone
    GROUP BY GROUPING SETS ((centre_id, category), (centre_id), ())
    UNION ALL
    SELECT centre_id, category, sum(infusions), sum(doses), count(*), sum(entry % 10),
           count(*) FILTER (WHERE entry / 10 % 1000 <= 17),
           min(entry / 1000000 * 10 + entry / 10000 % 10)
    FROM folded GROUP BY centre_id, category
)
SELECT centre.code, category, sum(infusions), sum(entries),
       sum(infusions - doses) - sum(entries - dose_entries), sum(doses - dose_entries), sum(children),
       left((date '1900-01-01' + (min(first) / 10)::integer)::text,
            CASE min(first) % 10 WHEN 8 THEN 10 ELSE (min(first) % 10)::integer END)
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
FACTS_DIFFER = """
WITH fact AS (
    SELECT array_agg(row(centre, region, category, kind, product, modality, indication,
                         manufacturing_site, trial, sex, infused_on, sequence, date_precision, age, is_only)::text
                     ORDER BY infused_on, sequence)
    FROM {facts} GROUP BY person
), record AS (
    SELECT array_agg(row(centre.code, centre.region, infusion.category, infusion.kind, product.name,
                         product.modality, coalesce(indication.icd10, indication.key),
                         site.code, trial.identifier, patient.sex, infused_on, sequence, date_precision,
                         age_at_infusion,
                         NOT EXISTS (SELECT FROM registry_infusion AS other
                                     WHERE other.patient_id = infusion.patient_id
                                       AND other.status = 'submitted' AND other.id <> infusion.id))::text
                     ORDER BY infused_on, sequence)
    FROM registry_infusion AS infusion
    JOIN registry_centre AS centre ON centre.id = infusion.centre_id
    JOIN registry_product AS product ON product.id = product_id
    JOIN registry_patient AS patient ON patient.id = patient_id
    LEFT JOIN registry_indication AS indication ON indication.id = indication_id
    LEFT JOIN registry_manufacturingsite AS site ON site.id = manufacturing_site_id
    LEFT JOIN registry_trial AS trial ON trial.id = trial_id
    WHERE infusion.status = 'submitted' GROUP BY patient_id
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


def list_numbers(document: dict):
    """((cell, measure), number) of every number in a map document."""
    cells = [("nation", document["national"])]
    for centre in document["centres"]:
        cells.append((centre["code"], centre))
        cells += [(f"{centre['code']} × {row['category']}", row) for row in centre["categories"]]
    for name, cell in cells:
        for measure in (*MEASURES, "patients_summed"):
            if measure in cell and (name == "nation" or measure != "patients_summed"):
                yield (name, measure), cell[measure]
    for site in document["manufacturing"]:
        yield (site["site"], "manufactured"), site["manufactured"]


def _broken_identities(document: dict) -> list[Difference]:
    """Cells in which infusions are not patients + reinfusions + further doses."""
    cells = [("nation", document["national"])]
    for centre in document["centres"]:
        cells += [(centre["code"], centre), *((centre["code"], row) for row in centre["categories"])]
    return [
        Difference(name, "identity", cell["infusions"], total)
        for name, cell in cells
        if cell["infusions"] != (total := cell["patients"] + cell["reinfusions"] + cell["further_doses"])
    ]
