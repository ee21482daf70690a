"""Writing rows as CSV or XLSX that is safe to open in a spreadsheet, piece by piece."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from registry.entry.exchange.workbook_writer import write_workbook

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# The start of a formula, also after a character that a spreadsheet may read as the end of a cell.
FORMULA = re.compile(r"(^|[,;\t\r\n])([ \t\r\n]*)(?=[=+\-@\t\r＝＋－＠])")
# Begins with a letter or digit, and has nothing in it that may end a cell: nearly all cells, known at a glance.
HARMLESS = re.compile(r"[\w.][\w.:/ ()-]*")
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # in XML
CELLS_KEPT = 5_000  # of one file: rows repeat the same codes and days
BYTE_ORDER_MARK = "\ufeff"  # so that spreadsheets recognise UTF-8

Row = Sequence[Any]  # whole numbers and None stay what they are, all else is text


class Download(NamedTuple):
    """A file to download."""

    content: Iterable[bytes]
    content_type: str
    file_name: str


def safe_cell(text: str) -> str:
    """Escape text against formula injection: an apostrophe is put before the start of a formula."""
    return FORMULA.sub(r"\1\2'", UNWRITABLE.sub("�", text))


def write_batches(batches: Iterable[Iterable[Row]], *, format: str) -> Iterator[bytes]:
    """The file in pieces, none of them empty; the first row is the header."""
    safe = lru_cache(CELLS_KEPT)(_safe)
    rows = ([list(map(safe, row)) for row in batch] for batch in batches)
    return _write_csv(rows) if format == "csv" else write_workbook(rows)


def write_rows(rows: Iterable[Row], *, format: str, name: str) -> Download:
    """A small file in one of FORMATS; `name` is without the file extension."""
    return Download([*write_batches([rows], format=format)], FORMATS[format], f"{name}.{format}")


def _safe(cell: Any) -> str | int | None:
    if isinstance(cell, str):
        return cell if HARMLESS.fullmatch(cell) else safe_cell(cell)
    return cell if cell is None or isinstance(cell, int) else _safe(str(cell))


def _write_csv(batches: Iterable[Iterable[Row]]) -> Iterator[bytes]:
    text = io.StringIO(BYTE_ORDER_MARK)
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, delimiter=";")  # as a Swedish Excel opens it
    for batch in batches:
        writer.writerows(batch)
        if piece := text.getvalue():
            yield piece.encode()
        text.seek(0)
        text.truncate()
