"""Importing an exchange file, from reading to commit with its history, beside COPY of the same rows."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connection, transaction

from benchmarks.exchange_files import write_file
from benchmarks.memory import peak, reset_peak
from benchmarks.registries import EMPTY, fill
from benchmarks.results import Result, spread_of
from registry.access import Operator
from registry.entry.importing.pipeline import import_infusions

# In the order in which they refer to each other. The access log is left out, since its rows stay.
TABLES = ("registry_patient", "registry_patientidentifier", "registry_infusion")
TURNS = 3


def measure(*, small: bool) -> Iterator[Result]:
    """Rows a second into an empty registry, the best of the turns each; the peak memory, of the first turn."""
    few, many = (1_000, 10_000) if small else (5_000, 50_000)
    rates: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        _import(Path(folder), few)
        peaks = [peak()]
        for _turn in range(TURNS):
            seconds = _import(Path(folder), many)
            peaks.append(peak())
            rates.append((many / seconds, many / _copy_again(Path(folder))))
    ours, theirs = zip(*rates, strict=True)
    yield Result(f"import {many:,} rows", "rows/s", max(ours), "COPY", max(theirs), ">= 0.4", spread_of(ours))
    yield Result(f"its peak memory, and of {few:,}", "MB", peaks[1], "a tenth", peaks[0], "<= 1.2")


def _import(folder: Path, rows: int) -> float:
    """Seconds to import a file of so many rows; the peak memory is that of the import."""
    path = folder / f"{rows}.csv"
    write_file(path, rows)
    fill(0)
    reset_peak()
    begun = time.perf_counter()
    summary = import_infusions(path=path, by=Operator())
    seconds = time.perf_counter() - begun
    if summary.stored != rows:
        raise AssertionError(summary)
    return seconds


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
