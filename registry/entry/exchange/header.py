"""The first row of an exchange file: which column is which, in Swedish or English."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from registry.entry.exchange.file_row import BLANKS
from registry.entry.infusions.columns import COLUMNS, NEEDED_COLUMNS, TABLE
from registry.errors import FileUnusable

SEARCHED = 20  # rows from the top among which the header may stand, below a title
A_ROW = len(NEEDED_COLUMNS)  # filled cells: with fewer it is a title, and no infusion above the header
MOST_LETTERS = 20
LONGEST_NAME = 80
OTHER_WORDS = re.compile(r"[(/\[]")
IN_OTHER_WORDS = re.compile(r"\([^)]*\)|\[[^\]]*\]")  # as "Infusionsdatum (ÅÅÅÅ-MM-DD)"
# The template's names in Swedish, by the file's own.
SWEDISH = {column.name: column.swedish for column in TABLE}

# What a report has beside the columns of the file.
REPORT_SWEDISH = {
    "line": "rad", "column": "kolumn", "code": "kod", "refused": "nekad", "sentence": "förklaring",
    "file": "filen", "row": "raden",
}  # fmt: skip


def _plain(name: str) -> str:
    """A name without what parts its words, its letters in one form."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name)).casefold()


KNOWN = {_plain(name): column.name for column in TABLE for name in (column.name, column.swedish, *column.also)}


def column_of(cell: str) -> str | None:
    """The column that a cell of the header names, in brackets or after a stroke in other words perhaps."""
    cell = cell[:LONGEST_NAME]
    if column := KNOWN.get(_plain(cell)):
        return column
    parts = [_plain(part) for part in IN_OTHER_WORDS.sub("/", cell).split("/")] if OTHER_WORDS.search(cell) else []
    named = {KNOWN.get(part) for part in parts if part}
    return named.pop() if len(named) == 1 else None


def column_name(column: str) -> str:
    """What the template in the language of the page writes over a column."""
    return SWEDISH[column] if get_language() == "sv" else column


def report_name(name: str) -> str:
    """What a report in the language of the page calls a column of the file, or of its own."""
    return (SWEDISH | REPORT_SWEDISH).get(name, name) if get_language() == "sv" else name


def template_columns() -> Sequence[str]:
    """The header of a template in the language of the page."""
    return [column_name(column) for column in COLUMNS]


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """Which of a file's first rows is the header: the one that names most columns, else the first filled one."""
    named = [len({column for cell in row[:100] if cell and (column := column_of(cell))}) for row in rows]
    if named and max(named) > 1:
        return named.index(max(named))
    return next((place for place, row in enumerate(rows) if filled(row)), 0)


def filled(row: Iterable[str]) -> int:
    """How many cells of a row have something in them."""
    return sum(bool(cell.strip(BLANKS)) for cell in row)


def letters_of(place: int) -> str:
    """How a spreadsheet names the column at a place (from 0)."""
    letters, place = "", place + 1
    while place:
        place, letter = divmod(place - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def unnamed_columns(places: Iterable[int]) -> str:
    """What is said of columns that have something in them, and no name that is known."""
    letters = [letters_of(place) for place in places]
    said = ", ".join(letters[:MOST_LETTERS]) + (", …" if len(letters) > MOST_LETTERS else "")
    sentence = _("Columns without a known name: %(letters)s. Known are: %(columns)s.")
    return sentence % {"letters": said, "columns": ", ".join(map(column_name, COLUMNS))}


def read_header(cells: Sequence[str], needed: set[str]) -> list[str]:
    """The columns of a file in its order, empty ones where there is no name. Raises FileUnusable."""
    named = [column_of(cell) for cell in cells]
    while named and not cells[len(named) - 1].strip(BLANKS):
        named.pop()
    # Its letters say which: what stands there may be an identity number.
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
