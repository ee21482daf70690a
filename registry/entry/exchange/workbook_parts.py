"""The parts of a workbook besides its sheets: the sheet list, shared strings and styles."""

import posixpath
import re
from dataclasses import dataclass
from typing import BinaryIO, cast
from zipfile import ZipFile

from registry.entry.exchange.cell_text import BUILT_IN, around_text, shower
from registry.entry.exchange.sheet import Styles
from registry.entry.exchange.xml_part import (
    LONGEST_TEXTS,
    OF_A_CELL,
    Damaged,
    Reader,
    too_many_cells,
    too_much_markup,
)

MOST_SHEETS = 100
MOST_TEXTS = 150_000
CODES = "codes_"  # prefix of the named ranges in the template's second sheet
A_FEW = 20_000  # elements of a part that lists others
LONGEST_FORMAT, MOST_FORMATS = (
    255,
    2_000,
)  # number formats; spreadsheets allow 255 characters, and some hundreds
MOST_OF_STYLES = 300_000  # elements; spreadsheets allow 65,490 styles, of three each


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook; chart, dialogue and macro sheets are not read."""

    name: str
    place: int
    part: str
    kind: str
    visible: bool
    is_codes: bool


@dataclass(frozen=True)
class Book:
    """The workbook part: its sheets, the active sheet, and whether days count from 1904."""

    sheets: list[Sheet]
    active: int
    date1904: bool


def find_book(archive: ZipFile) -> str:
    """The part that lists the sheets. Raises Damaged."""
    found = [part for kind, part in read_relations(archive, "").values() if kind == "officeDocument"]
    if not found:
        raise Damaged
    return found[0]


def read_relations(archive: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """id -> (type, part) of a part's relationships."""
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
    _read(archive, posixpath.join(folder, "_rels", f"{name}.rels"), reader)
    return found


def _read(archive: ZipFile, part: str, reader: Reader) -> None:
    with archive.open(part) as file:
        for _chunk in reader.read(cast(BinaryIO, file)):
            pass


def read_book(archive: ZipFile, book: str, relations: dict[str, tuple[str, str]]) -> Book:
    """Read the workbook part."""
    listed: list[dict[str, str]] = []
    views: list[dict[str, str]] = []
    named: list[str] = []  # sheets with one of the template's named ranges
    latest, date1904 = "", False

    def begin_name(attributes: dict[str, str]) -> None:
        nonlocal latest
        latest = attributes.get("name", "")
        reader.want_text()

    def end_name() -> None:
        cells = reader.take_text()
        if latest.startswith(CODES):
            named.append(cells.rpartition("!")[0].strip("'$").replace("''", "'"))

    def see_properties(attributes: dict[str, str]) -> None:
        nonlocal date1904
        date1904 = attributes.get("date1904") in {"1", "true", "on"}

    reader = Reader(A_FEW)
    reader.elements("sheet", listed.append)
    reader.elements("workbookView", views.append)
    reader.elements("workbookPr", see_properties)
    reader.elements("definedName", begin_name, end_name)
    _read(archive, book, reader)
    if not listed or len(listed) > MOST_SHEETS:
        raise Damaged
    active = _number(views[0].get("activeTab", "0")) if views else 0
    sheets: list[Sheet] = []
    for place, attributes in enumerate(listed):
        kind, part = relations[_relation_id(attributes)]
        name = attributes.get("name", "")
        if part in {sheet.part for sheet in sheets}:
            raise Damaged
        visible = attributes.get("state", "visible") == "visible"
        sheets.append(Sheet(name, place, part, kind, visible, name in named))
    return Book(sheets, active, date1904)


def read_texts(archive: ZipFile, part: str) -> list[str]:
    """The shared strings, which cells refer to by index."""
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
        if length > LONGEST_TEXTS:
            raise too_much_markup()
        if len(texts) >= MOST_TEXTS:
            raise too_many_cells()
        texts.append(text)

    reader = Reader()
    reader.elements("t", begin_piece, end_piece)
    reader.elements("si", None, end_text)
    reader.elements("rPh", begin_phonetic, end_phonetic)
    _read(archive, part, reader)
    return texts


def read_styles(archive: ZipFile, part: str, *, date1904: bool) -> Styles:
    """The cell styles, by index; `part` may be empty."""
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
        _read(archive, part, reader)
    by_format = {number: shower(codes.get(number, ""), date1904=date1904) for number in set(used)}
    around = {number: around_text(codes.get(number, "")) for number in set(used)}
    return Styles(
        shows={str(place): by_format[number] for place, number in enumerate(used)},
        around={str(place): around[number] for place, number in enumerate(used) if around[number] != ("", "")},
        date1904=date1904,
    )


def _relation_id(attributes: dict[str, str]) -> str:
    return next((value for name, value in attributes.items() if name.endswith("/relationships id")), "")


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else 0
