"""The recount: the published numbers counted a second time, from the records, by independent SQL.

It shares neither the facts nor an expression with published/counting.py. That gives each infusion a role by its
place in a window; this aggregates a person's infusions in a cell to one row and gives no roles.
"""

from django.db import connection
from django.db.backends.utils import CursorWrapper

from registry.errors import Difference
from registry.map_cells import list_numbers, walk_cells
from registry.published.facts import MEMORY
from registry.publishing.vague_dates import KNOWN, KNOWN_OF

# Most persons have one infusion (`alone`), which is the first in each of its cells. The others are aggregated to
# a row per person and cell (`folded`), for all three kinds of cell in one pass: `entry`, the least of the
# person's arrays there, is that of the first infusion. An array begins with what decides the order and ends with
# age and whether it is a further dose. `first` packs a day, the length of its written date, and the days since
# the period of that date began.
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


Numbers = dict[tuple[str, str], object]


def compare_with_records(document: dict) -> list[Difference]:
    """The numbers of a map document that a recount of the records gives differently."""
    with connection.cursor() as cursor:
        return compare(document, recount(cursor))


def compare(document: dict, recounted: Numbers) -> list[Difference]:
    """The numbers of a map document that a recount gives differently."""
    published = dict(list_numbers(document))
    # A cell of the document need not have every measure, but a recounted cell that it lacks is a difference.
    printed = {cell for cell, _measure in published}
    expected = published.keys() | {key for key in recounted if key[0] not in printed}
    return [
        Difference(cell, measure, published.get((cell, measure)), recounted.get((cell, measure)))
        for cell, measure in sorted(expected)
        if (published.get((cell, measure)) or 0) != (recounted.get((cell, measure)) or 0)
    ] + _broken_identities(document)


def recount(cursor: CursorWrapper) -> Numbers:
    """The numbers of the records by cell and measure."""
    numbers: Numbers = {}
    summed = 0
    # An index has repeated patients in order. The default cost of its pages, that of a hard disk, makes the
    # planner read and hash the table instead, which takes four times as long.
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
