"""Live counts of a centre's records, shown beside the published numbers."""

from django.db import connection

from registry.access import NATIONWIDE, Actor, Permission, centres_where

COUNT = """
SELECT centre_id, coalesce(category, 'all'), count(DISTINCT patient_id), count(*)
FROM registry_infusion
WHERE status = 'submitted' AND (%(nationwide)s OR centre_id = ANY(%(centres)s))
GROUP BY GROUPING SETS ((centre_id, category), (centre_id))
"""


def count_entered(by: Actor) -> dict[int, dict[str, dict[str, int]]]:
    """{centre key: {category or "all": {"patients": n, "infusions": n}}} where the actor may write.

    Distinct persons and counted infusions of a cell, as of now (COUNTING.md, "Measures of a cell").
    """
    centres = centres_where(by, Permission.WRITE_RECORDS)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"nationwide": centres is NATIONWIDE, "centres": list(centres)})
        counted = cursor.fetchall()
    entered: dict[int, dict[str, dict[str, int]]] = {}
    for centre, category, patients, infusions in counted:
        entered.setdefault(centre, {})[category] = {"patients": patients, "infusions": infusions}
    return entered
