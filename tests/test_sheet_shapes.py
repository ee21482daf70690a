"""Sheets of odd shapes: what is hidden by default, what no program writes, and what costs much to refuse."""

import io
import time
import zipfile

import pytest
from django.utils.translation import override

from registry.entry.importing.pipeline import ImportSummary
from registry.errors import FileUnusable
from registry.models import Infusion
from tests.test_import import COLUMNS, ROW
from tests.test_workbooks import OTHER, SST, THIRD, number, one, read_one, sheet_with, streamed, table
from tests.workbooks import Book, Sheet

ROWS = [row | {"batch": f"B{place}"} for place, row in enumerate((ROW, OTHER, THIRD))]


def rewritten(*changes: tuple[str, str], rows=ROWS, **options) -> bytes:
    """A workbook whose sheet is written otherwise: each text in the place of another, once."""

    class Rewritten(Sheet):
        def xml(self, namespace: str) -> str:
            xml = super().xml(namespace)
            for old, new in changes:
                assert old in xml
                xml = xml.replace(old, new, 1)
            return xml

    return Book([Rewritten(table(*rows), **options)]).content()


def formatted(properties: str, *changes: tuple[str, str]) -> bytes:
    return rewritten(("<sheetData>", f"<sheetFormatPr {properties}/><sheetData>"), *changes)


def refused(bring, content: bytes) -> str:
    with override("en"), pytest.raises(FileUnusable) as unusable:
        bring(content, "x.xlsx")
    assert not Infusion.objects.exists()
    return str(unusable.value)


# What is hidden by default.


@pytest.mark.parametrize("properties, change, hidden", [
    # Programs write `zeroHeight` where they hide the rows below the last: those that are there are seen.
    ('defaultRowHeight="15" zeroHeight="1"', ('<row r="3"', '<row r="3"'), []),
    ('defaultRowHeight="15" zeroHeight="1"', ('<row r="3"', '<row r="3" hidden="1"'), [3]),
    ('defaultRowHeight="15" zeroHeight="true"', ('<row r="4"', '<row r="4" ht="0" customHeight="1"'), [4]),
    ('defaultRowHeight="0" zeroHeight="1"', ('<row r="3"', '<row r="3" ht="15"'), [2, 4]),
    ('defaultRowHeight="0.0"', ('<row r="2"', '<row r="2" hidden="0" ht="15"'), [3, 4]),
    ('defaultRowHeight="0.5"', ('<row r="2"', '<row r="2"'), []),
])  # fmt: skip
def test_rows_that_a_sheet_hides_by_default_are_read_with_a_warning(bring, properties, change, hidden):
    summary, problems = bring(formatted(properties, change), "x.xlsx")
    assert summary.stored == 3
    assert problems == [(line, "row", "row_hidden") for line in hidden]


@pytest.mark.parametrize("columns, named", [
    ('<col min="1" max="14" width="9"/>', "batch"),
    ('<col min="1" max="1" width="9"/><col min="3" max="15" width="8.5"/>', "patient_id"),
    ('<col min="1" max="14" width="9"/><col min="15" max="15" style="1"/>', "batch"),
    ('<col min="1" max="15" width="9"/><col min="16" max="16384" hidden="1"/>', ""),
])  # fmt: skip
def test_columns_that_a_sheet_hides_by_default_are_read_and_named(lists, write, manage, columns, named):
    content = formatted('defaultColWidth="0"', ("<sheetData>", f"<cols>{columns}</cols><sheetData>"))
    _code, out, _err = manage("import_infusions", write(content, "x.xlsx"))
    told = f"file: warning: columns_hidden: Columns that are hidden in the workbook were read: {named}.\n"
    assert out == f"{told if named else ''}3 rows stored, {bool(named):d} warnings.\n"


# Which sheet.


@pytest.mark.parametrize("view", ["", '<workbookView activeTab="0"/>', '<workbookView activeTab="2"/>'])
@pytest.mark.parametrize("state", ["", "hidden", "veryHidden"])
@pytest.mark.parametrize("kind", ["xlMacrosheet", "xlIntlMacrosheet", "dialogsheet"])
def test_a_sheet_of_another_kind_is_never_read_and_named_if_it_has_rows(lists, write, manage, view, state, kind):
    sheets = [
        Sheet(table(ROW | {"batch": "no"}), name="Makro", kind=kind, state=state),
        Sheet([], name="Tomt", kind=kind), Sheet(table(*ROWS), name="Rader"),
        Sheet([], name="Diagram", kind="chartsheet"),
    ]  # fmt: skip
    code, out, _err = manage("import_infusions", write(Book(sheets, view=view).content(), "x.xlsm"))
    assert (code, "The sheet Makro was not read." in out) == (0, True)
    assert set(Infusion.objects.values_list("batch", flat=True)) == {"B0", "B1", "B2"}


@pytest.mark.parametrize("tab", ["-1", "1.0", "one", "", "99999999999", "2", "1"])
def test_a_tab_that_cannot_be_seen_is_never_the_one_that_is_read(lists, write, manage, tab):
    sheets = [
        Sheet(table(*ROWS), name="2025"), Sheet(table(ROW | {"batch": "no"}), name="2024", state="hidden"),
        Sheet(table(ROW | {"batch": "no"}), name="2023", state="veryHidden"),
    ]  # fmt: skip
    content = Book(sheets, view=f'<workbookView activeTab="{tab}"/>').content()
    code, out, _err = manage("import_infusions", write(content, "x.xlsx"))
    assert (code, "The sheets 2024, 2023 were not read." in out) == (0, True)
    assert set(Infusion.objects.values_list("batch", flat=True)) == {"B0", "B1", "B2"}


# What no program writes: refused, and nothing of it passed over.


@pytest.mark.parametrize("change", [
    ('<row r="3">', '<row r="2">'), ('<row r="4">', '<row r="3">'), ('<row r="4">', '<row r="1">'),
    ('<row r="3">', '<row r="0">'), ('<row r="3">', '<row r="1048577">'), ('<row r="3">', '<row r="-3">'),
    ('r="B3"', 'r="A3"'), ('r="B3"', 'r="D3"'), ('r="B3"', 'r="B4"'), ('r="B3"', 'r="b3"'), ('r="B3"', 'r="$B$3"'),
    ('r="B3"', 'r="XFE3"'), ('<row r="3">', '<row r="3"><row>'), ("</row>", ""),
    ("<sheetData>", "<sheetData><row>"),
    ('<row r="3">', '<row r="3"><row r="4"><c t="str"><v>x</v></c></row>'),
    ('<row r="3">', '<row r="3"><c><c/></c>'), ("</sheetData>", '</sheetData><row r="9"><c><v>1</v></c></row>'),
    ("</sheetData>", '<x><row r="9"><c><v>1</v></c></row></x></sheetData>'),
])  # fmt: skip
def test_rows_and_cells_out_of_place_are_refused(bring, change):
    assert "damaged" in refused(bring, rewritten(change))


@pytest.mark.parametrize("change", [
    ('<row r="3">', "<row>"), ('<row r="2">', '<row spans="1:3">'), ('r="B3"', ""), ('r="A3"', ""),
    ("</row>", "</row></sheetData><sheetData>"),
])  # fmt: skip
def test_rows_and_cells_without_an_address_stand_after_those_before(bring, change):
    assert bring(rewritten(change), "x.xlsx") == (ImportSummary(3, 3, 0, 0, 0), [])
    assert set(Infusion.objects.values_list("batch", flat=True)) == {"B0", "B1", "B2"}


@pytest.mark.parametrize("merged, found", [
    ("O4:O3", {(4, "batch")}), ("O3:M3", {(3, "age_at_infusion"), (3, "batch")}), ("B2", set()), ("O4:O4", set()),
])  # fmt: skip
def test_a_merged_cell_may_begin_at_any_corner(bring, merged, found):
    rows = [row | {"sequence": "1"} for row in ROWS]
    _summary, problems = bring(Book([Sheet(table(*rows), merged=[merged])]).content(), "x.xlsx")
    assert {(line, field) for line, field, code in problems if code == "cell_unreadable"} >= found
    assert bool(problems) == bool(found)


@pytest.mark.parametrize(
    "merged", ["$O$2:$O$4", "o2:o4", "O:O", "2:4", "O2:O4 A2:A4", "", "Blad1!O2:O4", "R2C15:R4C15"]
)
def test_a_merged_cell_that_cannot_be_read_is_no_merged_cell_passed_over(bring, merged):
    assert "damaged" in refused(bring, rewritten(rows=ROWS, merged=[merged]))


@pytest.mark.parametrize("cell", [
    '<c t="s"><v>2</v></c>', '<c t="s"><v>-1</v></c>', '<c t="s"><v>0.0</v></c>', '<c t="s"><v/></c>',
    '<c t="s"><v> </v></c>', '<c t="s"><v>99999999999999</v></c>', '<c t="none"><v>0</v></c>',
])  # fmt: skip
@pytest.mark.parametrize("texts", [None, [], ["<si><t>B</t></si>"]])
def test_a_shared_text_that_is_not_there_is_not_empty(bring, cell, texts):
    rows = table(*ROWS[:2], ROWS[2] | {"batch": cell})
    assert "damaged" in refused(bring, Book([Sheet(rows)], texts=texts).content())


@pytest.mark.parametrize("value", ["0", "1", "true", ""])
@pytest.mark.parametrize("column", ["batch", "sex", "patient_id"])
def test_a_truth_value_is_no_text(bring, column, value):
    """A person sees SANT, TRUE or VRAI, as the language of their program has it."""
    cell = f'<c t="b"><v>{value}</v></c>'
    found = (2, column, "cell_unreadable") in bring(one(**{column: cell}), "x.xlsx")[1]
    assert found == bool(value)


@pytest.mark.parametrize("value, format, shown", [
    ("000123", "General", "123"), ("000123", "0", "123"), ("000123", "00000", "00123"), ("0", "General", "0"),
    ("000", "General", "0"), ("+7", "General", "7"), ("1E3", "General", "1000"),
])  # fmt: skip
def test_noughts_before_a_number_are_not_shown(bring, value, format, shown):
    assert read_one(bring, batch=number(value, 1), formats=[format])[2] == shown


def repacked(content: bytes, *more: tuple[str, bytes], without: str = "") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            if name != without:
                archive.writestr(name, source.read(name))
        for name, part in more:
            archive.writestr(name, part)
    return target.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "xl/worksheets/Sheet1.xml", "XL/workbook.xml"])
def test_two_parts_of_one_name_are_refused(bring, name):
    whole = Book([Sheet(table(*ROWS))]).content()
    fewer = Sheet(table(*ROWS[:1])).xml(Book([]).namespace).encode()
    assert "damaged" in refused(bring, repacked(whole, (name, fewer)))


def test_two_relations_of_one_name_are_refused(bring):
    sheets = [Sheet(table(*ROWS), name="2025"), Sheet(table(*ROWS[:1]), name="2024")]
    content = Book(sheets).content()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        relations = archive.read("xl/_rels/workbook.xml.rels").replace(b'"s2"', b'"s1"')
    part = "xl/_rels/workbook.xml.rels"
    assert "damaged" in refused(bring, repacked(content, (part, relations), without=part))


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_a_part_that_is_not_there_is_missed(bring, part):
    content = Book([Sheet(table(*ROWS))], texts=["<si><t>x</t></si>"], formats=["0"]).content()
    assert "damaged" in refused(bring, repacked(content, without=part))


# What costs much to refuse.

TEXT = "<c t='inlineStr'><is><t>abc</t></is></c>"
RICH = "<c t='inlineStr'><is>" + "<r><t>a</t></r>" * 20 + "</is></c>"
PIECE = "<r><rPr/><t>x</t></r>"
COSTLY = {
    "elements in the sheet": lambda: streamed(sheet_with(*["<x/>" * 10_000] * 400)),
    "elements in a row": lambda: streamed(sheet_with("<row r='3'>", *["<x a='1'/>" * 10_000] * 400, "</row>")),
    "values in a cell": lambda: streamed(sheet_with("<row r='3'><c>", *["<v>1</v>" * 10_000] * 400, "</c></row>")),
    "formulas in a cell": lambda: streamed(sheet_with("<row r='3'><c>", *["<f/>" * 10_000] * 400, "</c></row>")),
    "texts in a cell": lambda: streamed(
        sheet_with("<row r='3'><c t='inlineStr'><is>", *["<t></t>" * 10_000] * 400, "</is></c></row>")
    ),
    "pieces of texts": lambda: streamed(sheet_with(*[f"<row>{RICH}</row>"] * 90_000)),
    "numbers in cells": lambda: streamed(sheet_with(*[f"<row>{'<c><v>1</v></c>' * 15}</row>"] * 60_000)),
    "texts in cells": lambda: streamed(sheet_with(*[f"<row>{TEXT * 15}</row>"] * 60_000)),
    "rows": lambda: streamed(sheet_with(*["<row><c><v>1</v></c></row>" * 1000] * 101)),
    "columns": lambda: streamed(sheet_with(*["<col min='1' max='1'/>" * 10_000] * 300)),
    "merged cells": lambda: streamed(sheet_with(*["<mergeCell ref='A1'/>" * 10_000] * 300)),
    "elements in shared texts": lambda: streamed(
        [SST, "<si>", *["<t/>" * 10_000] * 400, "</si></sst>"], part="xl/sharedStrings.xml", texts=[]
    ),
    "pieces of shared texts": lambda: streamed(
        [SST, *[f"<si>{PIECE * 20}</si>"] * 25_000, "</sst>"], part="xl/sharedStrings.xml", texts=[]
    ),
    "merged cells to the right of 2,000 rows": lambda: Book(
        [Sheet([list(COLUMNS), *[["x"]] * 2_000], merged=["IW1:IX1048576"] * 20_000)]
    ).content(),
}  # fmt: skip


@pytest.mark.parametrize("name", COSTLY)
def test_elements_without_end_are_refused_within_a_second(lists, write, bring, name):
    content = COSTLY[name]()
    started = time.process_time()
    refused(bring, content)
    assert time.process_time() - started < 1
