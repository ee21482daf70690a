"""Live counts of a centre's records, shown beside the published numbers."""

from django.db import connection

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.choices import Category

# One line a person first, then the cells: one pass, where count(DISTINCT) by cell would sort all rows twice.
OF_PERSON = ", ".join(f"count(*) FILTER (WHERE category = '{code}')::int AS {code}" for code in Category.values)
OF_CELL = ", ".join(f"count(*) FILTER (WHERE {code} > 0), sum({code})" for code in Category.values)
COUNT = f"""
SELECT centre_id, {OF_CELL}, count(*), sum(every) FROM (
    SELECT centre_id, {OF_PERSON}, count(*)::int AS every FROM registry_infusion
    WHERE status = 'submitted' AND (%(nationwide)s OR centre_id = ANY(%(centres)s))
    GROUP BY centre_id, patient_id
) AS person GROUP BY centre_id
"""


def count_entered(by: Actor) -> dict[int, dict[str, dict[str, int]]]:
    """{centre key: {category or "all": {"patients": n, "infusions": n}}} where the actor may write.

    Distinct persons and counted infusions of a cell, as of now (COUNTING.md, "Measures of a cell").
    """
    centres = centres_where(by, Permission.WRITE_RECORDS)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"nationwide": centres is NATIONWIDE, "centres": list(centres)})
        counted = cursor.fetchall()
    cells = (*Category.values, "all")
    return {
        centre: {
            cell: {"patients": patients, "infusions": infusions}
            for cell, patients, infusions in zip(cells, numbers[::2], numbers[1::2], strict=True)
            if infusions
        }
        for centre, *numbers in counted
    }
