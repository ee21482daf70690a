"""Importing an exchange file, from reading to commit, with its history."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.exchange_files import write_file
from benchmarks.registries import fill
from benchmarks.results import Result
from registry.access import Operator
from registry.entry.importing.pipeline import import_infusions


def measure(*, small: bool) -> Iterator[Result]:
    """Rows a second into an empty registry."""
    rows = 10_000 if small else 50_000
    fill(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "infusions.csv")
        write_file(path, rows)
        begun = time.perf_counter()
        summary = import_infusions(path=path, by=Operator())
        seconds = time.perf_counter() - begun
    if summary.stored != rows:
        raise AssertionError(summary)
    yield Result(f"import {rows:,} rows", "rows/s", rows / seconds, goal=">= 5000")
