"""Publishing (facts, documents, recount, committed) beside one statement that only counts."""

import time
from collections.abc import Iterator, Sequence

from django.db import connection

from benchmarks.memory import peak, reset_peak
from benchmarks.registries import fill
from benchmarks.results import Result, spread_of
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


def measure(*, small: bool, sizes: Sequence[int] = ()) -> Iterator[Result]:
    """Seconds at three sizes, the best of three rounds each; how they grow, and the memory of the process."""
    sizes = sizes or ((300, 100_000) if small else (300, 100_000, 1_000_000))
    ours: dict[int, float] = {}
    theirs: dict[int, float] = {}
    peaks: dict[int, float] = {}
    for size in sizes:
        fill(size)
        by_hand = [_time(_count_by_hand) for _ in range(ROUNDS)]
        reset_peak()
        rounds = [_time(_publish_again) for _ in range(ROUNDS)]
        peaks[size], theirs[size], ours[size] = peak(), min(by_hand), min(rounds)
        goal = "<= 2" if size == sizes[-1] else ""
        name = f"publish {size:,} infusions"
        yield Result(name, "s", ours[size], "one statement", theirs[size], goal, spread_of(rounds))
    *_fewer, before, last = sizes
    if last == 10 * before:  # the growth of the peer shows how much of it is due to the machine
        growth, beside = (seconds[last] / seconds[before] for seconds in (ours, theirs))
        yield Result(f"publish, {last:,} by {before:,}", "times", growth, "one statement", beside, "<= 1.05")
        yield Result(f"its peak memory, and of {before:,}", "MB", peaks[last], "a tenth", peaks[before], "<= 1.2")


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
