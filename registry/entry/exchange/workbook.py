"""A workbook (XLSX): which of its sheets is read, and the rows of that sheet.

The sheet is the one that a person sees on opening the file. It is read as a stream, whatever it says
of its own size (docs/decisions/0014-how-a-file-is-read.md).
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
from registry.identity import holds_identity_number

LARGEST_UNPACKED = 80 * 2**20  # bytes of all parts; 20,000 rows take a quarter of it
GLANCE = 4 * 2**20  # bytes read of all other sheets together, to see whether they have rows
WORKSHEET = "worksheet"
ENCRYPTED = 0x1
DAMAGES = (BadZipFile, InflateError, Damaged, KeyError, EOFError, NotImplementedError, ValueError)
PACKINGS = {ZIP_STORED, ZIP_DEFLATED}


@contextmanager
def opened(file: BinaryIO) -> Iterator["Workbook"]:
    """A workbook to read rows from. Raises FileUnusable for whatever is wrong with it, also later on."""
    with _saying_damaged(), ZipFile(file) as archive:
        _measure(archive)
        yield Workbook(archive)


def unpacked_size(file: BinaryIO) -> int:
    """How many bytes the parts of a workbook have, by its directory; reading stops there, whatever follows.

    Raises FileUnusable.
    """
    with _saying_damaged(), ZipFile(file) as archive:
        return _measure(archive)


def rows_at_most(file: BinaryIO) -> int:
    """How many rows a small workbook can have, all sheets together; the file stands at its beginning afterwards.

    Raises FileUnusable.
    """
    with _saying_damaged(), ZipFile(file) as archive:
        marks = sum(archive.read(part).count(b"row") for part in archive.infolist())
    file.seek(0)
    return marks // 2  # each begins and ends


@contextmanager
def _saying_damaged() -> Iterator[None]:
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
        raise Damaged  # one of two parts of a name would be passed over
    return size


class Workbook:
    """An open workbook."""

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
        self.hidden_columns: set[int] = set()  # of the sheet, by their places, from its first row on

    def read_rows(self, size: int) -> Iterator[Row]:
        """The rows of the sheet in order, then again those with hidden parts of merged cells.

        size: of the file, of which each row says how much is read.
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
        """A warning that names the other sheets that have rows."""
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
                except (FileTooLarge, Damaged):  # it has something, and nobody needs to know what
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
    """The name of a sheet, which is free text, or its place."""
    name = "".join(letter for letter in sheet.name if letter.isprintable())[:31].strip()
    if not name or holds_identity_number(name):
        return _("number %(place)s") % {"place": sheet.place + 1}
    return name
