"""An uncached response of `counts` with a million facts, beside a hand-written statement and beside Datasette.

All three count the same facts by centre and category, with the national total: roles by person and cell.
"""

import http.client
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from django.db import connection

from benchmarks.registries import fill
from benchmarks.results import Result, spread_of
from benchmarks.serving import serve
from registry.models import Infusion, Publication
from registry.published.facts import name_table
from registry.publishing.publish import publish
from swecar.local.ports import find_free_port

ROUNDS = 5
COLUMNS = "person, infused_on, sequence, centre, category, kind"
# As someone who knows the facts would write it by hand; it runs in PostgreSQL and SQLite.
BY_HAND = """
WITH role AS (
    SELECT centre, category, kind, infused_on,
           row_number() OVER (PARTITION BY person, centre, category ORDER BY infused_on, sequence) = 1 AS entry
    FROM {facts}
), whole AS (
    SELECT kind, infused_on,
           row_number() OVER (PARTITION BY person ORDER BY infused_on, sequence) = 1 AS entry
    FROM {facts}
)
SELECT centre, category, count(*), count(*) FILTER (WHERE entry),
       count(*) FILTER (WHERE NOT entry AND kind = 'further_dose'),
       count(*) FILTER (WHERE NOT entry AND kind <> 'further_dose'), min(infused_on)
FROM role GROUP BY centre, category
UNION ALL
SELECT NULL, NULL, count(*), count(*) FILTER (WHERE entry),
       count(*) FILTER (WHERE NOT entry AND kind = 'further_dose'),
       count(*) FILTER (WHERE NOT entry AND kind <> 'further_dose'), min(infused_on)
FROM whole
"""


def measure(*, small: bool) -> Iterator[Result]:
    """Milliseconds of a response that is not cached."""
    facts = 10_000 if small else 1_000_000
    if Infusion.objects.count() != facts:
        fill(facts)
    publish()
    table = name_table(Publication.objects.get().snapshot_id)
    with serve("swecar.settings") as port:
        line = http.client.HTTPConnection("127.0.0.1", port)
        # Each round sends a query that is not cached yet: from another day before the first infusion.
        ours = _rounds(lambda turn: _ask(line, f"/api/v1/counts?by=centre,category&from=1990-01-{turn + 1:02}"))
    theirs = _rounds(lambda _turn: _count_by_hand(table))
    name, median, spread = f"counts, not cached, of {facts:,}", statistics.median(ours), spread_of(ours)
    yield Result(name, "ms, median", median, "one statement", statistics.median(theirs), "<= 2", spread)
    with tempfile.TemporaryDirectory() as folder, datasette(table, Path(folder, "facts.db")) as port:
        line = http.client.HTTPConnection("127.0.0.1", port)
        query = urlencode({"sql": BY_HAND.format(facts="facts")})
        theirs = _rounds(lambda turn: _ask(line, f"/facts.json?{query}&_nocache={turn}"))
    yield Result(name, "ms, median", median, "Datasette", statistics.median(theirs), "<= 0.333", spread)


@contextmanager
def datasette(table: str, path: Path) -> Iterator[int]:
    """Serve the same facts with Datasette; yield its port."""
    with sqlite3.connect(path) as file, connection.cursor() as cursor:
        file.execute(f"CREATE TABLE facts ({COLUMNS})")
        cursor.execute(f"SELECT person, infused_on::text, sequence, centre, category, kind FROM {table}")
        while rows := cursor.fetchmany(50_000):
            file.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)", rows)
        file.execute("CREATE INDEX course ON facts (person, centre, category, infused_on, sequence)")
    port = find_free_port()
    command = [sys.executable, "-m", "datasette", "serve", str(path), "-p", str(port)]
    process = subprocess.Popen(
        [*command, "--setting", "sql_time_limit_ms", "120000"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _attempt in range(300):
            try:
                _ask(http.client.HTTPConnection("127.0.0.1", port), "/-/versions.json")
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _ask(line: http.client.HTTPConnection, url: str) -> None:
    line.request("GET", url)
    response = line.getresponse()
    body = response.read()
    if response.status != http.client.OK or json.loads(body).get("ok") is False:
        raise AssertionError(f"{url} gave {response.status}: {body[:200]!r}")


def _count_by_hand(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND.format(facts=table))
        cursor.fetchall()


def _rounds(work: Callable[[int], None]) -> list[float]:
    times = []
    for turn in range(ROUNDS):
        started = time.perf_counter()
        work(turn)
        times.append(time.perf_counter() - started)
    return [1000 * seconds for seconds in times]
