"""Reading CSV: encoding, separator and row boundaries."""

import codecs
import csv
import re
from collections.abc import Generator, Iterator
from io import TextIOWrapper
from itertools import chain
from typing import BinaryIO

from django.utils.translation import gettext as _

from registry.entry.exchange.file_row import LONGEST_ROW, MOST_COLUMNS, NOTHING, Row, too_many_columns
from registry.entry.exchange.header import SEARCHED, column_of
from registry.errors import FileTooLarge, FileUnusable

CHUNK = 2**16
OF_A_LINE = 1_000  # characters for which each line of a row counts at least: a row of many lines is costly
MOST_EMPTY = 500_000  # lines of empty rows: spreadsheets also write out empty rows that have a format
SEPARATORS = ";,\t|"  # in the order tried: the first that gives most known columns
SAYS_SEPARATOR = re.compile(r'"?sep=([;,\t|:])"?\s*', re.IGNORECASE)
BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
UTF_8, WINDOWS = "utf-8", "cp1252"
MARKS = ("\ufeff", "ï»¿")  # the byte order mark, and one that was decoded as Windows-1252 and encoded again
# å ä ö Å Ä Ö of MS-DOS and Mac OS, where Windows-1252 has signs that never stand next to a letter there.
OTHER_SYSTEMS = re.compile(
    rb"[\x84\x86\x94\x8e\x8f\x99\x80\x81\x85\x8a\x8c\x9a](?=[A-Za-z])|[A-Za-z][\x84\x86\x8a\x8c\x9a]"
)
SWEDISH_IN_UTF_8 = re.compile(rb"\xc3[\xa4\xa5\xb6\x84\x85\x96]")


def find_encoding(file: BinaryIO) -> str:
    """The encoding of a text file; the file is rewound afterwards. Raises FileUnusable.

    Without a byte order mark, what is not UTF-8 is Windows-1252, which Swedish spreadsheets write.
    """
    head = file.read(1000)
    file.seek(0)
    if not head.strip(b"\x00 \t\r\n\x1a"):
        return UTF_8  # empty or blank so far
    return _find_wide(head) or _find_narrow(file)


def _find_wide(head: bytes) -> str:
    """UTF-16, in either byte order, if the text begins so."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            if head.startswith(codecs.BOM_UTF32_LE):
                raise _no_encoding()
            return encoding
    if head[1:2] != b"\x00" and head[:1] != b"\x00":
        return ""
    half = len(head) // 4
    if head.count(0) > len(head) * 5 // 8 or head.startswith(codecs.BOM_UTF32_BE):
        raise _no_encoding()  # UTF-32
    if head[1::2].count(0) > half:
        return "utf-16-le"
    return "utf-16-be" if head[0::2].count(0) > half else ""


def _find_narrow(file: BinaryIO) -> str:
    """UTF-8 or Windows-1252, from the whole text."""
    is_utf_8, is_windows, letters, other_system, last = True, True, False, False, b""
    as_utf_8 = codecs.getincrementaldecoder(UTF_8)()
    as_windows = codecs.getincrementaldecoder(WINDOWS)()
    while chunk := file.read(CHUNK):
        letters = letters or bool(SWEDISH_IN_UTF_8.search(chunk))
        other_system = other_system or bool(not chunk.isascii() and OTHER_SYSTEMS.search(last + chunk))
        last = chunk[-1:]
        is_utf_8 = is_utf_8 and _decodes(as_utf_8, chunk)
        is_windows = is_windows and (chunk.isascii() or _decodes(as_windows, chunk))
        if not (is_utf_8 or is_windows):
            break
    is_utf_8 = is_utf_8 and _decodes(as_utf_8, b"", final=True)
    file.seek(0)
    if is_utf_8:
        return UTF_8
    if letters or not (is_windows or other_system):
        raise _no_encoding()
    if other_system:
        sentence = _(
            "The letters å, ä and ö are written as MS-DOS or a Macintosh has them: save the file as CSV UTF-8, or "
            "as XLSX."
        )
        raise FileUnusable(sentence)
    return WINDOWS


def _no_encoding() -> FileUnusable:
    return FileUnusable(_("The file mixes character encodings: save it as CSV UTF-8, or as XLSX."))


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def read_csv_rows(file: BinaryIO, encoding: str) -> Generator[Row, None, None]:
    """The rows that are not empty, numbered by their first line, since a cell may hold line breaks.

    Raises FileUnusable and FileTooLarge, at the latest at the last row.
    """
    text = TextIOWrapper(file, encoding=encoding, newline="")
    used = [0]  # characters of the current row
    lines = _read_lines(text, used)
    begins, empty = 1, 0
    try:
        top = [line for _place, line in zip(range(SEARCHED), _measure_each(lines, used), strict=False)]
        skipped, separator = _find_separator(top)
        begins += skipped
        rows = csv.reader(chain(top[skipped:], lines), delimiter=separator, strict=True, skipinitialspace=True)
        for cells in rows:
            used[0] = 0
            text_of_row = "".join(cells)
            # The first is nearly always enough, and much faster than the others.
            if text_of_row[:1].isalnum() or (not text_of_row.isspace() and text_of_row.strip(NOTHING)):
                if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
                    raise too_many_columns(begins)
                yield Row(begins, cells, file.tell())
            else:
                empty += rows.line_num + skipped + 1 - begins
                if empty > MOST_EMPTY:
                    raise FileTooLarge(_("The file has more than half a million empty lines: delete them."))
            begins = rows.line_num + skipped + 1
    except UnicodeDecodeError:
        raise FileUnusable(_("The text of the file is damaged: save it as CSV UTF-8, or as XLSX.")) from None
    except csv.Error:
        sentence = _(
            "Line %(line)s: the quotation marks do not match. Delete them, or save the file again from "
            "the spreadsheet."
        )
        raise FileUnusable(sentence % {"line": begins}) from None
    except _RowTooLong:
        sentence = _("Line %(line)s is too long: a quotation mark is not closed, or this is not a table.")
        raise FileTooLarge(sentence % {"line": begins}) from None
    finally:
        text.detach()


class _RowTooLong(Exception):
    """More characters than a row may have."""


def _read_lines(text: TextIOWrapper, used: list[int]) -> Iterator[str]:
    """The lines, with line endings of any kind."""
    first = text.readline(LONGEST_ROW + 1)
    for mark in MARKS * 3:
        first = first.removeprefix(mark)
    line = first
    while line:
        used[0] += max(len(line), OF_A_LINE)
        if used[0] > LONGEST_ROW:
            raise _RowTooLong
        yield line
        line = text.readline(LONGEST_ROW + 1)


def _measure_each(lines: Iterator[str], used: list[int]) -> Iterator[str]:
    """The lines, each measured on its own."""
    for line in lines:
        used[0] = 0
        yield line


def _find_separator(top: list[str]) -> tuple[int, str]:
    """(number of lines before the header, separator)."""
    stated = SAYS_SEPARATOR.fullmatch(top[0]) if top else None
    rest = top[1:] if stated else top
    best = max(
        ((_names(line, separator), separator) for line in rest for separator in SEPARATORS),
        key=lambda found: found[0],
        default=(0, ","),
    )
    if best[0] > 1:  # known columns beat the `sep=` line
        return len(top) - len(rest), best[1]
    if stated:
        return 1, stated[1]
    first = next((line for line in top if line.strip(NOTHING)), "")
    return 0, max(SEPARATORS, key=first.count)


def _names(line: str, separator: str) -> int:
    cells = line.split(separator, 100)
    return len({column for cell in cells if (column := column_of(cell.strip('" \r\n')))})
