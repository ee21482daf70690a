"""Importing an exchange file, from reading to commit with its history, beside COPY of the same rows."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connection, transaction

from benchmarks.exchange_files import write_file
from benchmarks.memory import peak, reset_peak
from benchmarks.registries import EMPTY, fill
from benchmarks.results import Result
from registry.access import Operator
from registry.entry.importing.pipeline import import_infusions

# In the order in which they refer to each other. The access log is left out, since its rows stay.
TABLES = ("registry_patient", "registry_patientidentifier", "registry_infusion")


def measure(*, small: bool) -> Iterator[Result]:
    """Rows a second into an empty registry, and how the peak memory of the process grows with the rows."""
    sizes = (1_000, 10_000) if small else (5_000, 50_000)
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            path = Path(folder, f"{rows}.csv")
            write_file(path, rows)
            fill(0)
            reset_peak()
            begun = time.perf_counter()
            summary = import_infusions(path=path, by=Operator())
            seconds = time.perf_counter() - begun
            peaks.append(peak())
            if summary.stored != rows:
                raise AssertionError(summary)
        theirs = rows / _copy_again(Path(folder))
    yield Result(f"import {rows:,} rows", "rows/s", rows / seconds, "COPY", theirs, ">= 0.4")
    yield Result(f"its peak memory, and of {sizes[0]:,}", "MB", peaks[1], "a tenth", peaks[0], "<= 1.2")


def _copy_again(folder: Path) -> float:
    """Seconds to copy the stored rows into the emptied tables, with indexes, checks and triggers, and commit."""
    with connection.cursor() as cursor:
        for table in TABLES:
            with (
                Path(folder, table).open("wb") as file,
                cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)") as out,
            ):
                for block in out:
                    file.write(block)
        cursor.execute(EMPTY)
        begun = time.perf_counter()
        with transaction.atomic():
            for table in TABLES:
                rows = Path(folder, table).read_bytes()
                with cursor.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                    copy.write(rows)
        return time.perf_counter() - begun
