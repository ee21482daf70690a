"""Opening an exchange file: CSV or XLSX in, rows of strings out, one at a time."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from registry.entry.reading import COLUMNS, NEEDED_COLUMNS
from registry.errors import FileUnusable


class Line(NamedTuple):
    """One row: its line in the file (the header is 1), its fields, how much of the file is read."""

    number: int
    fields: dict[str, str]
    bytes_read: int
    surplus: bool


def measure_file(path: Path) -> int:
    """How many bytes a file has. Raises FileUnusable."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> FileUnusable:
    return FileUnusable(_("The file cannot be read: %(why)s") % {"why": error.strerror})


def read_lines(path: Path, *, centre_given: bool) -> Iterator[Line]:
    """The rows of an exchange file, in order, without keeping them.

    centre_given: the centre column may be missing. Raises FileUnusable, at the latest at the row
    where reading ends.
    """
    try:
        with path.open("rb") as file:
            workbook = path.suffix.lower() == ".xlsx"
            yield from read_open_lines(file, size=measure_file(path), workbook=workbook, centre_given=centre_given)
    except OSError as error:
        raise _unreadable(error) from None


def read_open_lines(file: BinaryIO, *, size: int, workbook: bool, centre_given: bool) -> Iterator[Line]:
    """The rows of a file that is open already, likewise."""
    needed = NEEDED_COLUMNS if centre_given else NEEDED_COLUMNS | {"centre"}
    return _read_workbook(file, size, needed) if workbook else _read_csv(file, needed)


def _read_csv(raw: BinaryIO, needed: set[str]) -> Iterator[Line]:
    try:
        header = raw.readline().decode("utf-8-sig")
        delimiter = ";" if header.count(";") > header.count(",") else ","
        columns = _check_header(next(csv.reader([header], delimiter=delimiter), []), needed)
        rows = csv.reader(_decode(raw), delimiter=delimiter, strict=True)
        begins = 2  # a row is named by its first line: a cell may hold line breaks
        for cells in rows:
            if any(cells):
                fields = dict(zip(columns, cells, strict=False))
                surplus = len(cells) > len(columns) and any(cells[len(columns) :])
                yield Line(begins, fields, raw.tell(), surplus)
            begins = rows.line_num + 2
    except UnicodeDecodeError:
        raise FileUnusable(_("The file is not UTF-8 text: save it as CSV UTF-8.")) from None
    except csv.Error as error:
        raise FileUnusable(_("The file is not CSV: %(why)s") % {"why": error}) from None


def _decode(raw: Iterable[bytes]) -> Iterator[str]:
    # Lines are decoded one by one, so that tell() says how far the reading has come.
    for line in raw:
        yield line.decode()


def _read_workbook(file: BinaryIO, size: int, needed: set[str]) -> Iterator[Line]:
    try:
        book = load_workbook(file, read_only=True, data_only=True)
    except Exception as fault:  # of a damaged file the library raises whatever it stumbles over
        raise FileUnusable(_("The file is not an XLSX workbook.")) from fault
    try:
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(values_only=True)
        columns = _check_header([_cell_text(cell) for cell in next(rows, ())], needed)
        total = max(sheet.max_row or 1, 1)
        for number, values in enumerate(rows, start=2):
            cells = [_cell_text(value) for value in values]
            if any(cells):
                fields = dict(zip(columns, cells, strict=False))
                surplus = any(cells[len(columns) :])
                yield Line(number, fields, size * number // total, surplus)
    except FileUnusable:
        raise
    except Exception as fault:  # likewise
        raise FileUnusable(_("The workbook is damaged.")) from fault
    finally:
        book.close()


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() != time.min:
        return value.isoformat(" ")  # no date: refused, as in CSV
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _check_header(cells: Iterable[str], needed: set[str]) -> list[str]:
    columns = [cell.strip().lower() for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    # Its letter says which: what stands there may be an identity number.
    unknown = [get_column_letter(place) for place, column in enumerate(columns, 1) if column not in COLUMNS]
    missing = sorted(needed.difference(columns))
    if len(unknown) == len(columns):
        raise FileUnusable(_("The file is neither CSV nor XLSX with the columns of the template."))
    sentences = []
    if missing:
        sentences.append(_("Columns are missing: %(columns)s.") % {"columns": ", ".join(missing)})
    if unknown:
        sentence = _("Columns without a known name: %(letters)s. Known are: %(columns)s.")
        sentences.append(sentence % {"letters": ", ".join(unknown), "columns": ", ".join(COLUMNS)})
    if sentences:
        raise FileUnusable(" ".join(sentences))
    if len(set(columns)) < len(columns):
        raise FileUnusable(_("A column stands in the file twice."))
    return columns
