"""Reading an uploaded exchange file: identifiers become digests at once, and nothing else is kept of them.

The file is in memory and never on the disk. What stays until the import has ended is, row by row, the
draft without its identifier, the digests, and the cells as written for the report, without the
identifier and without whatever else might be one.
"""

import re
from collections.abc import Sequence
from io import BytesIO
from typing import BinaryIO
from uuid import UUID
from zipfile import BadZipFile, ZipFile

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from registry.entry import staging
from registry.entry.exchange import Line, read_open_lines
from registry.entry.import_file import batches, read_line
from registry.entry.reading import LONGEST_VALUE, CodeLists, RowReader, read_person
from registry.errors import FileUnusable, Problem
from registry.identity import LOCAL_PREFIX, IdentifierUnusable, read_identifier

LARGEST_MEGABYTES = 10
LARGEST_BYTES = LARGEST_MEGABYTES * 2**20
LARGEST_UNPACKED = 20 * LARGEST_BYTES  # a small archive may hold a sheet without end
MOST_ROWS = 20_000  # read within a request; manage.py import_infusions has no limit
ARCHIVE = b"PK\x03\x04"  # how an XLSX file begins
HIDDEN = "…"
LEAST_DIGITS = 9  # of what may be an identity number, mistyped perhaps; a date has eight
TRIAL_FORMAT = re.compile(r"\d{4}-\d{6}-\d{2}(-\d{2})?")

KeptRow = tuple[UUID, int, dict, dict | None, bytes | None]


class FileTooLarge(FileUnusable):
    """The file is larger than 10 MB: divide it."""

    code = "file_too_large"


def read_content(file: BinaryIO) -> BytesIO:
    """The whole of an uploaded file, in memory. Raises FileTooLarge."""
    content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise FileTooLarge
    return BytesIO(content)


def keep_rows(*, job: UUID, content: BytesIO, file_name: str, lists: CodeLists) -> int:
    """Read a file and keep its rows and problems for the import; returns how many rows there are.

    Raises FileUnusable.
    """
    reader, count = RowReader(lists), 0
    size = content.getbuffer().nbytes
    workbook = content.getvalue()[: len(ARCHIVE)] == ARCHIVE or file_name.lower().endswith(".xlsx")
    if workbook:
        _refuse_endless(content)
    lines = read_open_lines(content, size=size, workbook=workbook, centre_given=bool(lists.default_centre))
    for some in batches(lines):
        count += len(some)
        if count > MOST_ROWS:
            sentence = _("The file has more than %(most)s rows: divide it.")
            raise FileUnusable(sentence % {"most": number_format(MOST_ROWS, force_grouping=True)})
        rows, problems = _read(job, reader, some)
        staging.keep_rows(rows)
        staging.keep_problems(problems)
    if not count:
        raise FileUnusable(_("The file has no rows."))
    return count


def _read(job: UUID, reader: RowReader, lines: Sequence[Line]) -> tuple[list[KeptRow], list[tuple]]:
    rows: list[KeptRow] = []
    problems: list[tuple] = []
    for line in lines:
        draft, found = read_line(reader, line)
        kept, chain = staging.keep_draft(draft) if draft else (None, _digest(line, reader.lists))
        rows.append((job, line.number, show_cells(line.fields), kept, chain))
        problems += ((job, line.number, *_plain(problem)) for problem in found)
    return rows, problems


def _digest(line: Line, lists: CodeLists) -> bytes | None:
    """The digests of a row that cannot be stored, by which an erasure finds it; None without an identifier."""
    identifier = read_person(line.fields, lists)
    return staging.chain_of(identifier) if identifier else None


def _plain(problem: Problem) -> tuple:
    return problem.field, problem.code, str(problem.sentence), problem.warning


def show_cells(fields: dict[str, str]) -> dict[str, str]:
    """A row's cells as a report shows them: no identifier, whichever column it stands in."""
    return {
        name: HIDDEN if _may_identify(cell) else cell[:LONGEST_VALUE].replace("\x00", "")
        for name, cell in fields.items()
        if cell and name != "patient_id"
    }


def _may_identify(cell: str) -> bool:
    if cell.lstrip()[: len(LOCAL_PREFIX)].lower() == LOCAL_PREFIX:
        return True
    if len(cell) < LEAST_DIGITS or cell.isalpha() or TRIAL_FORMAT.fullmatch(cell.strip()):
        return False
    if sum(map(str.isdigit, cell)) >= LEAST_DIGITS:
        return True
    try:
        read_identifier(cell, centre="")
    except IdentifierUnusable:
        return False
    return True


def _refuse_endless(content: BytesIO) -> None:
    try:
        with ZipFile(content) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except BadZipFile:
        return  # the reader says so
    finally:
        content.seek(0)
    if unpacked > LARGEST_UNPACKED:
        raise FileTooLarge
