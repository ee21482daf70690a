"""The clinic's export and the access log's file, beside COPY of the same rows and a workbook of the same cells."""

import http.client
import os
import time
from collections.abc import Callable, Iterator

from django.db import connection
from django.http import StreamingHttpResponse
from xlsxwriter import Workbook

from benchmarks.clinic import add_identifiers, headers_of, sign_in
from benchmarks.memory import peak, reset_peak
from benchmarks.registries import fill
from benchmarks.results import Result, spread_of
from benchmarks.serving import serve
from registry.entry.infusions.export import export_infusions, rows_to_export
from registry.models import Centre, User
from registry.models.long_reads import read_batches

# As clinics have them: a number for each bag.
BATCHES = """
SET session_replication_role = replica;
TRUNCATE registry_accesslog;
UPDATE registry_infusion SET batch = 'B-' || left(id::text, 8);
SET session_replication_role = DEFAULT
"""
TURNS = 3
NAME = "exporter"


def measure(*, small: bool) -> Iterator[Result]:
    """Rows a second and seconds for a reporter of every centre; the first byte through a server; peak memory."""
    sizes = (5_000, 50_000) if small else (100_000, 1_000_000)
    rows = 10_000 if small else 100_000
    session = _fill(rows)
    by = User.objects.get(username=NAME)
    size = f"{rows:,} rows"
    csv, copied = zip(*((_export(by, "csv"), _copy(by)) for _turn in range(TURNS)), strict=True)
    ours, spread = rows / min(csv), spread_of(csv)
    yield Result(f"export of {size}, CSV", "rows/s", ours, goal=">= 50000", spread=spread)
    yield Result("the same", "rows/s", ours, "COPY", rows / min(copied), ">= 0.15", spread)
    xlsx, alone = zip(*((_export(by, "xlsx"), _write_alone(by)) for _turn in range(TURNS)), strict=True)
    yield Result(
        f"export of {size}, XLSX", "s", min(xlsx), "XlsxWriter alone", min(alone), "<= 1", spread_of(xlsx)
    )
    with serve("swecar.settings") as port:
        for format in ("csv", "xlsx"):
            first = min(_wait(port, f"/en/clinic/export/?format={format}", session) for _turn in range(TURNS))
            yield Result(f"its first 10 kB, {format.upper()}", "s", first, goal="<= 1")
        auditor = sign_in("auditor of exports", national_role="auditor")
        yield Result("the access log's file", "lines/s", _count_lines(port, "/en/clinic/access-log/file", auditor))
    peaks = []
    for count in sizes:
        _fill(count)
        reset_peak()
        _export(by, "csv")
        peaks.append(peak())
    yield Result(f"peak memory of {sizes[1]:,} rows", "MB", peaks[1], "a tenth", peaks[0], "<= 1.2")


def _fill(infusions: int) -> str:
    """Fill the registry; the session of a reporter of all centres."""
    fill(infusions)
    add_identifiers()
    with connection.cursor() as cursor:
        cursor.execute(BATCHES)
        cursor.execute("VACUUM ANALYZE registry_infusion")
    return sign_in(NAME, *Centre.objects.values_list("code", flat=True))


def _export(by: User, format: str) -> float:
    """Seconds of an export whose pieces nobody waits for."""

    def send() -> None:
        for _piece in StreamingHttpResponse(export_infusions(by=by, format=format).content):
            pass

    return _seconds(send)


def _copy(by: User) -> float:
    """Seconds to read the same rows out of the database, neither logged nor written."""
    sql, parameters = rows_to_export(by=by).query.sql_with_params()

    def read() -> None:
        with connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT", parameters) as out:
            for _block in out:
                pass

    return _seconds(read)


def _write_alone(by: User) -> float:
    """Seconds to make a workbook of the same cells, which are there already."""
    rows = [row for batch in read_batches(rows_to_export(by=by), by=by) for row in batch]

    def write() -> None:
        with Workbook(os.devnull, {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            for place, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, int):
                        sheet.write_number(place, column, cell)
                    elif cell is not None:
                        sheet.write_string(place, column, str(cell))

    return _seconds(write)


def _wait(port: int, url: str, session: str) -> float:
    """Seconds to the first 10 kB of a response that is then left."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    begun = time.perf_counter()
    line.request("GET", url, headers=headers_of(session))
    response = line.getresponse()
    if response.status != http.client.OK or len(response.read(10_000)) < 10_000:
        raise AssertionError(f"{url} gave {response.status}")
    seconds = time.perf_counter() - begun
    line.close()
    return seconds


def _count_lines(port: int, url: str, session: str) -> float:
    """Lines a second of a whole file."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    begun = time.perf_counter()
    line.request("GET", url, headers=headers_of(session))
    lines = line.getresponse().read().count(b"\n")
    return lines / (time.perf_counter() - begun)


def _seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
