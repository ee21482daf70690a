"""Every row and cell that a person sees is read or named: hidden columns, columns without a name, encodings."""

import re

import pytest
from django.utils.translation import override

from registry.entry.importing import job
from registry.entry.importing.pipeline import ImportSummary
from registry.errors import FileUnusable
from registry.models import Infusion
from tests import factories
from tests.calling import Program
from tests.exchange_files import as_csv
from tests.test_import import COLUMNS, MAN, ROW
from tests.test_workbooks import OTHER, THIRD, one, table
from tests.workbooks import Book, Sheet

ROWS = [ROW | {"batch": "B1"}, OTHER | {"batch": "B2"}]
SWEDISH = [
    "Centrum", "Personnummer", "Kön", "Kategori", "Typ", "Produkt", "Modalitet", "Indikation", "Prövning",
    "Tillverkningsställe", "Infusionsdatum", "Datumprecision", "Ordningsnummer", "Ålder", "Batch",
]  # fmt: skip


def laid_out(*, columns="", rows=ROWS, format="") -> bytes:
    """A workbook whose sheet says something of its columns."""

    class Laid(Sheet):
        def xml(self, namespace: str) -> str:
            before = f"{format}<cols>{columns}</cols>" if columns else format
            return super().xml(namespace).replace("<sheetData>", f"{before}<sheetData>")

    return Book([Laid(table(*rows))]).content()


@pytest.mark.parametrize("columns, named", [
    ('<col min="15" max="15" hidden="1"/>', "batch"), ('<col min="15" max="15" width="0"/>', "batch"),
    ('<col min="15" max="16384" hidden="true"/>', "batch"),
    ('<col min="1" max="2" hidden="1"/><col min="15" max="15" hidden="1" outlineLevel="1"/>',
     "centre, patient_id, batch"),
    ('<col min="3" max="3" hidden="1"/>', ""),  # nothing stands there
    ('<col min="15" max="15" width="9"/>', ""), ('<col min="40" max="50" hidden="1"/>', ""),
])  # fmt: skip
def test_a_hidden_column_with_something_in_it_is_read_and_named(lists, write, manage, columns, named):
    rows = [row | {"sex": ""} for row in ROWS]
    code, out, _err = manage("import_infusions", write(laid_out(columns=columns, rows=rows), "x.xlsx"))
    assert code == 0
    told = f"file: warning: columns_hidden: Columns that are hidden in the workbook were read: {named}.\n"
    assert out == f"{told if named else ''}2 rows stored, {bool(named):d} warnings.\n"
    assert set(Infusion.objects.values_list("batch", flat=True)) == {"B1", "B2"}


@pytest.mark.parametrize("height", ["0", "0.0"])
def test_a_row_without_height_is_hidden(bring, height):
    class Flat(Sheet):
        def xml(self, namespace: str) -> str:
            return super().xml(namespace).replace('<row r="3"', f'<row r="3" ht="{height}" customHeight="1"')

    summary, problems = bring(Book([Flat(table(*ROWS))]).content(), "x.xlsx")
    assert (summary.stored, problems) == (2, [(3, "row", "row_hidden")])


@pytest.mark.parametrize("place", [0, 1, 7, 14])
@pytest.mark.parametrize("way", ["csv", "xlsx"])
def test_an_empty_column_without_a_name_is_no_column(bring, place, way):
    rows = [[*row[:place], "", " ", *row[place:]] for row in table(*ROWS)]
    content = Book([Sheet(rows)]).content() if way == "xlsx" else "\n".join(map(";".join, rows)).encode()
    assert bring(content) == (ImportSummary(2, 2, 0, 0, 0), [])
    assert set(Infusion.objects.values_list("batch", flat=True)) == {"B1", "B2"}


@pytest.mark.parametrize("cell", ["x", "0", '<c t="e"><v>#N/A</v></c>', "<c><f>1+1</f></c>"])
def test_something_in_a_column_without_a_name_is_not_passed_over(bring, cell):
    rows = [[*row[:3], "", *row[3:]] for row in table(*ROWS)]
    rows[2][3] = cell
    with override("en"), pytest.raises(FileUnusable, match="with unknown names: D"):
        bring(Book([Sheet(rows)]).content(), "x.xlsx")
    assert not Infusion.objects.exists()


@pytest.mark.parametrize("names", [
    SWEDISH, [name.upper() for name in SWEDISH],
    ["Sjukhus", "Personnummer (ÅÅÅÅMMDD-NNNN)", "Kön (K/M)", *SWEDISH[3:5], "Läkemedel", SWEDISH[6],
    "Diagnos (ICD-10)",
     "Studie", SWEDISH[9], "Datum för infusion", *SWEDISH[11:13], "Ålder (år)", "Lot-nr"],
    ["Centrum / Centre", "Pers.nr", "Kön/Sex", *SWEDISH[3:13], "Ålder [år]", "Batchnr."],
    [f"{name} *" for name in COLUMNS], [name.replace("_", "\n") for name in COLUMNS],
])  # fmt: skip
def test_a_header_in_other_words_is_read(bring, names):
    assert bring(Book([Sheet(table(*ROWS, header=names))]).content(), "x.xlsx") == (
        ImportSummary(2, 2, 0, 0, 0),
        [],
    )


def test_a_header_cell_of_two_columns_names_neither(bring):
    names = ["Centrum / Kön" if name == "sex" else name for name in COLUMNS]
    with override("en"), pytest.raises(FileUnusable, match="unknown names: C"):
        bring(Book([Sheet(table(*ROWS, header=names))]).content(), "x.xlsx")


@pytest.mark.parametrize("encoding", ["cp850", "cp437", "mac-roman"])
@pytest.mark.parametrize("text", ["påse", "Öl", "blåsa", "nålö", "för"])
def test_letters_of_an_older_system_are_never_stored_as_signs(bring, encoding, text):
    with override("en"), pytest.raises(FileUnusable, match="XLSX"):
        bring(as_csv([ROW | {"batch": text}]).decode().encode(encoding))
    assert not Infusion.objects.exists()


@pytest.mark.parametrize("text", ["påse", "Crohn’s", "“B1”", "10 €", "A – B", "Kymriah™", "B1…", "Åsa ÄÖ", "é"])
def test_letters_of_windows_are_read(bring, text):
    assert bring(as_csv([ROW | {"batch": text}]).decode().encode("cp1252"))[0].stored == 1
    assert Infusion.objects.get().batch == text


@pytest.mark.parametrize("text", ["1,23457E+14", "1.23457E+14", "1E+05", "-2,5e+10"])
@pytest.mark.parametrize("column, code", [("batch", "number_shortened"), ("patient_id", "identifier_invalid")])
def test_a_number_that_a_spreadsheet_has_shortened_is_named(lists, write, manage, column, code, text):
    code_, out, _err = manage("import_infusions", write(as_csv([ROW | {column: text}], delimiter=";")))
    assert code_ == 1
    assert f"line 2, {column}: {code}: A spreadsheet has shortened this number" in out


@pytest.mark.parametrize("text", ["5E12", "12E+", "LOT1E+05", "1E-05"])
def test_a_batch_that_only_looks_like_one_is_a_batch(bring, text):
    assert bring([ROW | {"batch": text}])[0].stored == 1
    assert Infusion.objects.get().batch == text


@pytest.mark.parametrize("mark", ["\x00", "\x01", "\x08", "\x0b", "\x1a", "\x1f", "\x7f", "\ufffd"])
def test_a_sign_that_nobody_sees_is_refused_inside_a_cell(bring, mark):
    rows = [ROW, OTHER | {"batch": f"B{mark}1"}]
    assert bring(rows)[1] == [(3, "batch", "character_invalid")]


@pytest.mark.parametrize("escape", ["_xD800_", "_xDFFF_", "_x0000_", "_x0001_"])
def test_an_escape_of_no_character_is_refused(bring, lists, monkeypatch, escape):
    monkeypatch.setattr(job, "send", lambda *message: None)
    cell = f'<c t="inlineStr"><is><t>B{escape}1</t></is></c>'
    content = one(batch=cell)
    assert bring(content, "x.xlsx")[1] == [(2, "batch", "character_invalid")]
    answer = Program(factories.user("upp", lists.centres["UPP"])).upload(content, "x.xlsx")
    assert answer.status_code == 202, answer.content  # half a character was a fault of the server


def test_what_keeps_a_text_from_becoming_a_number_is_no_part_of_it(bring):
    rows = as_csv([ROW | {"batch": '="000123"', "patient_id": f'="{MAN}"', "centre": '="UPP"'}])
    assert bring(rows)[0].stored == 1
    assert Infusion.objects.get().batch == "000123"


@pytest.mark.parametrize(
    "foot", ["Summa;;;3", "Summa: 3", "Antal rader;3", "Uppdaterad 2024-06-01", "* uppskattat"]
)
@pytest.mark.parametrize("gap", ["", "\n\n", ";;;\n"])
def test_a_line_below_the_table_is_refused_and_not_passed_over(bring, foot, gap):
    content = as_csv(ROWS, delimiter=";") + (gap + foot + "\n").encode()
    summary, problems = bring(content)
    assert (summary.read, summary.refused) == (3, 1)
    assert {line for line, *_rest in problems} == {4 + gap.count("\n")}
    assert re.search("patient_id|centre", str(problems))


def test_more_rows_than_a_page_apart_are_all_read(bring):
    sheet = Sheet({2: table()[0], 5: table(ROW)[1], 5_000: table(OTHER)[1], 60_000: table(THIRD)[1]})
    assert bring(Book([sheet]).content(), "x.xlsx")[0].stored == 3
