"""The proof: the published numbers counted again, from the records, by SQL written another way.

It shares neither the facts nor an expression with counting.py. There, every infusion gets its
role by its place in a window; here, each person's infusions in a cell are folded into one row,
and roles are never given.
"""

from django.db import connection

from registry.errors import Difference

RECOUNT = """
WITH folded AS (
    SELECT centre_id, category, patient_id,
           count(*) AS infusions,
           count(*) FILTER (WHERE kind = 'further_dose') AS further_doses,
           min(lpad((infused_on - '1900-01-01')::text, 6, '0') || sequence || kind) AS entry,
           min(lpad((infused_on - '1900-01-01')::text, 6, '0') || sequence || lpad(age_at_infusion::text, 3, '0'))
               AS entry_age,
           min(left(infused_on::text, CASE date_precision WHEN 'year' THEN 4 WHEN 'month' THEN 7 ELSE 10 END))
               AS first
    FROM registry_infusion
    WHERE registry_infusion.status = 'submitted'
    GROUP BY GROUPING SETS ((centre_id, category, patient_id), (centre_id, patient_id), (patient_id))
)
SELECT centre.code, category, sum(infusions), count(*),
       sum(infusions - further_doses) - count(*) FILTER (WHERE substr(entry, 8) <> 'further_dose'),
       sum(further_doses) - count(*) FILTER (WHERE substr(entry, 8) = 'further_dose'),
       count(*) FILTER (WHERE substr(entry_age, 8)::integer <= 17),
       min(first)
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
