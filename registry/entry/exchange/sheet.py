"""The cells of a worksheet, read as they come: what the sheet says of itself is not asked."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
from xml.parsers import expat

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from registry.entry.exchange.cell_text import show_iso
from registry.entry.exchange.file_row import (
    ERROR,
    LONGEST_CELL,
    LONGEST_ROW,
    MOST_COLUMNS,
    NO_RESULT,
    NOTHING,
    SHOWN_OTHERWISE,
    too_many_columns,
)
from registry.entry.exchange.number_text import Show, show_general
from registry.errors import FileTooLarge

CHUNK = 2**16
LONGEST_MARK = 2**20  # bytes of one mark of the XML, as a tag with all that it says
MOST_CELLS, MOST_ROWS = 350_000, 100_000  # walked, empty ones with a format too
MOST_MERGED = 20_000
MOST_ELEMENTS = 400_000  # of the XML, beside those that make up cells and texts
OF_A_CELL = 4  # elements, with its row's
CELL_MARKS, ROW_MARKS = (b"<c ", b"<c>", b"<c/"), (b"<row ", b"<row>", b"<row/")
DEEPEST = 60  # elements within each other
MOST_ATTRIBUTES = 200  # of one element
MOST_NAMES = 20_000  # different ones, of elements and attributes
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",  # strict
)
HALVES, NO_CHARACTER = range(0xD800, 0xE000), "\ufffe"
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
WHOLE = re.compile(r"[0-9]{1,9}")
LETTERS = re.compile(r"[A-Z]{1,3}", re.ASCII)
RANGE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})(?::([A-Z]{1,3})([0-9]{1,7}))?", re.ASCII)
ROW_DEPTH, CELL_DEPTH = 3, 4  # of elements, in worksheet and sheetData: elsewhere no program shows them
HIDDEN = ("1", "true")
NO_SIZE = re.compile(r"0(?:\.0*)?")


class Damaged(Exception):
    """The workbook is not as workbooks are."""


class Reader:
    """Reads one part of a workbook with expat: `starts` and `ends` have what is done at which element."""

    def __init__(self, most: int = MOST_ELEMENTS) -> None:
        self.starts: dict[str, Any] = {}
        self.ends: dict[str, Any] = {}
        self.most, self.seen, self.depth = most, 0, 0
        self.fed = 0  # bytes
        self.text: list[str] = []
        self.taken = -1  # characters of the text; -1 while it is not wanted

    def elements(self, name: str, start: Any = None, end: Any = None) -> None:
        """What is done at an element of the main namespace."""
        for namespace in NAMESPACES:
            if start:
                self.starts[f"{namespace} {name}"] = start
            if end:
                self.ends[f"{namespace} {name}"] = end

    def want_text(self, *_attributes: Any) -> None:
        """Keep the text from here on."""
        self.taken = 0

    def take_text(self) -> str:
        """The text since want_text."""
        text = "".join(self.text)
        self.text.clear()
        self.taken = -1
        return ESCAPED.sub(_unescape, text) if "_x" in text else text

    def read(self, part: BinaryIO) -> Iterator[None]:
        """Read the part; stops after every chunk. Raises Damaged, FileTooLarge."""
        names: dict[str, str] = {}
        parser = expat.ParserCreate(namespace_separator=" ", intern=names)
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = _refuse
        try:
            while chunk := part.read(CHUNK):
                parser.Parse(chunk, False)
                self.fed += len(chunk)
                if self.fed - parser.CurrentByteIndex > LONGEST_MARK:
                    raise too_much_text()
                if len(names) > MOST_NAMES:
                    raise Damaged
                yield
            parser.Parse(b"", True)
            yield
        except (expat.ExpatError, LookupError):  # the latter for an encoding that there is none of
            raise Damaged from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.seen += 1
        self.depth += 1
        if self.seen > self.most:
            raise too_many_cells()
        if self.depth > DEEPEST or len(attributes) > MOST_ATTRIBUTES:
            raise Damaged
        if do := self.starts.get(name):
            do(attributes)

    def _end(self, name: str) -> None:
        self.depth -= 1
        if do := self.ends.get(name):
            do()

    def _characters(self, text: str) -> None:
        if self.taken < 0:
            return
        self.text.append(text)
        self.taken += len(text)
        if self.taken > LONGEST_CELL:
            raise too_much_text()


def _unescape(found: re.Match) -> str:
    """The character of an escape; half a character is none, and stands for itself nowhere."""
    place = int(found[1], 16)
    return NO_CHARACTER if place in HALVES else chr(place)


def _refuse(*_declaration: Any) -> None:
    raise Damaged  # no workbook has one, and entities may grow without end


def too_much_text() -> FileTooLarge:
    """The refusal of a cell without end."""
    sentence = _("A cell of the workbook holds more than %(most)s characters: this is not an exchange file.")
    return FileTooLarge(sentence % {"most": number_format(LONGEST_CELL, force_grouping=True)})


@dataclass(frozen=True)
class Styles:
    """How the cells of each style show numbers, and what they put around a text."""

    shows: Mapping[str, Show]
    around: Mapping[str, tuple[str, str] | None]
    date1904: bool


class SheetReader(Reader):
    """Reads the rows of a sheet that have something in them, then what is merged."""

    def __init__(self, *, texts: Sequence[str], styles: Styles):
        super().__init__()
        self.texts, self.styles = texts, styles
        self.rows: list[tuple[int, list[str], dict[int, str], bool]] = []
        self.number, self.walked, self.rows_walked, self.hidden_row = 0, 0, 0, False
        self.cells: list[str] = []
        self.unreadable: dict[int, str] = {}
        self.column, self.columns_walked, self.row_length = -1, 0, 0
        self.kind, self.style, self.value, self.formula, self.has_value = "n", "", "", False, False
        self.phonetic = False
        self.merged: list[tuple[int, int, int, int]] = []  # first column and row, last column and row
        self.columns: dict[str, int] = {}
        self.hidden_columns: set[int] = set()
        self.flat = False  # rows that say nothing of their height are not seen
        self.listed_columns = 0
        self.is_sheet = False
        self.elements("worksheet", self._begin_sheet)
        self.elements("sheetFormatPr", self._see_sizes)
        self.elements("col", self._see_columns)
        self.elements("row", self._begin_row, self._end_row)
        self.elements("c", self._begin_cell, self._end_cell)
        self.elements("v", self._begin_value, self._end_value)
        self.elements("t", self._begin_text, self._end_text)
        self.elements("f", self._see_formula)
        self.elements("rPh", self._begin_phonetic, self._end_phonetic)
        self.elements("mergeCell", self._see_merged)

    def read_rows(self, part: BinaryIO) -> Iterator[tuple[int, list[str], dict[int, str], bool]]:
        """(number, cells, what cannot be read by column, whether the row is hidden)."""
        for _chunk in self.read(part):
            yield from self.rows
            self.rows.clear()
        if not self.is_sheet:
            raise Damaged

    def hidden_parts(self, numbers: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
        """(row, columns) of the parts of merged cells that show nothing, of these rows in ascending order."""
        walked = 0
        for first_column, first_row, last_column, last_row in self.merged:
            for number in numbers[bisect_left(numbers, first_row) : bisect_right(numbers, last_row)]:
                hidden = range(first_column + (number == first_row), min(last_column + 1, MOST_COLUMNS))
                walked += 1 + len(hidden)
                if walked > MOST_CELLS:
                    raise too_many_cells()
                if hidden:
                    yield number, list(hidden)

    def _begin_sheet(self, _attributes: dict[str, str]) -> None:
        self.is_sheet = True

    def _see_sizes(self, attributes: dict[str, str]) -> None:
        # zeroHeight hides the rows that the sheet does not have, and nothing else.
        self.flat = bool(NO_SIZE.fullmatch(attributes.get("defaultRowHeight", "")))
        if NO_SIZE.fullmatch(attributes.get("defaultColWidth", "")):
            self.hidden_columns.update(range(MOST_COLUMNS))

    def _see_columns(self, attributes: dict[str, str]) -> None:
        self.listed_columns += 1
        if self.listed_columns > LAST_COLUMN:
            raise Damaged
        is_hidden = attributes.get("hidden") in HIDDEN or bool(NO_SIZE.fullmatch(attributes.get("width", "")))
        if is_hidden or (self.hidden_columns and "width" in attributes):
            first, last = (_whole(attributes.get(name, "")) for name in ("min", "max"))
            places = range(first - 1, min(last, MOST_COLUMNS))
            (self.hidden_columns.update if is_hidden else self.hidden_columns.difference_update)(places)

    def _begin_row(self, attributes: dict[str, str]) -> None:
        if self.depth != ROW_DEPTH:
            raise Damaged
        number = attributes.get("r")
        previous = self.number
        self.number = _whole(number) if number else previous + 1
        if not previous < self.number <= LAST_ROW:
            raise Damaged
        self.rows_walked += 1
        if self.rows_walked > MOST_ROWS:
            raise too_many_cells()
        height = attributes.get("ht", "0" if self.flat else "")
        self.hidden_row = attributes.get("hidden") in HIDDEN or bool(NO_SIZE.fullmatch(height))
        self.cells, self.unreadable = [], {}
        self.column, self.columns_walked, self.row_length = -1, 0, 0

    def _end_row(self) -> None:
        if self.unreadable or "".join(self.cells).strip(NOTHING):
            self.rows.append((self.number, self.cells, self.unreadable, self.hidden_row))

    def _walk(self) -> None:
        self.walked += 1
        self.most += OF_A_CELL
        if self.walked > MOST_CELLS:
            raise too_many_cells()

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        if self.depth != CELL_DEPTH:
            raise Damaged
        self._walk()
        self.columns_walked += 1
        if self.columns_walked > LAST_COLUMN:
            raise too_many_columns(self.number)
        if reference := attributes.get("r"):
            letters = reference.rstrip("0123456789")
            column = self.columns.get(letters)
            if column is None:
                column = self.columns[letters] = _column_of(letters)
            if column <= self.column or _whole(reference[len(letters) :]) != self.number:
                raise Damaged
            self.column = column
        else:
            self.column += 1
        self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
        self.value, self.formula, self.has_value = "", False, False

    def _begin_value(self, _attributes: dict[str, str]) -> None:
        self.taken = 0

    def _end_value(self) -> None:
        self.value, self.has_value = self.take_text(), True

    def _begin_text(self, _attributes: dict[str, str]) -> None:
        if not self.phonetic:
            self.taken = 0

    def _end_text(self) -> None:
        if not self.phonetic:
            self.value += self.take_text()
            self.has_value = True
            if len(self.value) > LONGEST_CELL:
                raise too_much_text()

    def _see_formula(self, _attributes: dict[str, str]) -> None:
        self.formula = True

    def _begin_phonetic(self, _attributes: dict[str, str]) -> None:
        self.phonetic = True

    def _end_phonetic(self) -> None:
        self.phonetic = False

    def _end_cell(self) -> None:
        text, why = self._show()
        if why:
            if self.column >= MOST_COLUMNS:
                raise too_many_columns(self.number)
            self.unreadable[self.column] = why
        if text:
            self.row_length += len(text)
            if self.row_length > LONGEST_ROW:  # one shared text may stand in every cell
                raise too_much_text()
            cells = self.cells
            if self.column >= MOST_COLUMNS:
                if text.strip(NOTHING):
                    raise too_many_columns(self.number)
                return
            if missing := self.column - len(cells):
                cells.extend([""] * missing)
            cells.append(text)

    def _show(self) -> tuple[str, str]:
        """What is seen in the cell, and why it cannot be read."""
        kind, value = self.kind, self.value
        if kind == "n" and value:
            return self.styles.shows.get(self.style, show_general)(value)
        if kind == "e":
            return "", ERROR
        if kind == "s" and self.has_value:
            return self._dress(self._shared(value))
        if not value:
            # A formula that gives an empty text says so; one that was never calculated says nothing.
            return "", NO_RESULT if self.formula and not (kind == "str" and self.has_value) else ""
        return self._show_text(kind, value)

    def _show_text(self, kind: str, value: str) -> tuple[str, str]:
        if kind in {"inlineStr", "str"}:
            return self._dress(value)
        if kind == "b":
            return "", SHOWN_OTHERWISE  # TRUE, SANT, VRAI: as the program's language has it
        if kind == "d":
            show = self.styles.shows.get(self.style, show_general)
            return show_iso(value.strip(), show, date1904=self.styles.date1904)
        raise Damaged

    def _shared(self, value: str) -> str:
        place = _whole(value.strip())
        if place >= len(self.texts):
            raise Damaged
        return self.texts[place]

    def _dress(self, text: str) -> tuple[str, str]:
        if not text or self.style not in self.styles.around:
            return text, ""
        around = self.styles.around[self.style]
        return ("", SHOWN_OTHERWISE) if around is None else (around[0] + text + around[1], "")

    def _see_merged(self, attributes: dict[str, str]) -> None:
        if len(self.merged) >= MOST_MERGED:
            raise too_many_cells()
        if not (found := RANGE.fullmatch(attributes.get("ref", ""))):
            raise Damaged
        first_column, first_row, last_column, last_row = found.groups()
        if last_column:
            columns = sorted((_column_of(first_column), _column_of(last_column)))
            rows = sorted((int(first_row), int(last_row)))
            self.merged.append((columns[0], rows[0], columns[1], rows[1]))


def refuse_costly(part: BinaryIO) -> None:
    """Refuse a sheet that is too large by a count of its marks: to read it up to the limit takes seconds.

    What is written otherwise than spreadsheets do is found on reading. Raises FileTooLarge.
    """
    cells = rows = elements = 0
    while chunk := part.read(CHUNK):
        cells += sum(map(chunk.count, CELL_MARKS))
        rows += sum(map(chunk.count, ROW_MARKS))
        elements += chunk.count(b"<") - chunk.count(b"</")
        if cells > MOST_CELLS or rows > MOST_ROWS or elements > MOST_ELEMENTS + OF_A_CELL * cells:
            raise too_many_cells()


def too_many_cells() -> FileTooLarge:
    """The refusal of a sheet that is larger than any exchange file."""
    sentence = _(
        "The workbook has more than %(rows)s rows or %(cells)s cells, empty ones with a format too. "
        "Copy the rows into the template, or save the sheet as CSV."
    )
    limits = {"rows": MOST_ROWS, "cells": MOST_CELLS}
    return FileTooLarge(
        sentence % {name: number_format(most, force_grouping=True) for name, most in limits.items()}
    )


def _whole(text: str) -> int:
    if not WHOLE.fullmatch(text):
        raise Damaged
    return int(text)


def _column_of(letters: str) -> int:
    """The place of a column, from 0."""
    if not LETTERS.fullmatch(letters):
        raise Damaged
    place = 0
    for letter in letters:
        place = 26 * place + ord(letter) - ord("A") + 1
    if place > LAST_COLUMN:
        raise Damaged
    return place - 1
