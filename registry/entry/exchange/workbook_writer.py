"""A workbook of one sheet, written while its rows are read.

openpyxl and XlsxWriter make the whole sheet before the first byte of the file. So openpyxl writes a workbook with
the header alone, and the other rows are put in where that ends, with each text in its cell. A cell without a
reference follows the one before it (ECMA-376, 18.3.1.4).
"""

import io
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook

SHEET = "xl/worksheets/sheet1.xml"
END = b"</sheetData>"
LEVEL = 3  # of zlib: a fifth more bytes than usual in less than half the time
CELLS_KEPT = 5_000  # of one file: rows repeat the same codes and days
RETURN = {"\r": "&#13;"}  # as it stands it would be read as the end of a line


class _Pieces(io.RawIOBase):
    """Where the archive is written: it is taken from here piece by piece, and nothing before is there any more."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.written.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        piece = b"".join(self.written)
        self.written.clear()
        return piece


def write_workbook(batches: Iterable[Iterable[list]]) -> Iterator[bytes]:
    """The file in pieces; the first row is the header, which stays in view."""
    rest = iter(batches)
    first = iter(next(rest))
    pieces, cell = _Pieces(), lru_cache(CELLS_KEPT)(_write_cell)
    with _model(next(first)) as model, ZipFile(pieces, "w", ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name in model.namelist():
            if name != SHEET:
                archive.writestr(name, model.read(name))
        head, _end, foot = model.read(SHEET).partition(END)
        with archive.open(SHEET, "w") as sheet:
            sheet.write(head)
            for batch in chain([first], rest):
                sheet.write("".join(f"<row>{''.join(map(cell, row))}</row>" for row in batch).encode())
                if piece := pieces.take():  # an empty one would end the response
                    yield piece
            sheet.write(END + foot)
    yield pieces.take()


def _model(header: list) -> ZipFile:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("swecar")
    sheet.freeze_panes = "A2"
    sheet.append(header)
    file = io.BytesIO()
    book.save(file)
    return ZipFile(file)


def _write_cell(value: str | int | None) -> str:
    if value is None or value == "":
        return "<c/>"
    if not isinstance(value, str):
        return f"<c><v>{value}</v></c>"
    space = ' xml:space="preserve"' if value != value.strip() else ""
    return f'<c t="inlineStr"><is><t{space}>{escape(value, RETURN)}</t></is></c>'
