"""Reading an exchange file: CSV or XLSX in, rows of strings out, one at a time."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext as _

from registry.entry.exchange import workbook
from registry.entry.exchange.csv_rows import WINDOWS, find_encoding, read_csv_rows
from registry.entry.exchange.file_kind import is_workbook
from registry.entry.exchange.file_row import (
    A_DATE,
    BLANKS,
    ERROR,
    MERGED,
    NO_DATE,
    NO_RESULT,
    ROUNDED,
    SHOWN_OTHERWISE,
    Row,
)
from registry.entry.exchange.header import (
    A_ROW,
    SEARCHED,
    column_name,
    filled,
    find_header,
    read_header,
    unnamed_columns,
)
from registry.entry.infusions.columns import NEEDED_COLUMNS
from registry.errors import FileUnusable, Problem

THE_FILE = 0  # the line number of problems with the file as a whole
# Spreadsheet errors as text, in English and Swedish; a cell too narrow for its date shows ####.
ERROR_TEXT = re.compile(
    r"#(?:[A-ZÅÄÖ]{2,20}(?:/0)?[!?]|N/A|SAKNAS|GETTING_DATA|HÄMTAR_DATA|#{2,})|(?:Err|Fel):[0-9]{3}"
)
MAY_BE_ERROR = re.compile("[#=]|Err:|Fel:")  # checked once per row, since errors are rare
AS_TEXT = re.compile(r'="([^"]*)"')  # how a CSV file keeps a spreadsheet from converting text to a number


class Line(NamedTuple):
    """One row: its line number, its fields, bytes of the file read so far, and its problems so far.

    fields is None where there is no new row: for THE_FILE, and for more problems of an earlier row.
    """

    number: int
    fields: dict[str, str] | None
    bytes_read: int
    problems: tuple[Problem, ...] = ()


def measure_file(path: Path) -> int:
    """The size of a file in bytes. Raises FileUnusable."""
    try:
        return path.stat().st_size
    except OSError:
        raise _unreadable() from None


def _unreadable() -> FileUnusable:
    return FileUnusable(_("The file cannot be read: check that it exists, and that you may read it."))


def read_lines(path: Path, *, centre_given: bool) -> Iterator[Line]:
    """The rows of an exchange file in order, as a stream.

    centre_given: the centre column may be missing. Raises FileUnusable, at the latest at the last row; also for a
    file without rows.
    """
    try:
        with path.open("rb") as file:
            yield from read_open_lines(file, size=measure_file(path), centre_given=centre_given)
    except OSError:
        raise _unreadable() from None


def read_open_lines(file: BinaryIO, *, size: int, centre_given: bool) -> Iterator[Line]:
    """Like `read_lines`, for an open file."""
    needed = NEEDED_COLUMNS if centre_given else NEEDED_COLUMNS | {"centre"}
    if is_workbook(file):
        return _read_workbook(file, size, needed)
    return _read_csv(file, needed)


def _read_csv(file: BinaryIO, needed: set[str]) -> Iterator[Line]:
    encoding = find_encoding(file)
    notes = []
    if encoding == WINDOWS:
        sentence = _("The file is not UTF-8. It was read as Windows-1252: look at å, ä and ö in the report.")
        notes.append(Problem("file", "encoding_assumed", sentence, True))
    with closing(read_csv_rows(file, encoding)) as rows:
        yield from _read_rows(rows, needed, notes)


def _read_workbook(file: BinaryIO, size: int, needed: set[str]) -> Iterator[Line]:
    with workbook.opened(file) as book:
        notes = book.notes()
        try:
            yield from _read_rows(book.read_rows(size), needed, notes, hidden=lambda: book.hidden_columns)
        except FileUnusable as unusable:
            if not notes or type(unusable) is not FileUnusable:
                raise
            # The rows may be in another sheet than the active one.
            advice = _("Open the sheet with the rows, and save the workbook.")
            raise FileUnusable(" ".join([str(unusable), *(note.sentence for note in notes), advice])) from None


def _read_rows(
    rows: Iterator[Row],
    needed: set[str],
    notes: list[Problem],
    hidden: Callable[[], Collection[int]] = frozenset,
) -> Iterator[Line]:
    """Rows as fields by the header's columns; rows above the header are reported.

    hidden: returns the indexes of hidden columns; called once the first row is read.
    """
    top = list(islice(rows, SEARCHED))
    if not top:
        raise FileUnusable(_("The file is empty. Fill in the template, save it, and upload it again."))
    header = find_header([row.cells or () for row in top])
    above, starts = top[:header], top[header].number
    columns = read_header(top[header].cells or (), needed)
    if any(filled(row.cells or ()) >= A_ROW for row in above):
        sentence = _("The column names are in line %(line)s, below other rows: they must come first.")
        raise FileUnusable(sentence % {"line": starts})
    if above:
        numbers = ", ".join(str(row.number) for row in above)
        sentence = _("Not read, because it is above the column names: line %(lines)s.") % {"lines": numbers}
        notes = [*notes, Problem("file", "lines_above_header", sentence, True)]
    if notes:
        yield Line(THE_FILE, None, 0, tuple(notes))
    unseen = [columns[place] for place in sorted(hidden()) if place < len(columns) and columns[place]]
    below = (row for row in map(blank_errors, chain(top[header + 1 :], rows)) if row.number > starts)
    count, bytes_read, used = 0, 0, set[str]()
    for line in _read_table(columns, below):
        count += line.fields is not None
        bytes_read = line.bytes_read
        if unseen and line.fields:
            used.update(name for name in unseen if line.fields.get(name, "").strip(BLANKS))
        yield line
    if not count:
        raise FileUnusable(_("The file has no rows."))
    if used:
        names = ", ".join(column_name(name) for name in unseen if name in used)
        sentence = _("Columns that are hidden in the workbook were read: %(columns)s.") % {"columns": names}
        yield Line(THE_FILE, None, bytes_read, (Problem("file", "columns_hidden", sentence, True),))


def _read_table(columns: list[str], rows: Iterator[Row]) -> Iterator[Line]:
    """The lines below the header."""
    width = len(columns)
    nameless = [place for place, column in enumerate(columns) if not column]
    for number, cells, bytes_read, unreadable, is_hidden in rows:
        if nameless:
            _refuse_nameless(nameless, cells or (), unreadable)
        problems = _problems(columns, unreadable, is_hidden) if unreadable or is_hidden else ()
        if cells is None:
            if problems:
                yield Line(number, None, bytes_read, problems)
            continue
        if len(cells) > width and any(cell.strip(BLANKS) for cell in cells[width:]):
            sentence = _("The row has more cells than the header.")
            problems += (Problem("row", "too_many_cells", sentence),)
        fields = dict(zip(columns, cells, strict=False))
        fields.pop("", None)
        yield Line(number, fields, bytes_read, problems)


def _refuse_nameless(places: list[int], cells: Sequence[str], unreadable: Mapping[int, str]) -> None:
    """Refuse a file with content in a column without a name, since it would be ignored."""
    used = [
        place
        for place in places
        if (place < len(cells) and cells[place].strip(BLANKS)) or unreadable.get(place, MERGED) != MERGED
    ]
    if used:
        raise FileUnusable(unnamed_columns(used))


def blank_errors(row: Row) -> Row:
    """The row with error texts blanked, and without the `="…"` that protects text from a spreadsheet."""
    if not row.cells or not MAY_BE_ERROR.search("".join(row.cells)):
        return row
    row = row._replace(cells=[AS_TEXT.sub(r"\1", cell) if cell[:1] == "=" else cell for cell in row.cells])
    wrong = [place for place, cell in enumerate(row.cells or ()) if ERROR_TEXT.fullmatch(cell.strip(BLANKS))]
    if not wrong:
        return row
    cells = ["" if place in wrong else cell for place, cell in enumerate(row.cells or ())]
    return row._replace(cells=cells, unreadable={**row.unreadable, **dict.fromkeys(wrong, ERROR)})


def _problems(columns: list[str], unreadable: Mapping[int, str], hidden: bool) -> tuple[Problem, ...]:
    """The problems of a row that are known from the file alone."""
    problems = []
    for place, why in unreadable.items():
        if why == A_DATE and (place >= len(columns) or columns[place] == "infused_on"):
            continue
        if place < len(columns):
            problems.append(Problem(columns[place], "cell_unreadable", say_unreadable(why)))
        elif why != MERGED:
            problems.append(Problem("row", "too_many_cells", _("The row has more cells than the header.")))
    if hidden:
        problems.append(
            Problem("row", "row_hidden", _("The row is hidden in the workbook: should it be included?"), True)
        )
    return tuple(problems)


def say_unreadable(why: str) -> str:
    """Why a cell that is not empty cannot be read."""
    return {
        NO_RESULT: _(
            "The cell holds a formula that was not calculated: open the file in a spreadsheet program and save it."
        ),
        ERROR: _("The cell shows a spreadsheet error: correct it, or write the value."),
        MERGED: _("The cell is a hidden part of a merged cell: split the cell, and fill in each row."),
        NO_DATE: _("The cell is formatted as a date but does not hold one: write the date as YYYY-MM-DD."),
        ROUNDED: _(
            "The number has more digits than a spreadsheet can keep: format the cell as text, and "
            "write the number again."
        ),
        SHOWN_OTHERWISE: _(
            "The format of the cell shows something else than the cell holds: format the cell as text, and write "
            "what it should show."
        ),
        A_DATE: _(
            "The cell holds a date, perhaps one that the spreadsheet made of what was typed: format the cell as "
            "text, and write the value again."
        ),
    }[why]
