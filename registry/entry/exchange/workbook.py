"""A workbook (XLSX): which sheet is read, and its rows.

It is the active sheet, read as a stream whatever size it declares
(docs/decisions/0014-how-a-file-is-read.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile
from zlib import error as InflateError

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.entry.exchange.file_row import MERGED, Row
from registry.entry.exchange.sheet import SheetReader
from registry.entry.exchange.workbook_parts import (
    Sheet,
    find_book,
    read_book,
    read_relations,
    read_styles,
    read_texts,
)
from registry.entry.exchange.xml_part import Damaged, refuse_costly
from registry.errors import FileTooLarge, FileUnusable, Problem
from registry.numbers_in_text import holds_identity_number

LARGEST_UNPACKED = 80 * 2**20  # bytes of all parts; 20,000 rows need a quarter of it
GLANCE = 4 * 2**20  # bytes read of all other sheets together, to check whether they have rows
WORKSHEET = "worksheet"
ENCRYPTED = 0x1
DAMAGES = (BadZipFile, InflateError, Damaged, KeyError, EOFError, NotImplementedError, ValueError)
PACKINGS = {ZIP_STORED, ZIP_DEFLATED}


@contextmanager
def opened(file: BinaryIO) -> Iterator["Workbook"]:
    """Open a workbook. Raises FileUnusable for any fault, also while its rows are read."""
    with _refuse_damaged(), ZipFile(file) as archive:
        _measure(archive)
        yield Workbook(archive)


def unpacked_size(file: BinaryIO) -> int:
    """The unpacked size in bytes that a workbook's directory declares; no part is read beyond its declared size.

    Raises FileUnusable.
    """
    with _refuse_damaged(), ZipFile(file) as archive:
        return _measure(archive)


def rows_at_most(file: BinaryIO) -> int:
    """An upper bound on the rows of a small workbook, all sheets together; the file is rewound afterwards.

    Raises FileUnusable.
    """
    with _refuse_damaged(), ZipFile(file) as archive:
        marks = sum(archive.read(part).count(b"row") for part in archive.infolist())
    file.seek(0)
    return marks // 2  # each row has a start and an end tag


@contextmanager
def _refuse_damaged() -> Iterator[None]:
    try:
        yield
    except DAMAGES:
        raise FileUnusable(
            _("The workbook is damaged. Open it in a spreadsheet program, save it as XLSX again, and try again.")
        ) from None


def _measure(archive: ZipFile) -> int:
    size = sum(part.file_size for part in archive.infolist())
    if size > LARGEST_UNPACKED:
        sentence = _(
            "The workbook unpacks to more than %(most)s MB: copy the rows into the template, or divide it."
        )
        raise FileTooLarge(sentence % {"most": number_format(LARGEST_UNPACKED // 2**20)})
    if any(part.flag_bits & ENCRYPTED or part.compress_type not in PACKINGS for part in archive.infolist()):
        raise Damaged
    names = {part.filename.lower() for part in archive.infolist()}
    if len(names) < len(archive.infolist()):
        raise Damaged  # of two parts with the same name, zipfile would ignore one
    return size


class Workbook:
    def __init__(self, archive: ZipFile):
        self.archive = archive
        book = find_book(archive)
        relations = read_relations(archive, book)
        listed = read_book(archive, book, relations)
        self.sheets, self.active = listed.sheets, listed.active
        parts = dict(reversed(relations.values()))
        self.texts = read_texts(archive, parts["sharedStrings"]) if "sharedStrings" in parts else []
        self.styles = read_styles(archive, parts.get("styles", ""), date1904=listed.date1904)
        self.read_sheet = self._choose()
        self.hidden_columns: set[int] = set()  # indexes, complete once the first row is read

    def read_rows(self, size: int) -> Iterator[Row]:
        """The rows of the sheet in order, then those with covered cells of merged ranges again.

        size: of the file in bytes, to give each row the share that is read.
        """
        sheet = self.read_sheet
        reader = SheetReader(texts=self.texts, styles=self.styles)
        self.hidden_columns = reader.hidden_columns
        whole = max(self.archive.getinfo(sheet.part).file_size, 1)
        numbers: list[int] = []
        with self.archive.open(sheet.part) as part:
            refuse_costly(cast(BinaryIO, part))
        with self.archive.open(sheet.part) as part:
            for number, cells, unreadable, hidden in reader.read_rows(cast(BinaryIO, part)):
                numbers.append(number)
                yield Row(number, cells, size * min(reader.fed, whole) // whole, unreadable, hidden)
        for number, columns in reader.hidden_parts(numbers):
            yield Row(number, None, size, dict.fromkeys(columns, MERGED))

    def notes(self) -> list[Problem]:
        """A warning that names the other sheets with rows."""
        names = [_name(sheet) for sheet in self._others_with_rows()]
        if not names:
            return []
        sentence = ngettext(
            "The sheet %(sheets)s was not read.", "The sheets %(sheets)s were not read.", len(names)
        )
        return [Problem("file", "sheet_not_read", sentence % {"sheets": ", ".join(names)}, True)]

    def _others_with_rows(self) -> Iterator[Sheet]:
        glanced = 0
        for sheet in self.sheets:
            if sheet is self.read_sheet or sheet.is_codes:
                continue
            reader = SheetReader(texts=self.texts, styles=self.styles)
            with self.archive.open(sheet.part) as part:
                try:
                    has_rows = any(
                        reader.rows or glanced + reader.fed > GLANCE
                        for _chunk in reader.read(cast(BinaryIO, part))
                    )
                except (FileTooLarge, Damaged):  # not empty, and its content is not needed
                    has_rows = True
            if has_rows:
                yield sheet
            glanced += reader.fed

    def _choose(self) -> Sheet:
        visible = [sheet for sheet in self.sheets if sheet.visible and sheet.kind == WORKSHEET]
        if not visible:
            raise FileUnusable(_("The workbook has no sheet that can be seen: show the sheet with the rows."))
        return next((sheet for sheet in visible if sheet.place == self.active), visible[0])


def _name(sheet: Sheet) -> str:
    """The name of a sheet, or its number, since the name is free text that may identify a person."""
    name = "".join(letter for letter in sheet.name if letter.isprintable())[:31].strip()
    if not name or holds_identity_number(name):
        return _("number %(place)s") % {"place": sheet.place + 1}
    return name
