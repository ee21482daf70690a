"""Exchange files for tests, and the fixtures that bring one in."""

import csv
import io

import pytest

from registry.access import Operator
from registry.entry.importing.pipeline import import_infusions
from tests import factories


def as_csv(rows, *, columns=None, delimiter=",", newline="\n") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns or list(rows[0]), delimiter=delimiter, lineterminator=newline)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def write(tmp_path):
    """Write a file: rows as CSV, or bytes as they are."""

    def to(content, name="exchange.csv", **spelling):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else as_csv(content, **spelling))
        return path

    return to


@pytest.fixture
def bring(lists, write):
    """Import rows or bytes: the summary, and (line, field, code) of every problem."""

    def imported(content, name="exchange.csv", *, spelling=None, **options):
        found = []
        path = write(content, name, **spelling or {})
        try:
            summary = import_infusions(
                path=path,
                by=options.pop("by", Operator()),
                report=lambda line, problem: found.append((line, problem.field, problem.code)),
                **options,
            )
        finally:
            factories.drop_import_tables()
        return summary, found

    return imported


def import_row(row, manage, folder) -> tuple[int, str]:
    """Import a file of one row by the command: its exit code, and what it printed."""
    path = folder / "file.csv"
    path.write_bytes(as_csv([row]))
    code, printed, _errors = manage("import_infusions", path)
    return code, printed
