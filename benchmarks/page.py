"""Steps of the public page's time slider, not cached and cached."""

import http.client
import statistics
import time
from collections.abc import Iterator
from datetime import date, timedelta

from benchmarks.registries import fill
from benchmarks.results import Result, spread_of
from benchmarks.serving import serve
from registry.publishing.publish import publish

STEPS = 60


def measure(*, small: bool) -> Iterator[Result]:
    """Milliseconds of a step, with as many infusions as the country has and with many more."""
    for infusions, goal in ((300, "<= 30"), (10_000, "<= 50")):
        fill(infusions)
        publish()
        with serve("swecar.settings") as port:
            days = [date(2015, 1, 31) + timedelta(days=30 * step) for step in range(STEPS)]
            line = http.client.HTTPConnection("127.0.0.1", port)  # one connection, so one process and its cache
            first, cached = (_rounds(line, days) for _time in range(2))
        name = f"a step in time, {infusions:,} infusions"
        yield Result(name, "ms, median", statistics.median(first), goal=goal, spread=spread_of(first))
        name = f"the same of {infusions:,} again, cached"
        yield Result(name, "ms, median", statistics.median(cached), spread=spread_of(cached))


def _rounds(line: http.client.HTTPConnection, days: list[date]) -> list[float]:
    times = []
    for day in days:
        started = time.perf_counter()
        line.request("GET", f"/en/?as_of={day}&centre=UPP")
        response = line.getresponse()
        response.read()
        times.append(time.perf_counter() - started)
        if response.status != http.client.OK:
            raise AssertionError(f"{day} gave {response.status}")
    return [1000 * seconds for seconds in times[5:]]
