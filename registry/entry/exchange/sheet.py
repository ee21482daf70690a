"""The cells of a worksheet as a stream; the sheet's declared dimensions are ignored."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

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
from registry.entry.exchange.xml_part import (
    LONGEST_TEXTS,
    MOST_CELLS,
    MOST_ROWS,
    OF_A_CELL,
    Damaged,
    Reader,
    too_many_cells,
    too_much_markup,
    too_much_text,
)

MOST_MERGED = 20_000
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
WHOLE = re.compile(r"[0-9]{1,9}")
LETTERS = re.compile(r"[A-Z]{1,3}", re.ASCII)
RANGE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})(?::([A-Z]{1,3})([0-9]{1,7}))?", re.ASCII)
ROW_DEPTH, CELL_DEPTH = (
    3,
    4,
)  # nesting in worksheet and sheetData: at other depths no program shows them
HIDDEN = ("1", "true")
NO_SIZE = re.compile(r"0(?:\.0*)?")


@dataclass(frozen=True)
class Styles:
    """By style: how numbers are shown, and what is put around a text."""

    shows: Mapping[str, Show]
    around: Mapping[str, tuple[str, str] | None]
    date1904: bool


class SheetReader(Reader):
    """Reads the rows of a sheet that are not empty, then the merged ranges."""

    def __init__(self, *, texts: Sequence[str], styles: Styles):
        super().__init__()
        self.texts, self.styles = texts, styles
        self.rows: list[tuple[int, list[str], dict[int, str], bool]] = []
        self.number, self.walked, self.rows_walked, self.hidden_row = 0, 0, 0, False
        self.length = 0  # characters of all cells
        self.cells: list[str] = []
        self.unreadable: dict[int, str] = {}
        self.column, self.columns_walked, self.row_length = -1, 0, 0
        self.kind, self.style, self.value, self.formula, self.has_value = "n", "", "", False, False
        self.phonetic = False
        self.merged: list[tuple[int, int, int, int]] = []  # first column and row, last column and row
        self.columns: dict[str, int] = {}
        self.hidden_columns: set[int] = set()
        self.flat = False  # rows without a height of their own are hidden
        self.listed_columns = 0
        self.is_sheet = False
        self.elements("worksheet", self._begin_sheet)
        self.elements("sheetFormatPr", self._see_sizes)
        self.elements("col", self._see_columns)
        self.elements("row", self._begin_row, self._end_row)
        self.elements("c", self._begin_cell, self._end_cell)
        self.elements("v", self.want_text, self._end_value)
        self.elements("t", self._begin_text, self._end_text)
        self.elements("f", self._see_formula)
        self.elements("rPh", self._begin_phonetic, self._end_phonetic)
        self.elements("mergeCell", self._see_merged)

    def read_rows(self, part: BinaryIO) -> Iterator[tuple[int, list[str], dict[int, str], bool]]:
        """(number, cells, why a cell cannot be read by column, whether the row is hidden)."""
        for _chunk in self.read(part):
            yield from self.rows
            self.rows.clear()
        if not self.is_sheet:
            raise Damaged

    def hidden_parts(self, numbers: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
        """(row, columns) of the covered cells of merged ranges in these rows, ascending."""
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
        # zeroHeight hides only rows that are not in the sheet's data.
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
            self.length += len(text)
            if self.length > LONGEST_TEXTS:
                raise too_much_markup()
            self.row_length += len(text)
            if self.row_length > LONGEST_ROW:  # a shared string may be repeated in every cell
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
        """The displayed text of the cell, and why it cannot be read."""
        kind, value = self.kind, self.value
        if kind == "n" and value:
            return self.styles.shows.get(self.style, show_general)(value)
        if kind == "e":
            return "", ERROR
        if kind == "s" and self.has_value:
            return self._dress(self._shared(value))
        if not value:
            # A formula with an empty result has a value element; a formula never calculated has none.
            return "", NO_RESULT if self.formula and not (kind == "str" and self.has_value) else ""
        return self._show_text(kind, value)

    def _show_text(self, kind: str, value: str) -> tuple[str, str]:
        if kind in {"inlineStr", "str"}:
            return self._dress(value)
        if kind == "b":
            return "", SHOWN_OTHERWISE  # TRUE, SANT, VRAI: shown in the program's language
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


def _whole(text: str) -> int:
    if not WHOLE.fullmatch(text):
        raise Damaged
    return int(text)


def _column_of(letters: str) -> int:
    """The index of a column, from 0."""
    if not LETTERS.fullmatch(letters):
        raise Damaged
    place = 0
    for letter in letters:
        place = 26 * place + ord(letter) - ord("A") + 1
    if place > LAST_COLUMN:
        raise Damaged
    return place - 1
