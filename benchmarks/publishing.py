"""Publishing (facts, documents, recount, committed) beside one statement that only counts."""

import time
from collections.abc import Iterator

from django.db import connection

from benchmarks.registries import fill
from benchmarks.results import Result
from registry.models import Revision
from registry.publishing.publish import publish

ROUNDS = 3
# The numbers of the map as someone would write them by hand, from the records.
BY_HAND = """
WITH infusion AS (
    SELECT centre_id, category, kind, infused_on, age_at_infusion,
           row_number() OVER (PARTITION BY patient_id, centre_id, category
                              ORDER BY infused_on, sequence) = 1 AS enters_cell,
           row_number() OVER (PARTITION BY patient_id, centre_id
                              ORDER BY infused_on, sequence) = 1 AS enters_centre,
           row_number() OVER (PARTITION BY patient_id ORDER BY infused_on, sequence) = 1 AS enters_nation
    FROM registry_infusion
    WHERE status = 'submitted'
)
SELECT centre_id, category, count(*),
       count(*) FILTER (WHERE enters_cell), count(*) FILTER (WHERE enters_centre),
       count(*) FILTER (WHERE enters_nation),
       count(*) FILTER (WHERE NOT enters_cell AND kind = 'further_dose'),
       count(*) FILTER (WHERE NOT enters_centre AND kind = 'further_dose'),
       count(*) FILTER (WHERE NOT enters_nation AND kind = 'further_dose'),
       min(infused_on) FILTER (WHERE enters_cell),
       count(*) FILTER (WHERE enters_nation AND age_at_infusion < 18)
FROM infusion
GROUP BY GROUPING SETS ((centre_id, category), (centre_id), ())
"""


def measure(*, small: bool) -> Iterator[Result]:
    """Seconds at three sizes, the best of three rounds each, and how they grow."""
    sizes = (300, 100_000) if small else (300, 100_000, 1_000_000)
    ours: dict[int, float] = {}
    theirs: dict[int, float] = {}
    for size in sizes:
        fill(size)
        theirs[size] = min(_time(_count_by_hand) for _ in range(ROUNDS))
        ours[size] = min(_time(_publish_again) for _ in range(ROUNDS))
        goal = "<= 4" if size == sizes[-1] else ""
        yield Result(f"publish {size:,} infusions", "s", ours[size], "one statement", theirs[size], goal)
    if not small:
        # Ten times the rows. The growth of the peer shows how much of it is due to the machine.
        growth, beside = (seconds[1_000_000] / seconds[100_000] for seconds in (ours, theirs))
        name = "publish, a million by a hundred thousand"
        yield Result(name, "times", growth, "one statement", beside, "<= 1.05")


def _time(work) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _count_by_hand() -> None:
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND)
        cursor.fetchall()


def _publish_again() -> None:
    revision = Revision.objects.get()
    revision.number += 1
    revision.save()
    publish()
