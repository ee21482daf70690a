"""What a person sees in a workbook is what is read, and what cannot be read is named."""

import io
import struct
import time
import tracemalloc
import zipfile
from datetime import date

import pytest

from registry.entry.importing.pipeline import ImportSummary
from registry.errors import FileTooLarge, FileUnusable
from registry.models import Infusion
from tests import factories
from tests.test_import import COLUMNS, MAN, ROW, WOMAN
from tests.workbooks import STRICT, Book, Sheet, packed

LAST = "1048576"
OTHER = ROW | {"patient_id": MAN}
THIRD = ROW | {"patient_id": factories.nth_number(40), "age_at_infusion": ""}


def table(*rows, header=COLUMNS) -> list[list[str]]:
    return [list(header), *([row[name] for name in COLUMNS] for row in rows)]


def number(value: object, style: int = 0) -> str:
    return f'<c s="{style}"><v>{value}</v></c>'


def one(*, formats=(), properties="", **cells) -> bytes:
    return Book([Sheet(table(ROW | cells))], formats=formats, properties=properties).content()


def read_one(bring, **made) -> tuple[str, str, str]:
    """(date, precision, batch) of the one row of a workbook."""
    summary, problems = bring(one(**made), "x.xlsx")
    assert (summary.stored, problems) == (1, []), problems
    [row] = Infusion.objects.values_list("infused_on", "date_precision", "batch")
    return (str(row[0]), *row[1:])


# Which rows.


@pytest.mark.parametrize("dimension", ["", "A1", "A1:O1", "A1:A9", "A1:XFD1048576", "B7:C9", "nonsense"])
@pytest.mark.parametrize("addressed", [True, False])
def test_what_a_sheet_says_of_its_size_is_not_asked(bring, dimension, addressed):
    rows = [row | {"batch": f"B{place}"} for place, row in enumerate((ROW, OTHER, THIRD))]
    sheet = Sheet(table(*rows), dimension=dimension, addressed=addressed)
    assert bring(Book([sheet]).content(), "x.xlsx") == (ImportSummary(3, 3, 0, 0, 0), [])
    assert set(Infusion.objects.values_list("batch", flat=True)) == {"B0", "B1", "B2"}


def test_rows_far_apart_are_read_and_named_as_the_sheet_shows_them(bring):
    header, first, second = table(ROW, OTHER | {"product": "Aspirin"})
    sheet = Sheet({3: header, 90: first, 70_000: second, 70_001: [" "] * 15})
    summary, problems = bring(Book([sheet]).content(), "x.xlsx")
    assert (summary.read, problems) == (2, [(70_000, "product", "unknown_product")])


@pytest.mark.parametrize(
    "made",
    [
        {"namespace": STRICT},
        {"sheets": [Sheet(table(ROW, OTHER), prefix="x")]},
        {"extra": {"xl/vbaProject.bin": b"macro", "xl/media/picture.png": b"\x89PNG"}},
    ],
)
def test_other_dialects_of_workbooks_are_read(bring, made):
    book = Book(**({"sheets": [Sheet(table(ROW, OTHER))]} | made))
    assert bring(book.content(), "x.xlsm") == (ImportSummary(2, 2, 0, 0, 0), [])


@pytest.mark.parametrize(
    ("sheets", "view", "batch", "named"),
    [
        # name, state, batch of the only row
        ([("old", "hidden", "A"), ("new", "", "B")], '<workbookView activeTab="1"/>', "B", "old"),
        ([("old", "hidden", "A"), ("new", "", "B")], '<workbookView activeTab="0"/>', "B", "old"),
        ([("old", "veryHidden", "A"), ("new", "visible", "B")], "", "B", "old"),
        (
            [("2024", "", "A"), ("2025", "", "B"), ("2026", "", "C")],
            '<workbookView activeTab="1"/>',
            "B",
            "2024, 2026",
        ),
        ([("2024", "", "A"), ("2025", "", "B")], '<workbookView activeTab="9"/>', "A", "2025"),
        ([("2024", "", "A"), ("2025", "", "B")], '<workbookView firstSheet="1"/>', "A", "2025"),
        ([("a", "", "A"), ("b", "", "B")], '<workbookView activeTab="1"/><workbookView activeTab="0"/>', "B", "a"),
        ([("a", "", "A"), ("b", "", None)], '<workbookView activeTab="0"/>', "A", ""),
        ([("a", "", "A"), (WOMAN, "", "B")], "", "A", "number 2"),
    ],
)
def test_the_sheet_that_a_person_sees_is_read_and_the_others_are_named(
    lists, write, manage, sheets, view, batch, named
):
    made = [
        Sheet(table(ROW | {"batch": batch}) if batch else [], name=name, state=state)
        for name, state, batch in sheets
    ]
    code, out, _err = manage("import_infusions", write(Book(made, view=view).content(), "x.xlsx"))
    assert code == 0
    assert Infusion.objects.get().batch == batch
    plural = "sheets {} were" if "," in named else "sheet {} was"
    told = f"file: warning: sheet_not_read: The {plural.format(named)} not read.\n" if named else ""
    assert out == f"{told}1 rows stored, {1 if named else 0} warnings.\n"
    assert WOMAN not in out


def test_a_chart_in_front_is_no_sheet_of_rows(bring):
    sheets = [Sheet([], kind="chartsheet", name="Diagram"), Sheet(table(ROW), name="Rader")]
    assert bring(Book(sheets, view='<workbookView activeTab="0"/>').content(), "x.xlsx")[0].stored == 1


def test_rows_in_another_sheet_than_the_open_one_are_named_with_what_to_do(bring):
    for first in ([], [["Notes"]], [list(COLUMNS)]):
        with pytest.raises(FileUnusable) as refused:
            bring(Book([Sheet(first, name="Notes"), Sheet(table(ROW), name="Rader")]).content(), "x.xlsx")
        assert "Rader" in str(refused.value)
    with pytest.raises(FileUnusable):
        bring(Book([Sheet(table(ROW), state="hidden")]).content(), "x.xlsx")


def test_hidden_rows_are_read_with_a_warning(bring):
    sheet = Sheet(table(ROW, OTHER, THIRD), hidden_rows=[3])
    summary, problems = bring(Book([sheet]).content(), "x.xlsx")
    assert (summary.stored, problems) == (3, [(3, "row", "row_hidden")])


# What cannot be read.


UNREADABLE = (
    "<c><f>1+1</f></c>", "<c><f>1+1</f><v/></c>", "<c><f>1+1</f><v></v></c>", '<c t="str"><f>A1</f></c>',
    '<c><f t="shared" si="0"/></c>', '<c t="e"><v>#REF!</v></c>', '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>',
    '<c t="e"/>', "<c><v>123456789012345678</v></c>", "<c><v>1e300</v></c>", "<c><v>nan</v></c>",
    "<c><v>x</v></c>",
)  # fmt: skip


@pytest.mark.parametrize("centre", [None, "UPP"])
@pytest.mark.parametrize("column", ["kind", "batch", "sex", "patient_id", "trial", "centre"])
def test_what_cannot_be_read_is_named_and_not_taken_for_empty(bring, column, centre):
    """Each in a row of its own, between rows that can be read."""
    several = [
        ROW | {"patient_id": factories.number(birth_number=982 + place)} for place in range(len(UNREADABLE))
    ]
    several = [row | {column: cell} for row, cell in zip(several, UNREADABLE, strict=True)]
    rows = [OTHER, *several, THIRD]
    summary, problems = bring(Book([Sheet(table(*rows))]).content(), "x.xlsx", centre=centre)
    assert problems == [(line, column, "cell_unreadable") for line in range(3, 3 + len(UNREADABLE))]
    assert (summary.read, summary.refused) == (len(rows), len(UNREADABLE))
    assert not Infusion.objects.exists()


@pytest.mark.parametrize(
    "cell", ['<c t="str"><f>IF(1,"","x")</f><v></v></c>', "<c/>", '<c t="inlineStr"/>', "<c><v/></c>"]
)
def test_what_is_empty_is_empty(bring, cell):
    assert read_one(bring, batch=cell)[2] == ""


@pytest.mark.parametrize(
    "merged, refused",
    [
        ("A2:A4", {(3, "centre"), (4, "centre")}),
        ("O3:O4", {(4, "batch")}),
        ("E2:F2", {(2, "product")}),
        ("A1:O1", set()),
        ("Q2:Q4", set()),
        ("A4:A9", set()),
        ("B3:B3", set()),
        ("A1:A2", {(2, "centre")}),
    ],
)
@pytest.mark.parametrize("left", [True, False])
def test_the_hidden_parts_of_a_merged_cell_are_refused(bring, merged, refused, left):
    """Also where the sheet still has something in them, and where the centre is given."""
    rows = table(ROW, OTHER, THIRD)
    for line, column in refused if not left else ():
        rows[line - 1][COLUMNS.index(column)] = ""
    _summary, problems = bring(Book([Sheet(rows, merged=[merged])]).content(), "x.xlsx", centre="UPP")
    found = {(line, field) for line, field, code in problems if code == "cell_unreadable"}
    assert found == refused
    assert {code for _line, _field, code in problems} <= {"cell_unreadable"}  # and none is called missing too
    assert Infusion.objects.count() == (0 if refused else 3)


# What a format means.

DAY = 45266  # 2023-12-06


SHOWN = {
    "14": ("2023-12-06", "day"), "15": ("2023-12-06", "day"), "yyyy-mm-dd": ("2023-12-06", "day"),
    r"yyyy\-mm\-dd;@": ("2023-12-06", "day"), "[$-41D]d mmmm yyyy": ("2023-12-06", "day"),
    "22": ("2023-12-06", "day"), "dd/mm/yy": ("2023-12-06", "day"), "dddd d mmm": ("2023-12-06", "day"),
    "17": ("2023-12-01", "month"), "mmm-yy": ("2023-12-01", "month"), "yyyy-mm": ("2023-12-01", "month"),
    "[$-41D]mmmm yyyy;@": ("2023-12-01", "month"), r"yyyy\-mm": ("2023-12-01", "month"),
    "yyyy": ("2023-01-01", "year"), "yy": ("2023-01-01", "year"), '"år" yyyy': ("2023-01-01", "year"),
}  # fmt: skip


@pytest.mark.parametrize("made", ["number", "iso", "1904", "fraction"])
def test_a_date_has_the_precision_in_which_it_is_shown(bring, made):
    """One row for each format; its batch tells which."""
    rows, properties = [], '<workbookPr date1904="1"/>' if made == "1904" else ""
    for style, format_ in enumerate(SHOWN, 1):
        cell = number(DAY - 1462 if made == "1904" else DAY, style)
        if made == "iso":
            cell = f'<c s="{style}" t="d"><v>2023-12-06T00:00:00</v></c>'
        elif made == "fraction" and format_ != "22":
            cell = number(f"{DAY}.6041666666", style)
        who = {"patient_id": factories.number(birth_number=979 + style), "sex": "", "age_at_infusion": "53"}
        rows.append(ROW | who | {"infused_on": cell, "date_precision": "", "batch": f"B{style}"})
    book = Book([Sheet(table(*rows))], formats=list(SHOWN), properties=properties)
    summary, problems = bring(book.content(), "x.xlsx")
    assert (summary.stored, problems) == (len(SHOWN), [])
    stored = Infusion.objects.values_list("batch", "infused_on", "date_precision")
    found = {batch: (str(day), precision) for batch, day, precision in stored}
    assert found == {f"B{style}": shown for style, shown in enumerate(SHOWN.values(), 1)}


@pytest.mark.parametrize(
    "cell, format, code",
    [
        (number(2014, 1), "yyyy-mm-dd", "date_too_early"),
        (number(2014, 1), "yyyy", "date_too_early"),
        (number(-3, 1), "14", "cell_unreadable"),
        (number(99999999, 1), "14", "cell_unreadable"),
        (number(f"{DAY}.5", 1), "22", "date_invalid"),
        (number(DAY, 1), "mmmm", "date_invalid"),
        (number(DAY), "14", "date_invalid"),
        (number(0.5, 1), "h:mm", "date_invalid"),
        ('<c t="d"><v>last week</v></c>', "14", "cell_unreadable"),
    ],
)
def test_what_is_no_date_of_an_infusion_is_refused(bring, cell, format, code):
    row = ROW | {"infused_on": cell, "date_precision": "", "patient_id": "local:1", "age_at_infusion": "9"}
    row |= {"category": "CUP"}
    assert bring(one(**row, formats=[format]), "x.xlsx")[1] == [(2, "infused_on", code)]


def test_a_month_that_a_row_calls_a_day_is_refused(bring):
    book = one(infused_on=number(DAY, 1), date_precision="day", age_at_infusion="53", formats=["mmm-yy"])
    assert bring(book, "x.xlsx")[1] == [(2, "infused_on", "date_invalid")]


@pytest.mark.parametrize(
    "cell, format, shown",
    [
        (number(123, 1), "000000", "000123"),
        (number(123, 1), "0", "123"),
        (number(123, 1), '"LOT-"0000', "LOT-0123"),
        (number(123, 1), r"\L000", "L123"),
        (number(7123, 1), "000-000", "007-123"),
        (number(12345678, 1), "00-00", "123456-78"),
        (number(123, 1), "000000;-000000;@", "000123"),
        (number(0, 1), "000;000;0000", "0000"),
        (number(-5, 1), "000", "-005"),
        (number("123.0", 1), "000000", "000123"),
        (number("1.23E2", 1), "000000", "000123"),
        (number(123, 1), "General", "123"),
        (number(1234, 1), "#,##0", "1234"),
        (number("12.5", 1), "0.00", "12.50"),
        (number("0.1"), "0", "0.1"),
        (number("2.2999999999999998"), "0", "2.3"),
        (number("1.5E-3"), "0", "0.0015"),
        (number(17), "0", "17"),
        (number("1.97E5"), "0", "197000"),
        (number(123, 1), "[Red]000000", "000123"),
        ('<c s="1" t="inlineStr"><is><t>A7</t></is></c>', '0;0;0;"LOT "@', "LOT A7"),
        ('<c s="1" t="inlineStr"><is><t>007</t></is></c>', "@", "007"),
        ('<c t="str"><f>"A"</f><v>A9</v></c>', "0", "A9"),
        ("<c><f>3+4</f><v>7</v></c>", "0", "7"),
        (
            '<c t="inlineStr"><is><r><t>A</t></r><r><rPr/><t>1</t></r><rPh sb="0"><t>x</t></rPh></is></c>',
            "0",
            "A1",
        ),
        ('<c t="inlineStr"><is><t>A_x0031_</t></is></c>', "0", "A1"),
    ],
)
def test_a_batch_is_stored_as_it_is_shown(bring, cell, format, shown):
    assert read_one(bring, batch=cell, formats=[format])[2] == shown


def test_shared_texts_are_read_plain_and_rich(bring):
    texts = ["<si><t>first</t></si>", "<si><r><t>B</t></r><r><t>7</t></r><rPh><t>no</t></rPh></si>", "<si/>"]
    shared = {"kind": '<c t="s"><v>0</v></c>', "batch": '<c t="s"><v>1</v></c>', "sex": '<c t="s"><v>2</v></c>'}
    book = Book([Sheet(table(ROW | shared))], texts=texts)
    assert bring(book.content(), "x.xlsx")[0].stored == 1
    assert Infusion.objects.get().batch == "B7"


@pytest.mark.parametrize("stored", ["{}", "{}.0", "{:E}"])
def test_an_identity_number_that_became_a_number_is_read_in_full(bring, stored):
    digits = WOMAN.replace("-", "")
    value = f"{float(digits):.11E}" if stored == "{:E}" else stored.format(digits)
    bring(one(patient_id=number(value)), "x.xlsx")
    bring([ROW])
    assert Infusion.objects.get().patient.birth_year == 1970


def test_the_special_format_of_an_identity_number_is_read(bring):
    young = factories.number(date(2001, 2, 3), 980)
    short = int(young[2:].replace("-", ""))
    cells = {"patient_id": number(short, 1), "age_at_infusion": "19", "infused_on": "2020-05-05"}
    assert bring(one(**cells, formats=["000000-0000"]), "x.xlsx")[1] == []
    assert Infusion.objects.get().patient.birth_year == 2001


# What costs too much.


def streamed(chunks, *, part="xl/worksheets/sheet1.xml", texts=None) -> bytes:
    """A workbook one part of which is written in pieces."""
    whole = Book([Sheet(table(ROW))], texts=texts).content()
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(whole)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name in source.namelist():
            if name != part:
                archive.writestr(name, source.read(name))
        with archive.open(part, "w") as file:
            for chunk in chunks:
                file.write(chunk.encode())
    return target.getvalue()


def sheet_with(*middle) -> list[str]:
    head, tail = Sheet(table(ROW)).xml(Book([]).namespace).split("</sheetData>")
    return [head, *middle, "</sheetData>" + tail]


def far(address: str) -> bytes:
    line = address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return streamed(sheet_with(f'<row r="{line}"><c r="{address}"><v>1</v></c></row>'))


def lying() -> bytes:
    """An archive that says a part is small which is not."""
    content = streamed(sheet_with('<row r="3"><c t="str"><v>', *["x" * 10**6] * 30, "</v></c></row>"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    return content.replace(struct.pack("<L", size), struct.pack("<L", 5000))


def many_parts() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number_of_part in range(20_000):
            archive.writestr(str(number_of_part), b"")
    return target.getvalue()


HUNDREDS_OF_MILLIONS = ["x" * 10**6] * 190
SST = f'<sst xmlns="{Book([]).namespace}">'
HOSTILE = {
    "a cell in the last row": lambda: far(f"A{LAST}"),
    "a cell in the last column": lambda: far("XFD3"),
    "a cell in the last corner": lambda: far(f"XFD{LAST}"),
    "a row of 4.5 million cells": lambda: streamed(
        sheet_with('<row r="3">', *["<c><v>1</v></c>" * 9000] * 500, "</row>")
    ),
    "a row of empty cells": lambda: streamed(sheet_with('<row r="3">', *["<c/>" * 9000] * 500, "</row>")),
    "a cell of 190 MB": lambda: streamed(
        sheet_with('<row r="3"><c t="str"><v>', *HUNDREDS_OF_MILLIONS, "</v></c></row>")
    ),
    "a cell of 50 MB": lambda: streamed(
        sheet_with('<row r="3"><c t="str"><v>', *HUNDREDS_OF_MILLIONS[:50], "</v></c></row>")
    ),
    "an attribute of 50 MB": lambda: streamed(sheet_with('<row r="3" x="', *HUNDREDS_OF_MILLIONS[:50], '"/>')),
    "a comment of 50 MB": lambda: streamed(sheet_with("<!--", *HUNDREDS_OF_MILLIONS[:50], "-->")),
    "empty rows": lambda: streamed(sheet_with(*["<row/>" * 9000] * 500)),
    "empty cells": lambda: streamed(sheet_with(*[f"<row>{'<c/>' * 15}</row>" * 1000] * 500)),
    "elements in each other": lambda: streamed(sheet_with(*["<a>" * 10_000] * 500)),
    "names without end": lambda: streamed(sheet_with("".join(f"<a{place}/>" for place in range(10**6)))),
    "merged without end": lambda: streamed(
        sheet_with("</sheetData>", *['<mergeCell ref="A1:XFD1048576"/>' * 9000] * 90)[:-1]
    ),
    "shared texts of 190 MB": lambda: streamed(
        [SST, "<si><t>", *HUNDREDS_OF_MILLIONS, "</t></si></sst>"], part="xl/sharedStrings.xml", texts=[]
    ),
    "shared texts of 60 MB": lambda: streamed(
        [SST, *["<si><t>" + "x" * 30_000 + "</t></si>"] * 2000, "</sst>"], part="xl/sharedStrings.xml", texts=[]
    ),
    "millions of shared texts": lambda: streamed(
        [SST, *["<si><t/></si>" * 9000] * 500, "</sst>"], part="xl/sharedStrings.xml", texts=[]
    ),
    "entities in entities": lambda: streamed(
        ["<!DOCTYPE l [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>", *sheet_with("<row><c><v>&b;</v></c></row>")]
    ),
    "a size that is a lie": lying,
    "a list of parts without end": many_parts,
    "a book without end": lambda: streamed(
        [f'<workbook xmlns="{Book([]).namespace}"><sheets>', *["<sheet/>" * 9000] * 500], part="xl/workbook.xml"
    ),
    "sheets without end": lambda: Book([Sheet(table(ROW))] * 150).content(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_costs_too_much_is_refused_before_it_is_spent(bring, name):
    content = HOSTILE[name]()
    assert len(content) < 3 * 2**20
    started = time.process_time()
    try:
        _summary, problems = bring(content, "x.xlsx")
    except FileUnusable as refused:
        assert refused.code in {"file_unusable", "file_too_large"}
        problems = None
    assert time.process_time() - started < 2  # a second, with a machine that has other work
    assert problems is None or problems[0][:2] == (int(LAST), "category")
    tracemalloc.start()
    try:
        bring(content, "x.xlsx")
    except FileUnusable:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 100 * 2**20
    assert not Infusion.objects.exists()


def test_a_workbook_that_is_too_large_says_so(bring):
    with pytest.raises(FileTooLarge):
        bring(HOSTILE["a cell of 190 MB"](), "x.xlsx")


# What is no workbook.


COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 600


@pytest.mark.parametrize(
    "content, sentence",
    [
        (COMPOUND, "older kind (XLS)"),
        (COMPOUND + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (packed(mimetype=b"application/vnd.oasis.opendocument.spreadsheet", **{"content.xml": b"<a/>"}), "(ODS)"),
        (packed(**{"_rels__.rels": b"", "xl__workbook.bin": b""}), "(XLSB)"),
        (packed(**{"Index__Document.iwa": b""}), "Numbers"),
        (packed(**{"rows.csv": b"a,b"}), "an archive, not a workbook"),
        (packed(**{"_rels__.rels": b"", "word__document.xml": b""}), "a Word document"),
        (b"PK\x03\x04 and nothing", "damaged"),
        (b"%PDF-1.7", "a PDF"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"<html><table>", "a web page"),
        (b'<?xml version="1.0"?><Workbook/>', "an XML file"),
    ],
)
@pytest.mark.parametrize("name", ["x.xlsx", "x.csv"])
def test_what_is_no_workbook_is_named_for_what_it_is(lists, write, manage, content, sentence, name):
    code, out, err = manage("import_infusions", write(content, name))
    assert (code, out) == (2, "")
    assert sentence in err
    assert "zip" not in err.lower() and "xml.etree" not in err


@pytest.mark.parametrize("encoding", ["UTF-w", "utf-32", "koi8-r", "none"])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml"])
def test_a_part_of_an_encoding_that_there_is_none_of_is_damaged(lists, write, manage, part, encoding):
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'.encode()
    with zipfile.ZipFile(io.BytesIO(one())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = declared + parts[part].partition(b"?>")[2] if b"?>" in parts[part] else declared + parts[part]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    code, _out, err = manage("import_infusions", write(target.getvalue(), "x.xlsx"), "--dry-run")
    assert code in {0, 2}  # what nothing has to be read of may say what it likes
    assert code == 0 or "damaged" in err or "no workbook" in err


def test_the_content_decides_and_not_the_name(bring):
    assert bring(Book([Sheet(table(ROW))]).content(), "rows.csv")[0].stored == 1
    assert bring([ROW, OTHER], "rows.xlsx")[0] == ImportSummary(2, 1, 1, 0, 0)


@pytest.mark.parametrize("content", [
    lambda: one(batch=number(123, 1), formats=["0" * 900_000]),
    lambda: one(batch=number(123, 1), formats=["[" * 900_000]),
    lambda: one(batch=number(123, 1), formats=['"a' * 100_000]),
    lambda: one(batch=number(123, 1), formats=["0" * 200] * 60_000),
    lambda: streamed(sheet_with(*["<x " + " ".join(f'a{n}="1"' for n in range(2000)) + "/>"] * 3000)),
    lambda: Book(
        [Sheet([list(COLUMNS), *[['<c t="s"><v>0</v></c>'] * 200] * 1500])],
        texts=[f"<si><t>{'A' * 32_000}</t></si>"],
    ).content(),
])  # fmt: skip
def test_formats_attributes_and_repeated_texts_without_end_cost_little(bring, content):
    made = content()
    started = time.process_time()
    with pytest.raises(FileUnusable):
        bring(made, "x.xlsx")
    assert time.process_time() - started < 1


@pytest.mark.parametrize("other", [
    [["c"] * 300] * 2, {1: [*[""] * 16_000, "x"]}, [['<c t="s"><v>99</v></c>']], [['<c t="zz"><v>1</v></c>']],
    [["x"] * 257],
])  # fmt: skip
def test_another_sheet_that_is_no_exchange_file_is_named_and_stops_nothing(bring, other):
    summary, problems = bring(Book([Sheet(table(ROW, OTHER)), Sheet(other, name="Pivot")]).content(), "x.xlsx")
    assert (summary.stored, problems) == (2, [(0, "file", "sheet_not_read")])


@pytest.mark.parametrize(
    "text", ["#REF!", "#N/A", "#SAKNAS!", "#VÄRDEFEL!", "#DIVISION/0!", "########", "Err:502"]
)
@pytest.mark.parametrize("column", ["batch", "sex", "infused_on"])
def test_the_text_of_a_spreadsheets_error_is_no_value(bring, text, column):
    for content, name in ((one(**{column: text}), "x.xlsx"), ([ROW | {column: text}], "x.csv")):
        summary, problems = bring(content, name)
        assert (summary.refused, problems) == (1, [(2, column, "cell_unreadable")])


def test_a_batch_with_a_number_sign_is_a_batch(bring):
    assert read_one(bring, batch="#12")[2] == "#12"
