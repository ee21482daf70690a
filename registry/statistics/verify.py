"""The proof: the published numbers counted again, from the records, by SQL written another way.

It shares neither the facts nor an expression with counting.py. There, every infusion gets its
role by its place in a window; here, each person's infusions in a cell are folded into one row,
and roles are never given.
"""

from django.db import connection

from registry.errors import Difference

# The least of a person's numbers `entry` is their first infusion in the cell: its day, sequence, age
# and whether it is a further dose, in places of their own.
RECOUNT = """
WITH infusion AS (
    SELECT centre_id, category, patient_id, kind = 'further_dose' AS is_dose,
           infused_on - date '1900-01-01' AS day, date_precision, sequence, age_at_infusion
    FROM registry_infusion
    WHERE status = 'submitted'
), folded AS (
    SELECT centre_id, category, patient_id,
           count(*) AS infusions,
           sum(is_dose::integer) AS doses,
           min(day * 100000::bigint + sequence * 10000 + age_at_infusion * 10 + is_dose::integer) AS entry,
           min(day * 10 + CASE date_precision WHEN 'year' THEN 4 WHEN 'month' THEN 7 ELSE 8 END) AS first
    FROM infusion
    GROUP BY GROUPING SETS ((centre_id, category, patient_id), (centre_id, patient_id), (patient_id))
)
SELECT centre.code, category, sum(infusions), count(*),
       sum(infusions - doses) - count(*) FILTER (WHERE entry % 10 = 0),
       sum(doses) - count(*) FILTER (WHERE entry % 10 = 1),
       count(*) FILTER (WHERE entry / 10 % 1000 <= 17),
       left((date '1900-01-01' + min(first) / 10)::text, CASE min(first) % 10 WHEN 8 THEN 10 ELSE min(first) % 10 END)
FROM folded LEFT JOIN registry_centre AS centre ON centre.id = centre_id
GROUP BY centre.code, category
"""
MEASURES = ("infusions", "patients", "reinfusions", "further_doses", "children", "first")

MANUFACTURED = """
SELECT site.code, count(infusion.id)
FROM registry_manufacturingsite AS site
LEFT JOIN registry_infusion AS infusion
       ON infusion.manufacturing_site_id = site.id AND infusion.status = 'submitted'
GROUP BY site.code
"""

# Facts and records as rows without a person, each with how often it occurs: none may be left over.
FACTS_DIFFER = """
WITH fact AS (
    SELECT centre, category, kind, product, manufacturing_site, sex, infused_on, date_precision, age
    FROM registry_fact WHERE snapshot = %(snapshot)s
), record AS (
    SELECT centre.code, category, kind, product.name, site.code, patient.sex, infused_on,
           date_precision, age_at_infusion
    FROM registry_infusion
    JOIN registry_centre AS centre ON centre.id = centre_id
    JOIN registry_product AS product ON product.id = product_id
    JOIN registry_patient AS patient ON patient.id = patient_id
    LEFT JOIN registry_manufacturingsite AS site ON site.id = manufacturing_site_id
    WHERE registry_infusion.status = 'submitted'
)
SELECT (SELECT count(*) FROM (SELECT * FROM fact EXCEPT ALL SELECT * FROM record) AS surplus),
       (SELECT count(*) FROM (SELECT * FROM record EXCEPT ALL SELECT * FROM fact) AS missing)
"""


def compare_with_records(document: dict) -> list[Difference]:
    """Every number of a map document that a recount of the records gives differently."""
    published = dict(_numbers(document))
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
    """Facts of a snapshot that no record stands behind, and records without a fact."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS_DIFFER, {"snapshot": snapshot})
        surplus, missing = cursor.fetchone()
    return [Difference("facts", "rows", surplus, missing)] if surplus or missing else []


def _recount() -> dict[tuple[str, str], object]:
    numbers: dict[tuple[str, str], object] = {}
    summed = 0
    with connection.cursor() as cursor:
        # A million persons do not fit the usual working memory, and spilling doubles the time.
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(RECOUNT)
        for centre, category, *values in cursor.fetchall():
            cell = " × ".join(filter(None, (centre or "nation", category)))
            numbers |= {(cell, name): value for name, value in zip(MEASURES, values, strict=True)}
            summed += values[1] if category else 0
        cursor.execute(MANUFACTURED)
        numbers |= {(site, "manufactured"): count for site, count in cursor.fetchall()}
    return numbers | {("nation", "patients_summed"): summed}


def _numbers(document: dict):
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
