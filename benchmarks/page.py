"""Steps of the public page's time slider, not cached and cached."""

import http.client
import statistics
import time
from collections.abc import Iterator
from datetime import date, timedelta

from benchmarks.registries import fill
from benchmarks.results import Result
from benchmarks.serving import serve
from registry.publishing.publish import publish

STEPS = 60


def measure(*, small: bool) -> Iterator[Result]:
    """Milliseconds of a step, with as many infusions as the country has and with many more."""
    for infusions in (300, 10_000):
        fill(infusions)
        publish()
        with serve("swecar.settings") as port:
            days = [date(2015, 1, 31) + timedelta(days=30 * step) for step in range(STEPS)]
            line = http.client.HTTPConnection("127.0.0.1", port)  # one connection, so one process and its cache
            first, cached = (_median(line, days) for _time in range(2))
        yield Result(f"a step in time, {infusions:,} infusions", "ms, median", first, goal="<= 100")
        yield Result("the same again, cached", "ms, median", cached)


def _median(line: http.client.HTTPConnection, days: list[date]) -> float:
    times = []
    for day in days:
        started = time.perf_counter()
        line.request("GET", f"/en/?as_of={day}&centre=UPP")
        response = line.getresponse()
        response.read()
        times.append(time.perf_counter() - started)
        if response.status != http.client.OK:
            raise AssertionError(f"{day} gave {response.status}")
    return statistics.median(times[5:]) * 1000
