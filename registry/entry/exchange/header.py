"""The header of an exchange file: its columns, named in Swedish or English."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from registry.entry.exchange.file_row import BLANKS
from registry.entry.infusions.columns import COLUMNS, NEEDED_COLUMNS, TABLE
from registry.errors import FileUnusable

SEARCHED = 20  # rows from the top among which the header is searched, below a title
A_ROW = len(NEEDED_COLUMNS)  # filled cells: a row above the header with fewer is a title and not an infusion
MOST_LETTERS = 20
LONGEST_NAME = 80
OTHER_WORDS = re.compile(r"[(/\[]")
IN_OTHER_WORDS = re.compile(r"\([^)]*\)|\[[^\]]*\]")  # as "Infusionsdatum (ÅÅÅÅ-MM-DD)"
# Column name -> the Swedish name in the template.
SWEDISH = {column.name: column.swedish for column in TABLE}

# The columns a report adds to those of the file.
REPORT_SWEDISH = {
    "line": "rad", "column": "kolumn", "code": "kod", "refused": "avvisad", "sentence": "förklaring",
    "file": "filen", "row": "raden",
}  # fmt: skip


def _plain(name: str) -> str:
    """A name without separators, in normalised letters."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name)).casefold()


KNOWN = {_plain(name): column.name for column in TABLE for name in (column.name, column.swedish, *column.also)}


def column_of(cell: str) -> str | None:
    """The column that a header cell names, perhaps with a translation in brackets or after a slash."""
    cell = cell[:LONGEST_NAME]
    if column := KNOWN.get(_plain(cell)):
        return column
    parts = [_plain(part) for part in IN_OTHER_WORDS.sub("/", cell).split("/")] if OTHER_WORDS.search(cell) else []
    named = {KNOWN.get(part) for part in parts if part}
    return named.pop() if len(named) == 1 else None


def column_name(column: str) -> str:
    """A column's heading in the template, in the current language."""
    return SWEDISH[column] if get_language() == "sv" else column


def report_name(name: str) -> str:
    """The heading of a report's column, in the current language."""
    return (SWEDISH | REPORT_SWEDISH).get(name, name) if get_language() == "sv" else name


def template_columns() -> Sequence[str]:
    """The template's header, in the current language."""
    return [column_name(column) for column in COLUMNS]


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """The index of the header among the first rows: the row that names most columns, else the first filled row."""
    named = [len({column for cell in row[:100] if cell and (column := column_of(cell))}) for row in rows]
    if named and max(named) > 1:
        return named.index(max(named))
    return next((place for place, row in enumerate(rows) if filled(row)), 0)


def filled(row: Iterable[str]) -> int:
    """The number of cells that are not empty."""
    return sum(bool(cell.strip(BLANKS)) for cell in row)


def letters_of(place: int) -> str:
    """The spreadsheet letters of the column at an index from 0."""
    letters, place = "", place + 1
    while place:
        place, letter = divmod(place - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def unnamed_columns(places: Iterable[int]) -> str:
    """The sentence about columns that have content and no known name."""
    letters = [letters_of(place) for place in places]
    listed = ", ".join(letters[:MOST_LETTERS]) + (", …" if len(letters) > MOST_LETTERS else "")
    sentence = _("Columns with unknown names: %(letters)s. The known ones are: %(columns)s.")
    return sentence % {"letters": listed, "columns": ", ".join(map(column_name, COLUMNS))}


def read_header(cells: Sequence[str], needed: set[str]) -> list[str]:
    """The columns of a file in order, "" where a column has no name. Raises FileUnusable."""
    named = [column_of(cell) for cell in cells]
    while named and not cells[len(named) - 1].strip(BLANKS):
        named.pop()
    # Named by letters only: the unknown heading may be an identity number.
    unknown = [place for place, column in enumerate(named) if column is None and cells[place].strip(BLANKS)]
    if not any(named):
        raise FileUnusable(
            _("The first row does not have the column names of the template. Copy the rows into the template.")
        )
    columns = [column or "" for column in named]
    sentences = []
    if missing := [column for column in COLUMNS if column in needed.difference(columns)]:
        sentences.append(
            _("Columns are missing: %(columns)s.") % {"columns": ", ".join(map(column_name, missing))}
        )
    if unknown:
        sentences.append(unnamed_columns(unknown))
    if twice := [column for column in COLUMNS if columns.count(column) > 1]:
        sentences.append(
            _("A column is in the file twice: %(columns)s.") % {"columns": ", ".join(map(column_name, twice))}
        )
    if sentences:
        raise FileUnusable(" ".join(sentences))
    return columns
