"""The readers of exchange files against files of every shape, with an oracle that says what a person sees.

FUZZ=25000 gives each test so many inputs (pytest -n 0 tests/test_readers_fuzzed.py, without a database).
"""

import io
import os
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from registry.entry.exchange.file_reader import read_open_lines
from registry.errors import FileUnusable
from tests.test_csv_dialects import SWEDISH
from tests.test_import import COLUMNS
from tests.workbooks import STRICT, Book, Sheet, letters

INPUTS = int(os.environ.get("FUZZ", "60"))
fuzzed = settings(
    max_examples=INPUTS, deadline=None, database=None, derandomize=INPUTS < 1000,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
UNREADABLE = "unreadable"
FORMATS = ("yyyy-mm-dd", "mmm-yy", "yyyy", "000000", "14", "17", '"LOT "00', "@", "0.00", "General")
TEXTS = ["<si><t>shared</t></si>", "<si><r><t>ri</t></r><r><t>ch</t></r></si>", "<si><t> </t></si>"]
# A cell, and what a person sees in it: told by hand, and not by the reader's own rules.
CELLS = [
    ("", ""),
    ("text", "text"),
    ("påse", "påse"),
    ("a  b", "a  b"),
    ("first", "first"),
    ("<c/>", ""),
    ('<c s="1"/>', ""),
    ("<c><v>17</v></c>", "17"),
    ('<c s="10"><v>17</v></c>', "17"),
    ('<c s="9"><v>17.5</v></c>', "17.50"),
    ('<c s="1"><v>45266</v></c>', "2023-12-06"),
    ('<c s="5"><v>45266.75</v></c>', "2023-12-06"),
    ('<c s="2"><v>45266</v></c>', "2023-12"),
    ('<c s="6"><v>45266</v></c>', "2023-12"),
    ('<c s="3"><v>45266</v></c>', "2023"),
    ('<c s="4"><v>123</v></c>', "000123"),
    ('<c s="7"><v>7</v></c>', "LOT 07"),
    ('<c s="8" t="inlineStr"><is><t>007</t></is></c>', "007"),
    ('<c t="s"><v>0</v></c>', "shared"),
    ('<c t="s"><v>1</v></c>', "rich"),
    ("<c><f>1+1</f><v>2</v></c>", "2"),
    ('<c t="str"><f>A1</f><v>x</v></c>', "x"),
    ('<c t="str"><f>A1</f><v></v></c>', ""),
    ('<c t="b"><v>0</v></c>', UNREADABLE),
    ('<c s="1" t="d"><v>2023-12-06</v></c>', "2023-12-06"),
    ("<c><v>197001011234</v></c>", "197001011234"),
    ("<c><v>1.97001011234E11</v></c>", "197001011234"),
    ("<c><f>1+1</f></c>", UNREADABLE),
    ("<c><f>1+1</f><v/></c>", UNREADABLE),
    ('<c t="e"><v>#REF!</v></c>', UNREADABLE),
    ('<c t="e"><v>#N/A</v></c>', UNREADABLE),
    ('<c s="1"><v>-9</v></c>', UNREADABLE),
]
SEEN = dict(CELLS)
# Days in the order of the reader's country, and months in its words: of a batch nobody knows how it was written.
DAYS = {cell for cell in SEEN if cell.startswith(('<c s="2">', '<c s="5">', '<c s="6">'))}
NOTHING = [[""] * 15, ["<c/>"] * 15, [" ", "\u2003", "\xa0"], ['<c t="s"><v>2</v></c>'], [""]]


@dataclass
class Made:
    """A file, and what has to be read of it: line -> column -> what is seen."""

    content: bytes
    lines: dict[int, dict[str, str]]
    said: set[str]


@st.composite
def workbooks(draw) -> Made:
    count = draw(st.integers(1, 4))
    states = draw(
        st.lists(st.sampled_from(["", "visible", "hidden", "veryHidden"]), min_size=count, max_size=count)
    )
    states[draw(st.integers(0, count - 1))] = ""
    active = draw(st.integers(0, count))
    seen = [place for place, state in enumerate(states) if state in {"", "visible"}]
    read = active if active in seen else seen[0]
    sheets, lines, said = [], {}, set()
    for place, state in enumerate(states):
        sheet, expected, has_rows = draw(worksheets(f"Blad {place}", state))
        sheets.append(sheet)
        if place == read:
            lines = expected
        elif has_rows:
            said.add(f"Blad {place}")
    book = Book(
        sheets, formats=FORMATS, texts=TEXTS, namespace=draw(st.sampled_from([Book([]).namespace, STRICT])),
        view=draw(st.sampled_from([f'<workbookView activeTab="{active}"/>'] * 3 + ([""] if active == 0 else []))),
        extra=draw(st.sampled_from([{}, {"xl/vbaProject.bin": b"\x00"}])),
    )  # fmt: skip
    return Made(book.content(), lines, said)


@st.composite
def worksheets(draw, name: str, state: str) -> tuple[Sheet, dict[int, dict[str, str]], bool]:
    columns = draw(st.permutations(COLUMNS))
    spelled = draw(st.sampled_from([str, str.upper, SWEDISH.get]))
    number = draw(st.integers(1, 3))
    rows: dict[int, list[str]] = {number: [spelled(column) for column in columns]}
    header, expected = number, {}
    merged: list[str] = []
    if draw(st.integers(0, 9)) == 0:
        return Sheet({}, name=name, state=state), {}, False
    for _row in range(draw(st.integers(0, 6))):
        number += draw(st.sampled_from([1, 1, 1, 2, 900]))
        if draw(st.integers(0, 4)) == 0:
            rows[number] = draw(st.sampled_from(NOTHING))
            continue
        cells = [cell for cell, _seen in draw(st.lists(st.sampled_from(CELLS), min_size=15, max_size=15))]
        cells[draw(st.integers(0, 14))] = "here"
        rows[number] = cells
        expected[number] = {
            column: UNREADABLE if cell in DAYS and column != "infused_on" else SEEN.get(cell, "here")
            for column, cell in zip(columns, cells, strict=True)
        }
    addressed = draw(st.booleans()) or list(rows) != list(range(1, len(rows) + 1))
    if expected and draw(st.integers(0, 3)) == 0:
        place, first = draw(st.integers(0, 14)), draw(st.integers(header + 1, number))
        last = draw(st.integers(first + 1, number + 3))
        merged = [f"{letters(place)}{first}:{letters(place)}{last}"]
        for line, seen in expected.items():
            if first < line <= last:
                seen[columns[place]] = UNREADABLE
    sheet = Sheet(
        rows, name=name, state=state, merged=merged, addressed=addressed,
        dimension=draw(st.sampled_from(["", "A1", "A1:O1", "B3:C4", "A1:XFD1048576", "?"])),
        prefix=draw(st.sampled_from(["", "x"])) if not any("<c" in "".join(row) for row in rows.values()) else "",
    )  # fmt: skip
    return sheet, expected, True


LETTERS = "abcåäöÅÄÖé019.-_ ,;\t'\"\n"


@st.composite
def texts(draw) -> Made:
    columns = draw(st.permutations(COLUMNS))[: draw(st.integers(8, 15))]
    needed = [
        name for name in ("centre", "patient_id", "category", "product", "infused_on") if name not in columns
    ]
    columns = [*columns, *needed]
    spelled = draw(st.sampled_from([str, str.upper, SWEDISH.get]))
    separator, end = draw(st.sampled_from(",;\t")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    says = draw(st.booleans())
    text, line = f"sep={separator}{end}" if says else "", 2 if says else 1
    rows, lines = [[spelled(column) for column in columns]], {}
    for _row in range(draw(st.integers(0, 5))):
        if draw(st.integers(0, 4)) == 0:
            rows.append(draw(st.sampled_from([[""], [" "], [""] * 9, ["\u2003", "\xa0 "], ["\x00"], ["\x1a"]])))
            continue
        cells = draw(st.lists(st.text(LETTERS, max_size=9), min_size=1, max_size=len(columns)))
        cells[draw(st.integers(0, len(cells) - 1))] = "here"
        rows.append(cells)
    for cells in rows:
        if "here" in cells:
            lines[line] = dict(zip(columns, cells, strict=False))
        always = draw(st.booleans())
        text += separator.join(quoted(cell, separator, always=always) for cell in cells) + end
        line += 1 + sum(cell.count("\n") for cell in cells)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "marks"]))
    if encoding == "marks":
        content = b"\xef\xbb\xbf" * 3 + text.encode()
    elif encoding == "cp1252":
        content = text.replace("\u2003", " ").encode("cp1252")
    else:
        content = text.encode(encoding)
    return Made(content + draw(st.sampled_from([b"", b"\x1a" if "16" not in encoding else b""])), lines, set())


def quoted(cell: str, separator: str, *, always: bool) -> str:
    if always or any(letter in cell for letter in f'{separator}"\n\r'):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def read(content: bytes) -> tuple[dict[int, dict[str, str]], str]:
    """What was read, in the oracle's terms, and what was said of the file as a whole."""
    lines: dict[int, dict[str, str]] = {}
    said = ""
    for line in read_open_lines(io.BytesIO(content), size=len(content), centre_given=True):
        if line.fields is not None:
            assert line.number not in lines
            lines[line.number] = dict(line.fields)
        for problem in line.problems:
            if line.number == 0:
                said += problem.sentence
            elif problem.code == "cell_unreadable":
                lines[line.number][problem.field] = UNREADABLE
    return lines, said


def plain(lines: dict[int, dict[str, str]]) -> dict[int, dict[str, str]]:
    """Without what is empty, and without spaces around a text, which are no part of it (row_fields.py)."""
    return {
        number: {column: text.strip() for column, text in fields.items() if text.strip()}
        for number, fields in lines.items()
    }


def check(made: Made) -> None:
    try:
        lines, said = read(made.content)
    except FileUnusable as unusable:
        assert not made.lines, unusable
        return
    assert plain(lines) == plain(made.lines)
    assert all(name in said for name in made.said), said


@fuzzed
@given(workbooks())
def test_every_row_that_a_person_sees_in_a_workbook_is_read(made):
    check(made)


@fuzzed
@given(texts())
def test_every_row_that_a_person_sees_in_a_text_is_read(made):
    check(made)


def scratched(content: bytes, chance: random.Random) -> Iterator[bytes]:
    """The content with bytes changed, cut, doubled; and a workbook with that done to one of its parts."""
    broken = bytearray(content)
    for _byte in range(chance.randrange(1, 8)):
        broken[chance.randrange(len(broken))] = chance.randrange(256)
    yield bytes(broken)
    start, length = chance.randrange(len(content)), chance.randrange(200)
    yield content[:start]
    yield content[:start] + content[start + length :]
    yield content[:start] + content[start : start + length] * 2 + content[start + length :]
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = chance.choice(list(parts))
        for broken_part in scratched(parts[name], chance) if not parts[name].startswith(b"PK") else ():
            target = io.BytesIO()
            with zipfile.ZipFile(target, "w") as archive:
                for other, part in parts.items():
                    archive.writestr(other, broken_part if other == name else part)
            yield target.getvalue()


@fuzzed
@given(st.one_of(workbooks(), texts()), st.randoms(use_true_random=False))
def test_a_broken_file_is_read_or_refused_in_our_words(made, chance):
    for content in scratched(made.content, chance):
        try:
            read(content)
        except FileUnusable as unusable:
            assert unusable.code in {"file_unusable", "file_too_large"}
