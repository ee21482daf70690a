"""Files are written piece by piece, in as much memory as a piece takes, and open in what reads workbooks."""

import csv
import io
import tracemalloc
from uuid import uuid4
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from registry.entry.exchange.file_writer import FORMATS, write_batches
from registry.entry.exchange.workbook import opened

HEADER = ["id", "text", "number"]
TEXTS = (
    "plain",
    " space ",
    "two\nlines",
    "two\r\nlines",
    "\rfirst",
    "tab\tin",
    '<&>"',
    "Å–ö",
    "0012",
    "2020-05-05",
)
# What XML cannot hold, and what a spreadsheet would refuse the whole workbook for.
UNWRITABLE = ("\x00", "\x1f", "\ufffe", "\uffff")


def read(content: bytes) -> list[tuple]:
    return list(load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True))


@pytest.mark.parametrize("format", FORMATS)
def test_a_piece_is_there_before_the_next_rows_are_read(format):
    asked = []

    def batches():
        for number in range(3):
            asked.append(number)
            yield [[str(uuid4()), str(uuid4()), row] for row in range(2_000)]

    pieces = write_batches(batches(), format=format)
    for number in range(2):
        assert len(next(pieces)) > 50_000
        assert asked == list(range(number + 1))


@pytest.mark.parametrize("format", FORMATS)
def test_no_piece_is_empty_which_would_end_a_response(format):
    assert all(write_batches([[HEADER], [], [[1, "a", 2]], []], format=format))


@pytest.mark.parametrize("format", FORMATS)
def test_memory_is_that_of_a_batch(format):
    peaks = []
    for count in (60, 300):  # batches; the first fill what is remembered of cells
        batches = ([[f"{batch}-{row}" * 3, "x" * 20, row] for row in range(100)] for batch in range(count))
        tracemalloc.start()
        for _piece in write_batches(batches, format=format):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 100_000


def test_a_workbook_holds_texts_as_texts_and_numbers_as_numbers_under_a_header_that_stays():
    rows = [[place, text, place * 10] for place, text in enumerate(TEXTS)] + [[None, "", 7], [8, None, None]]
    content = b"".join(write_batches([[HEADER, *rows[:3]], [], rows[3:]], format="xlsx"))
    # An apostrophe before what begins with the end of a line: it may be followed by a formula.
    expected = [
        ["'\rfirst" if cell == "\rfirst" else cell or None if cell == "" else cell for cell in row] for row in rows
    ]
    assert read(content) == [tuple(HEADER), *map(tuple, expected)]
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    assert (sheet.title, sheet.freeze_panes, sheet.max_row) == ("swecar", "A2", 1 + len(rows))
    assert {cell.data_type for cell in sheet["B"][1:11]} == {"s"}
    quick = load_workbook(io.BytesIO(content), read_only=True).worksheets[0].iter_rows(values_only=True)
    assert list(quick) == read(content)


def test_our_own_reader_finds_each_cell_in_its_column():
    rows = [[1, "a", 10], [2, None, 20], [3, "c", 30]]
    content = b"".join(write_batches([[HEADER, *rows]], format="xlsx"))
    with opened(io.BytesIO(content)) as book:
        found = [(row.number, row.cells) for row in book.read_rows(len(content))]
    assert found == [
        (number, ["" if cell is None else str(cell) for cell in row])
        for number, row in enumerate([HEADER, *rows], start=1)
    ]


@pytest.mark.parametrize("letter", UNWRITABLE)
def test_a_letter_that_xml_cannot_hold_spoils_no_file(letter):
    for format in FORMATS:
        content = b"".join(write_batches([[HEADER], [[1, f"a{letter}b", 2]]], format=format))
        if format == "xlsx":
            assert ZipFile(io.BytesIO(content)).testzip() is None
            assert read(content)[1] == (1, "a\ufffdb", 2)
        else:
            assert list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))[1][1] == "a\ufffdb"
