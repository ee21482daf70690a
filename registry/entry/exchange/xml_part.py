"""The XML of a workbook's parts, read as a stream within limits that are checked before they are spent."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.parsers import expat

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from registry.entry.exchange.file_row import LONGEST_CELL
from registry.errors import FileTooLarge

CHUNK = 2**16
LONGEST_MARK = 2**20  # bytes of one mark of the XML, as a tag with all that it says
MOST_CELLS, MOST_ROWS = 350_000, 100_000  # walked, empty ones with a format too
MOST_ELEMENTS = 400_000  # of the XML, beside those that make up cells and texts
OF_A_CELL = 4  # elements, with its row's
CELL_MARKS, ROW_MARKS = (b"<c ", b"<c>", b"<c/"), (b"<row ", b"<row>", b"<row/")
DEEPEST = 60  # elements within each other
MOST_ATTRIBUTES = 200  # of one element
MOST_NAMES = 20_000  # different ones, of elements and attributes
NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",  # strict
)
HALVES, NO_CHARACTER = range(0xD800, 0xE000), "\ufffe"
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


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
