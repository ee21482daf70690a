"""Changes in the records since the latest release, per cell and without persons."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from django.db import connection

from registry.map_cells import numbers_by_key
from registry.published.release_causes import CAUSES
from registry.published.snapshots import compare_documents
from registry.publishing.facts import COUNTS_FROM

NOW = f"""
SELECT infusion.id AS infusion_id, patient_id AS patient, centre.code::text AS centre,
       infusion.category::text AS category,
       row(kind, product_id, indication_id, trial_id, manufacturing_site_id, infused_on, date_precision,
           sequence, age_at_infusion, patient.sex)::text AS values
FROM registry_infusion AS infusion
JOIN registry_patient AS patient ON patient.id = patient_id
JOIN registry_centre AS centre ON centre.id = centre_id
WHERE infusion.status = 'submitted' AND (%(as_of)s::date IS NULL OR {COUNTS_FROM} <= %(as_of)s)
"""

# Infusions that differ, with their cell and person then and now. A person who no longer exists was merged with
# another; an infusion that was moved to another person, or to a date after the day, counts as corrected.
MOVED = f"""
SELECT old.centre, old.category, now.centre, now.category,
       CASE WHEN old.infusion_id IS NULL THEN 'new'
            WHEN now.infusion_id IS NULL AND later.id IS NULL THEN 'withdrawn'
            WHEN old.patient <> now.patient AND patient.id IS NULL THEN 'merged'
            ELSE 'corrected' END,
       old.patient,
       (old.centre, old.category, old.values) IS DISTINCT FROM (now.centre, now.category, now.values)
FROM registry_releasedinfusion AS old
FULL JOIN ({NOW}) AS now ON now.infusion_id = old.infusion_id
LEFT JOIN registry_patient AS patient ON patient.id = old.patient
LEFT JOIN registry_infusion AS later ON later.id = old.infusion_id AND later.status = 'submitted'
WHERE (old.patient, old.centre, old.category, old.values)
      IS DISTINCT FROM (now.patient, now.centre, now.category, now.values)
"""

KEEP = f"""
DELETE FROM registry_releasedinfusion;
INSERT INTO registry_releasedinfusion (infusion_id, patient, centre, category, values) {NOW}
"""


def compare_with_release(before: Mapping, after: Mapping, as_of: date | None) -> list[dict]:
    """Each cell in which a number or an infusion has changed, with its causes counted; then the sites.

    before and after are map documents. new, corrected and withdrawn count infusions, a corrected one in the cell
    that it left and in the one that it entered; merged counts persons who were merged with another. That a merge
    makes another infusion the first is not a correction.
    """
    causes = _count_causes(as_of)
    rows = compare_documents(before, after)
    sites = [row | dict.fromkeys(CAUSES, 0) for row in rows if row["site"]]
    moved = {(row["centre"], row["category"]): row["measures"] for row in rows if not row["site"]}
    order = list(dict.fromkeys([*_list_cells(after), *_list_cells(before), *causes]))
    cells = [
        {"centre": cell[0], "category": cell[1], "site": None, "measures": moved.get(cell, {})}
        | {cause: causes.get(cell, {}).get(cause, 0) for cause in CAUSES}
        for cell in order
        if cell in moved or cell in causes
    ]
    return cells + sites


def keep_released(as_of: date | None) -> None:
    """Store what is counted now, in place of what the release before counted."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP, {"as_of": as_of})


def _count_causes(as_of: date | None) -> dict[tuple, dict[str, int]]:
    counted: dict[tuple, dict[str, set]] = defaultdict(lambda: defaultdict(set))
    with connection.cursor() as cursor:
        cursor.execute(MOVED, {"as_of": as_of})
        for index, (*cells, cause, patient, differs) in enumerate(cursor.fetchall()):
            for centre, category in (cells[:2], cells[2:]):
                if centre is None:
                    continue
                for cell in ((centre, category), (centre, None), (None, None)):
                    # merged counts persons, the other causes infusions.
                    counted[cell][cause].add(patient if cause == "merged" else index)
                    if cause == "merged" and differs:
                        counted[cell]["corrected"].add(index)
    return {cell: {cause: len(found) for cause, found in causes.items()} for cell, causes in counted.items()}


def _list_cells(document: Mapping) -> list[tuple[str | None, str | None]]:
    return [(centre or None, category or None) for centre, category in numbers_by_key(document)]
