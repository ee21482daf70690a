"""Reading an uploaded exchange file: only digests of its identity numbers are stored.

The file is held in memory, never on disk. A small file is read within its request; a larger one is stored
sealed for a worker. Until the import has ended, each row's values, digests and cells (for the report) are stored,
without its identity number and without any other cell that may be one.
"""

import re
from collections.abc import Sequence
from io import BytesIO
from typing import BinaryIO
from uuid import UUID

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from registry.entry.exchange.file_kind import is_workbook
from registry.entry.exchange.file_reader import Line, read_open_lines
from registry.entry.exchange.workbook import rows_at_most, unpacked_size
from registry.entry.importing import kept_rows
from registry.entry.importing.pipeline import Progress, batches, pause_collector, read_line
from registry.entry.importing.staging import problem_row
from registry.entry.infusions.row_fields import LONGEST_VALUE
from registry.entry.infusions.row_reader import CodeLists, RowReader, read_person
from registry.entry.patients.key_in_use import is_newest_alone
from registry.errors import FileTooLarge, FileUnusable
from registry.identity import LOCAL_PREFIX, may_be_identifier
from registry.infusion_input import Identified, InfusionInput
from registry.keyed_digests import chain_of, digest_ahead
from registry.reserve_numbers import FULL_LENGTH, UNPUBLISHED

LARGEST_MEGABYTES = 10
LARGEST_BYTES = LARGEST_MEGABYTES * 2**20
MOST_ROWS = 20_000  # manage.py import_infusions has no limit
# Read within the request, in less than a second: some 1,500 rows.
SMALL_TEXT, SMALL_WORKBOOK = 150_000, 1_000_000  # bytes; of a workbook, unpacked
SMALL_ROWS = 1_500  # also for short rows, since each may have many problems
HIDDEN = "…"
LEAST_DIGITS = 9  # digits of a possible identity number, even mistyped; a date has eight
NO_PERSON = re.compile(r"\d{4}-(?:\d{6}-\d{2}(?:-\d{2})?|\d{2}-\d{2})")  # a trial, a day

KeptRow = tuple[UUID, int, dict, dict | None, bytes | None, bytes | None]


def read_content(file: BinaryIO) -> BytesIO:
    """The content of an uploaded file, in memory. Raises FileTooLarge."""
    content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise FileTooLarge
    return BytesIO(content)


def is_small(content: BytesIO, lists: CodeLists) -> bool:
    """Whether a file can be read within the request; of a larger file only the header and a row are checked.

    Raises FileUnusable.
    """
    if is_workbook(content):
        size = unpacked_size(content)
        content.seek(0)
        return size <= SMALL_WORKBOOK and rows_at_most(content) <= SMALL_ROWS
    if content.getbuffer().nbytes <= SMALL_TEXT and _lines(content) <= SMALL_ROWS:
        return True
    next(read_open_lines(content, size=0, centre_given=bool(lists.default_centre)))
    content.seek(0)
    return False


def _lines(content: BytesIO) -> int:
    text = content.getvalue()
    return max(text.count(b"\n"), text.count(b"\r"))


def keep_rows(
    *, job: UUID, content: BytesIO, lists: CodeLists, progress: Progress = lambda stage, done, total: None
) -> int:
    """Read a file and store its rows and problems for the import; returns the number of rows.

    Raises FileUnusable.
    """
    reader, count, newest_alone = RowReader(lists), 0, is_newest_alone()
    size = content.getbuffer().nbytes
    with pause_collector():
        for lines in batches(read_open_lines(content, size=size, centre_given=bool(lists.default_centre))):
            count += sum(line.fields is not None for line in lines)
            if count > MOST_ROWS:
                sentence = _("The file has more than %(most)s rows: divide it.")
                raise FileUnusable(sentence % {"most": number_format(MOST_ROWS, force_grouping=True)})
            rows, problems = _read(job, reader, lines, newest_alone=newest_alone)
            kept_rows.keep_rows(rows)
            kept_rows.keep_problems(problems)
            progress("reading", lines[-1].bytes_read, size)
    return count


def _read(
    job: UUID, reader: RowReader, lines: Sequence[Line], *, newest_alone: bool
) -> tuple[list[KeptRow], list[tuple]]:
    """The rows and problems to store. Of a row that cannot be staged its person's digests, for an erasure."""
    read: list[tuple[Line, InfusionInput | None, Identified | None]] = []
    problems: list[tuple] = []
    for line in lines:
        stated, found = read_line(reader, line)
        problems += ((job, line.number, *problem_row(problem)) for problem in found)
        if line.fields is not None:
            read.append((line, stated, stated.identifier if stated else read_person(line.fields, reader.lists)))
    digest_ahead(identifier for _line, _stated, identifier in read)
    rows: list[KeptRow] = []
    for line, stated, identifier in read:
        stored: tuple[dict | None, bytes | None, bytes | None] = None, None, None
        if stated:
            stored = kept_rows.keep_stated(stated, newest_alone=newest_alone)
        elif identifier:
            stored = None, chain_of(identifier.digests(), newest_alone=newest_alone), None
        rows.append((job, line.number, show_cells(line.fields or {}), *stored))
    return rows, problems


def show_cells(fields: dict[str, str]) -> dict[str, str]:
    """A row's cells as a report shows them: identity numbers are hidden in every column."""
    return {
        name: HIDDEN if _may_identify(cell) else cell[:LONGEST_VALUE].replace("\x00", "")
        for name, cell in fields.items()
        if cell and name != "patient_id"
    }


def _may_identify(cell: str) -> bool:
    if cell.lstrip()[: len(LOCAL_PREFIX)].lower() == LOCAL_PREFIX:
        return True
    if len(cell) < LEAST_DIGITS or cell.isalpha() or NO_PERSON.fullmatch(cell.strip()):
        return False
    digits = sum(map(str.isdigit, cell))
    if digits >= LEAST_DIGITS:
        return True
    if not digits and cell.isascii():
        return False
    bare = cell.strip().upper()
    return may_be_identifier(cell) or (len(bare) == FULL_LENGTH and bool(UNPUBLISHED.fullmatch(bare)))
