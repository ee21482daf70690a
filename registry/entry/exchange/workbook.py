"""A workbook (XLSX): which of its sheets is read, and the rows of that sheet.

The sheet is the one that a person sees on opening the file. It is read as a stream, whatever it says
of its own size (docs/decisions/0014-how-a-file-is-read.md).
"""

import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile
from zlib import error as InflateError

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.entry.exchange.cell_text import BUILT_IN, around_text, shower
from registry.entry.exchange.file_row import MERGED, Row
from registry.entry.exchange.sheet import (
    OF_A_CELL,
    Damaged,
    Reader,
    SheetReader,
    Styles,
    refuse_costly,
    too_many_cells,
)
from registry.errors import FileTooLarge, FileUnusable, Problem
from registry.identity import holds_identity_number

LARGEST_UNPACKED = 80 * 2**20  # bytes of all parts; 20,000 rows take a quarter of it
MOST_SHEETS = 100
MOST_TEXTS = 150_000
LONGEST_TEXTS = 10_000_000  # characters of all shared texts
GLANCE = 4 * 2**20  # bytes read of all other sheets together, to see whether they have rows
WORKSHEET = "worksheet"
CODES = "codes_"  # how the names of the template's second sheet begin
A_FEW = 20_000  # elements of the parts that list others
LONGEST_FORMAT, MOST_FORMATS = 255, 2_000  # of numbers; spreadsheets allow so many characters, and some hundreds
MOST_OF_STYLES = 500_000  # elements; spreadsheets allow 65,490 styles
ENCRYPTED = 0x1
DAMAGES = (BadZipFile, InflateError, Damaged, KeyError, EOFError, NotImplementedError, ValueError)
PACKINGS = {ZIP_STORED, ZIP_DEFLATED}


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook; only a worksheet is read, and none of charts, dialogues or macros."""

    name: str
    place: int
    part: str
    kind: str
    visible: bool
    is_codes: bool


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
        book = self._find_book()
        relations = self._relations(book)
        self.sheets: list[Sheet] = []
        self.active = 0
        self.date1904 = False
        self._read_book(book, relations)
        self.texts: list[str] = []
        if texts := next((part for kind, part in relations.values() if kind == "sharedStrings"), ""):
            self._read_texts(texts)
        self.styles = self._read_styles(next((part for kind, part in relations.values() if kind == "styles"), ""))
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

    def _find_book(self) -> str:
        found = [part for kind, part in self._relations("").values() if kind == "officeDocument"]
        if not found:
            raise Damaged
        return found[0]

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """id -> (kind, part) of what a part refers to."""
        folder, name = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def see(attributes: dict[str, str]) -> None:
            if attributes.get("TargetMode") == "External":
                return
            target = posixpath.normpath(posixpath.join("/", folder, attributes["Target"])).lstrip("/")
            if attributes["Id"] in found:
                raise Damaged
            found[attributes["Id"]] = attributes["Type"].rpartition("/")[2], target

        reader = Reader(A_FEW)
        reader.starts["http://schemas.openxmlformats.org/package/2006/relationships Relationship"] = see
        self._read(posixpath.join(folder, "_rels", f"{name}.rels"), reader)
        return found

    def _read(self, part: str, reader: Reader) -> None:
        with self.archive.open(part) as file:
            for _chunk in reader.read(cast(BinaryIO, file)):
                pass

    def _read_book(self, book: str, relations: dict[str, tuple[str, str]]) -> None:
        listed: list[dict[str, str]] = []
        views: list[dict[str, str]] = []
        named: list[str] = []  # sheets with cells that have a name of the template's
        latest = ""

        def begin_name(attributes: dict[str, str]) -> None:
            nonlocal latest
            latest = attributes.get("name", "")
            reader.want_text()

        def end_name() -> None:
            cells = reader.take_text()
            if latest.startswith(CODES):
                named.append(cells.rpartition("!")[0].strip("'$").replace("''", "'"))

        def see_properties(attributes: dict[str, str]) -> None:
            self.date1904 = attributes.get("date1904") in {"1", "true", "on"}

        reader = Reader(A_FEW)
        reader.elements("sheet", listed.append)
        reader.elements("workbookView", views.append)
        reader.elements("workbookPr", see_properties)
        reader.elements("definedName", begin_name, end_name)
        self._read(book, reader)
        if not listed or len(listed) > MOST_SHEETS:
            raise Damaged
        self.active = _number(views[0].get("activeTab", "0")) if views else 0
        for place, attributes in enumerate(listed):
            kind, part = relations[_relation_id(attributes)]
            name = attributes.get("name", "")
            if part in {sheet.part for sheet in self.sheets}:
                raise Damaged
            visible = attributes.get("state", "visible") == "visible"
            self.sheets.append(Sheet(name, place, part, kind, visible, name in named))

    def _read_texts(self, part: str) -> None:
        texts: list[str] = []
        pieces: list[str] = []
        phonetic, length = False, 0

        def begin_phonetic(_attributes: dict[str, str]) -> None:
            nonlocal phonetic
            phonetic = True

        def end_phonetic() -> None:
            nonlocal phonetic
            phonetic = False

        def begin_piece(_attributes: dict[str, str]) -> None:
            if not phonetic:
                reader.want_text()

        def end_piece() -> None:
            if not phonetic:
                pieces.append(reader.take_text())

        def end_text() -> None:
            nonlocal length
            text = "".join(pieces)
            pieces.clear()
            length += len(text)
            reader.most += OF_A_CELL
            if length > LONGEST_TEXTS or len(texts) >= MOST_TEXTS:
                raise too_many_cells()
            texts.append(text)

        reader = Reader()
        reader.elements("t", begin_piece, end_piece)
        reader.elements("si", None, end_text)
        reader.elements("rPh", begin_phonetic, end_phonetic)
        self._read(part, reader)
        self.texts = texts

    def _read_styles(self, part: str) -> Styles:
        codes: dict[str, str] = {str(number): code for number, code in BUILT_IN.items()}
        used: list[str] = []
        inside = False

        def begin_cells(_attributes: dict[str, str]) -> None:
            nonlocal inside
            inside = True

        def end_cells() -> None:
            nonlocal inside
            inside = False

        def see_format(attributes: dict[str, str]) -> None:
            code = attributes.get("formatCode", "")
            if len(code) > LONGEST_FORMAT or len(codes) > MOST_FORMATS:
                raise Damaged
            codes[attributes.get("numFmtId", "")] = code

        def see_style(attributes: dict[str, str]) -> None:
            if inside and len(used) < 2**16:
                used.append(attributes.get("numFmtId", "0"))

        reader = Reader(MOST_OF_STYLES)
        reader.elements("numFmt", see_format)
        reader.elements("cellXfs", begin_cells, end_cells)
        reader.elements("xf", see_style)
        if part:
            self._read(part, reader)
        by_format = {number: shower(codes.get(number, ""), date1904=self.date1904) for number in set(used)}
        around = {number: around_text(codes.get(number, "")) for number in set(used)}
        return Styles(
            shows={str(place): by_format[number] for place, number in enumerate(used)},
            around={str(place): around[number] for place, number in enumerate(used) if around[number] != ("", "")},
            date1904=self.date1904,
        )


def _relation_id(attributes: dict[str, str]) -> str:
    return next((value for name, value in attributes.items() if name.endswith("/relationships id")), "")


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else 0


def _name(sheet: Sheet) -> str:
    """The name of a sheet, which is free text, or its place."""
    name = "".join(letter for letter in sheet.name if letter.isprintable())[:31].strip()
    if not name or holds_identity_number(name):
        return _("number %(place)s") % {"place": sheet.place + 1}
    return name
