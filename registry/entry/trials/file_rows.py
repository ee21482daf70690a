"""The rows of a file of trials, CSV or XLSX: a row for each trial at a hospital and status."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import chain
from typing import BinaryIO, NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from registry.entry.exchange import workbook
from registry.entry.exchange.csv_rows import find_encoding, read_csv_rows
from registry.entry.exchange.file_kind import is_workbook
from registry.entry.exchange.file_reader import blank_errors, say_unreadable
from registry.entry.exchange.file_row import A_DATE, BLANKS, MERGED, Row
from registry.entry.exchange.header import letters_of
from registry.entry.infusions.spelling import plain
from registry.errors import FileUnusable, Problem

# The columns in the template's order, with their Swedish names.
COLUMNS = {
    "identifier": "nummer", "name": "namn", "phase": "fas", "sponsor": "sponsor", "sponsor_name": "sponsorns namn",
    "class": "klass", "area": "område", "centre": "centrum", "status": "status", "since": "sedan",
    "date_precision": "datumprecision",
}  # fmt: skip
NEEDED = ("identifier", "centre", "status", "since")
KNOWN = {plain(word): name for name, swedish in COLUMNS.items() for word in (name, swedish)}
MOST_ROWS = 2_000
ANY_BLANK = re.compile(rf"[{re.escape(BLANKS)}]+")


class Line(NamedTuple):
    """A row: its number in the file, its cells by column, and what cannot be read of it."""

    number: int
    cells: dict[str, str]
    problems: list[Problem]


def read_lines(file: BinaryIO, *, size: int) -> list[Line]:
    """The rows of a file. Raises FileUnusable."""
    if is_workbook(file):
        with workbook.opened(file) as book:
            return _read_table(book.read_rows(size))
    with closing(read_csv_rows(file, find_encoding(file))) as rows:
        return _read_table(rows)


def column_name(column: str) -> str:
    """A column's heading in the current language; the row as a whole has none."""
    if get_language() != "sv":
        return column
    return {"row": "raden"}.get(column) or COLUMNS.get(column, column)


def _read_table(rows: Iterator[Row]) -> list[Line]:
    head = next(rows, None)
    if head is None:
        raise FileUnusable(_("The file is empty. Fill in the template, save it, and upload it again."))
    columns = _read_header(head.cells or ())
    lines: list[Line] = []
    for row in map(blank_errors, chain(rows)):
        cells = [ANY_BLANK.sub(" ", cell).strip() for cell in row.cells or ()]
        problems = list(_list_unreadable(columns, row, cells))
        if not (any(cells) or problems):
            continue
        if len(lines) == MOST_ROWS:
            raise FileUnusable(_("The file has more than %(most)s rows: divide it.") % {"most": MOST_ROWS})
        lines.append(Line(row.number, dict(zip(columns, cells, strict=False)), problems))
    if not lines:
        raise FileUnusable(_("The file has no rows."))
    return lines


def _list_unreadable(columns: Sequence[str], row: Row, cells: Sequence[str]) -> Iterator[Problem]:
    for place, why in row.unreadable.items():
        column = columns[place] if place < len(columns) else ""
        if column and (column, why) != ("since", A_DATE):
            yield Problem(column, "cell_unreadable", say_unreadable(why))
        elif not column and why != MERGED:
            yield Problem("row", "too_many_cells", _("The row has more cells than the header."))
    if any(cells[len(columns) :]):
        yield Problem("row", "too_many_cells", _("The row has more cells than the header."))


def _read_header(cells: Sequence[str]) -> list[str]:
    """The columns of a file in order. Raises FileUnusable."""
    cells = [cell.strip(BLANKS) for cell in cells]
    while cells and not cells[-1]:
        cells = cells[:-1]
    columns = [KNOWN.get(plain(cell), "") for cell in cells]
    said = {"columns": ", ".join(map(column_name, COLUMNS))}
    if unknown := [letters_of(place) for place, column in enumerate(columns) if not column]:
        # Named by letters only: the unknown heading may be an identity number.
        sentence = _("Columns with unknown names: %(letters)s. The known ones are: %(columns)s.")
        raise FileUnusable(sentence % {"letters": ", ".join(unknown[:20]), **said})
    if missing := [column_name(column) for column in NEEDED if column not in columns]:
        raise FileUnusable(_("Columns are missing: %(columns)s.") % {"columns": ", ".join(missing)})
    if twice := [column_name(column) for column in COLUMNS if columns.count(column) > 1]:
        sentence = _("A column is in the file twice: %(columns)s.")
        raise FileUnusable(sentence % {"columns": ", ".join(twice)})
    return columns
