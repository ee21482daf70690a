"""From a stored infusion to the map that counts it: entered by API, published by a worker, read over HTTP."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from benchmarks.entry import Entering, make_tokens
from benchmarks.registries import fill
from benchmarks.results import Result, spread_of
from benchmarks.serving import serve
from registry.publishing.publish import publish
from swecar.local.demo import WORKER

ENTRIES = 20
READERS = 4  # each with one request after the other
GOALS = {300: 0.3, 10_000: 0.5, 100_000: 1.0}
PATIENCE = 60  # seconds


def measure(*, small: bool) -> Iterator[Result]:
    """Seconds at three sizes, the second longest of twenty, with nobody reading and with four readers."""
    for size, goal in GOALS.items():
        if small and size > 10_000:
            continue
        fill(size)
        publish()
        with serve("swecar.settings") as port, _working():
            entering = Entering(http.client.HTTPConnection("127.0.0.1", port), make_tokens())
            for what, readers in (("", 0), (f", {READERS} readers", READERS)):
                with _reading(port, readers):
                    seconds = sorted(_wait_for_map(entering, port) for _entry in range(ENTRIES))
                name = f"from entry to map, {size:,}{what}"
                yield Result(name, "s, p95", seconds[-2], goal=f"<= {goal}", spread=spread_of(seconds))


def _wait_for_map(entering: Entering, port: int) -> float:
    """Enter an infusion; the seconds from the response until the map counts it."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    before = _count(line)
    entering.line.close()  # the server closes what has been idle
    entering.enter_new()
    begun = time.perf_counter()
    while _count(line) == before:
        if time.perf_counter() > begun + PATIENCE:
            raise AssertionError("The map does not change.")
        time.sleep(0.01)
    return time.perf_counter() - begun


def _count(line: http.client.HTTPConnection) -> int:
    line.request("GET", "/api/v1/map")
    infusions: int = json.loads(line.getresponse().read())["national"]["infusions"]
    return infusions


@contextmanager
def _working() -> Iterator[None]:
    """Run a worker as the demonstration does."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *WORKER], cwd=settings.BASE_DIR, env=os.environ, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def _reading(port: int, readers: int) -> Iterator[None]:
    """Read the map over so many connections meanwhile."""
    ended = threading.Event()

    def read() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port)
        while not ended.is_set():
            _count(line)

    threads = [threading.Thread(target=read) for _reader in range(readers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
