"""The XML of a workbook's parts, read as a stream within limits that are checked before memory is used."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.parsers import expat

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from registry.entry.exchange.file_row import LONGEST_CELL
from registry.errors import FileTooLarge

CHUNK = 2**16
LONGEST_MARK = 2**18  # bytes of one XML token, such as a tag with its attributes; its start is read at each chunk
MOST_CELLS, MOST_ROWS = 350_000, 100_000  # including empty ones with a format
MOST_ELEMENTS = 400_000  # besides those of cells and texts
LONGEST_TEXTS = 10_000_000  # characters of all shared strings, and of all cells of a sheet
MOST_PIECES = 2_000_000  # line breaks and references, each of which the parser hands on as a text of its own
PIECES = (b"\n", b"\r", b"&")
MOST_BYTES = 20 * 2**20  # besides those of elements
BYTES_OF_AN_ELEMENT, ATTRIBUTES_OF_AN_ELEMENT = 100, 6  # on average
OF_A_CELL = 4  # elements, including its row's
CELL_MARKS, ROW_MARKS = (b"<c ", b"<c>", b"<c/"), (b"<row ", b"<row>", b"<row/")
DEEPEST = 60  # levels of nested elements
MOST_ATTRIBUTES = 200  # of an element
MOST_NAMES = 20_000  # distinct names of elements and attributes
NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",  # strict
)
HALVES, NO_CHARACTER = range(0xD800, 0xE000), "\ufffe"
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Damaged(Exception):
    """The workbook is malformed."""


class Size:
    """What a part holds besides elements: blanks, comments, attributes, text."""

    def __init__(self) -> None:
        self.fed, self.pieces, self.attributes = 0, 0, 0

    def add(self, chunk: bytes, elements: int) -> None:
        """Count a chunk before it is parsed; elements: of the part so far. Raises FileTooLarge."""
        self.fed += len(chunk)
        self.pieces += sum(map(chunk.count, PIECES))
        self.attributes += chunk.count(b"=")
        if (
            self.pieces > MOST_PIECES
            or self.fed > MOST_BYTES + BYTES_OF_AN_ELEMENT * elements
            or self.attributes > MOST_ELEMENTS + ATTRIBUTES_OF_AN_ELEMENT * elements
        ):
            raise too_much_markup()


class Reader:
    """Reads one part of a workbook with expat: `starts` and `ends` map elements to handlers."""

    def __init__(self, most: int = MOST_ELEMENTS) -> None:
        self.starts: dict[str, Any] = {}
        self.ends: dict[str, Any] = {}
        self.most, self.seen, self.depth = most, 0, 0
        self.fed, self.size = 0, Size()  # bytes
        self.text: list[str] = []
        self.taken = -1  # characters of text collected; -1 while none is wanted

    def elements(self, name: str, start: Any = None, end: Any = None) -> None:
        """Set the handlers of an element of the main namespace."""
        for namespace in NAMESPACES:
            if start:
                self.starts[f"{namespace} {name}"] = start
            if end:
                self.ends[f"{namespace} {name}"] = end

    def want_text(self, *_attributes: Any) -> None:
        """Collect text from here on."""
        self.taken = 0

    def take_text(self) -> str:
        """The text collected since `want_text`."""
        text = "".join(self.text)
        self.text.clear()
        self.taken = -1
        return ESCAPED.sub(_unescape, text) if "_x" in text else text

    def read(self, part: BinaryIO) -> Iterator[None]:
        """Read the part, yielding after each chunk. Raises Damaged, FileTooLarge."""
        names: dict[str, str] = {}
        parser = expat.ParserCreate(namespace_separator=" ", intern=names)
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = _refuse
        try:
            while chunk := part.read(CHUNK):
                self.size.add(chunk, self.seen)
                parser.Parse(chunk, False)
                self.fed += len(chunk)
                if self.fed - parser.CurrentByteIndex > LONGEST_MARK:
                    raise too_much_text()
                if len(names) > MOST_NAMES:
                    raise Damaged
                yield
            parser.Parse(b"", True)
            yield
        except (expat.ExpatError, LookupError):  # LookupError: an unknown encoding
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
    """The character of an `_xHHHH_` escape; a lone surrogate becomes NO_CHARACTER."""
    place = int(found[1], 16)
    return NO_CHARACTER if place in HALVES else chr(place)


def _refuse(*_declaration: Any) -> None:
    raise Damaged  # no workbook has a DTD, and entities may expand without limit


def too_much_text() -> FileTooLarge:
    sentence = _("A cell of the workbook holds more than %(most)s characters: this is not an exchange file.")
    return FileTooLarge(sentence % {"most": number_format(LONGEST_CELL, force_grouping=True)})


def too_much_markup() -> FileTooLarge:
    sentence = _(
        "The workbook holds far more text or markup than a table needs: copy the rows into the template, or save "
        "the sheet as CSV."
    )
    return FileTooLarge(sentence)


def refuse_costly(part: BinaryIO) -> None:
    """Refuse a sheet that is too large by a count of its tags: reading it up to the limit would take seconds.

    XML that is written in another way than spreadsheets do is caught while reading. Raises FileTooLarge.
    """
    cells = rows = elements = 0
    size = Size()
    while chunk := part.read(CHUNK):
        cells += sum(map(chunk.count, CELL_MARKS))
        rows += sum(map(chunk.count, ROW_MARKS))
        elements += chunk.count(b"<") - chunk.count(b"</")
        if cells > MOST_CELLS or rows > MOST_ROWS or elements > MOST_ELEMENTS + OF_A_CELL * cells:
            raise too_many_cells()
        size.add(chunk, elements)


def too_many_cells() -> FileTooLarge:
    sentence = _(
        "The workbook has more than %(rows)s rows or %(cells)s cells, empty ones with a format too. "
        "Copy the rows into the template, or save the sheet as CSV."
    )
    limits = {"rows": MOST_ROWS, "cells": MOST_CELLS}
    return FileTooLarge(
        sentence % {name: number_format(most, force_grouping=True) for name, most in limits.items()}
    )
