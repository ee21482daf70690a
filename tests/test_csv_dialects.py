"""Text files as people's programs write them: read, or named with what to do."""

import codecs
import time
import tracemalloc
import unicodedata
import warnings

import pytest

from registry.entry.exchange import csv_rows
from registry.entry.importing.pipeline import ImportSummary
from registry.errors import FileUnusable
from registry.models import Infusion
from tests import factories
from tests.exchange_files import as_csv
from tests.test_import import COLUMNS, MAN, ROW, WOMAN

ROWS = [ROW | {"batch": "påse 1"}, ROW | {"patient_id": MAN, "batch": "Ö, 2"}]
TEXT = as_csv(ROWS).decode()
BOM = codecs.BOM_UTF8
HEADER = ",".join(COLUMNS)
QUOTED = "\n".join(
    " " + "¤".join(f'"{row[name]}"' for name in COLUMNS)
    for row in [dict(zip(COLUMNS, COLUMNS, strict=True)), *ROWS]
)
SWEDISH = {
    "centre": "Centrum", "patient_id": "Personnummer", "sex": "Kön", "category": "KATEGORI", "kind": "Typ",
    "product": "Produkt", "modality": "Modalitet", "indication": "Diagnos", "trial": "Prövning",
    "manufacturing_site": "Tillverkningsställe", "infused_on": "Infusionsdatum",
    "date_precision": "Datum precision", "sequence": "Löpnummer", "age_at_infusion": "Ålder vid infusion",
    "batch": "Batch-nummer",
}  # fmt: skip


@pytest.mark.parametrize("content", [
    TEXT.encode(), BOM + TEXT.encode(), BOM * 3 + TEXT.encode(), BOM + "ï»¿".encode() + TEXT.encode(),
    TEXT.encode("utf-16"), codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), TEXT.encode("utf-16-le"),
    codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), TEXT.encode("utf-16-be"),
    TEXT.replace("\n", "\r").encode(), TEXT.replace("\n", "\r\n").encode("utf-16"),
    TEXT.replace("\n", "\r\r\n").encode(), b"sep=,\r\n" + TEXT.encode(),
    BOM + b"SEP=,\n" + TEXT.encode(),
    b"sep=;\n" + as_csv(ROWS, delimiter=";"), b"sep=\t\n" + as_csv(ROWS, delimiter="\t"),
    as_csv(ROWS, delimiter=";"), as_csv(ROWS, delimiter="\t"),
    as_csv(ROWS, delimiter="\t").decode().encode("utf-16"),
    TEXT.encode() + b"\x1a", TEXT.encode() + b"\r\n\x1a\r\n", TEXT.encode() + b"\x00" * 700,
    TEXT.encode() + b"\x00\n" * 9,
    TEXT.encode() + b" ,\t, ,,\n;;;;\n\t\t\n,,,,,,,,,,,,,,\n" + " \u2003\u200b,\ufeff,\n".encode(),
    b"\n\n  \n,,,\n" + TEXT.encode(), TEXT.rstrip("\n").encode(),
    as_csv(ROWS, columns=COLUMNS[::-1]),
    *(QUOTED.replace("¤", between).encode() for between in (", ", ",   ", "; ", "\t ")),
])  # fmt: skip
def test_every_dialect_is_read(bring, content):
    assert bring(content) == (ImportSummary(2, 2, 0, 0, 0), [])
    assert set(Infusion.objects.values_list("batch", flat=True)) == {"påse 1", "Ö, 2"}


def test_windows_letters_are_read_and_told(lists, write, manage):
    code, out, _err = manage("import_infusions", write(TEXT.encode("cp1252")))
    assert code == 0
    assert out.startswith("file: warning: encoding_assumed: ") and "Windows-1252" in out
    assert set(Infusion.objects.values_list("batch", flat=True)) == {"påse 1", "Ö, 2"}


@pytest.mark.parametrize("content", [
    TEXT.encode() + "Å".encode("cp1252"), TEXT.encode("utf-16")[:-1], TEXT.encode("utf-32"),
    TEXT.encode("cp1252") + b"\x81", bytes(range(256)) * 50,
])  # fmt: skip
def test_letters_of_no_encoding_are_refused_with_the_remedy(bring, content):
    with pytest.raises(FileUnusable) as refused:
        bring(content)
    assert "XLSX" in str(refused.value)


@pytest.mark.parametrize("spell", [
    str, str.upper, str.title, lambda name: name.replace("_", " "), lambda name: f"  {name}\xa0",
    lambda name: name.replace("_", "-"), lambda name: f'"{name}"', SWEDISH.get, lambda name: SWEDISH[name].upper(),
    lambda name: SWEDISH[name].replace(" ", "_"),
])  # fmt: skip
def test_the_header_is_read_in_both_languages_and_any_case(bring, spell):
    header, *lines = TEXT.splitlines(keepends=True)
    named = ",".join(spell(name) for name in header.strip().split(","))
    assert bring((named + "\n" + "".join(lines)).encode()) == (ImportSummary(2, 2, 0, 0, 0), [])


def template_names(column: str) -> str:
    """A column's name in the language of the page."""
    return {"infused_on": "infusionsdatum", "batch": "batchnummer", "sequence": "ordningsnummer", "kind": "typ",
            "indication": "indikation", "patient_id": "personnummer", "sex": "kön",
            "date_precision": "datumprecision"}[column]  # fmt: skip


def test_other_names_of_a_column_are_known_and_two_names_of_one_are_refused(bring):
    for column, name in {
        "patient_id": "person-id", "kind": "slag", "indication": "indikation", "infused_on": "datum",
        "sequence": "ordningsnummer", "batch": "batchnummer", "date_precision": "datumprecision", "sex": "kön",
    }.items():  # fmt: skip
        content = TEXT.replace(column, name, 1).encode()
        assert bring(content, dry_run=True)[0].stored == 2, name
        with pytest.raises(FileUnusable, match=f"{column}|{template_names(column)}"):
            bring(f"{HEADER},{name}\n".encode() + TEXT.split("\n", 1)[1].encode())


@pytest.mark.parametrize("title", ["Infusions 2024", ";;", '"Infusions, 2024"', "Infusions,2024", "\n\nUppsala"])
def test_a_title_above_the_header_is_told_and_the_rows_keep_their_lines(bring, title):
    bad = as_csv([*ROWS, ROW | {"product": "Aspirin"}]).decode()
    summary, problems = bring(f"{title}\n{bad}".encode())
    lines = title.count("\n") + 1
    told = [] if title == ";;" else [(0, "file", "lines_above_header")]
    assert (summary.read, problems) == (3, [*told, (4 + lines, "product", "unknown_product")])


def test_a_row_above_the_header_is_not_lost(bring):
    header, first, second = TEXT.splitlines()
    with pytest.raises(FileUnusable, match="2"):
        bring(f"{first}\n{header}\n{second}\n".encode())


@pytest.mark.parametrize(
    "content", [HEADER.encode(), f"{HEADER}\n\n ;;\n".encode(), f"Title\n{HEADER}\n\x1a".encode()]
)
def test_a_header_without_rows_is_one_refusal(bring, lists, write, manage, content):
    with pytest.raises(FileUnusable) as refused:
        bring(content)
    assert refused.value.code == "file_unusable"
    code, out, err = manage("import_infusions", write(content), "--dry-run")
    assert (code, out) == (2, "")
    assert "file_unusable: The file has no rows." in err


@pytest.mark.parametrize("broken", ['B"1', '"B1', '"B1"1', '"B\n1'])
def test_quotation_marks_that_do_not_pair_name_the_line(bring, broken):
    content = as_csv([ROW, ROW | {"patient_id": MAN, "batch": "here"}]).replace(b"here", broken.encode())
    if broken == 'B"1':  # stands in the middle of a cell that does not begin with one: as it is
        assert bring(content)[0].stored == 2
        return
    with pytest.raises(FileUnusable, match=r"(Line|Rad) 3:") as refused:
        bring(content)
    assert "expected" not in str(refused.value) and "unexpected" not in str(refused.value)


LINES = {
    "nothing": b"\n",
    "spaces": b"  \t \n",
    "NULs": b"\0\n",
    "marks of an end": b"\x1a\r\n",
    "quotation marks": b'""\n',
    "breaks in quotation marks": b'"' + b"\n" * 90_000 + b'"\n',
    "some breaks each": b'"' + b"\n" * 90 + b'"\n',
    "hard spaces": "\xa0\n".encode(),
}
HOSTILE = {
    "a header of five million columns": lambda: HEADER.encode() + b"," * 5_000_000,
    "a header of five million names": lambda: b"a," * 2_500_000 + b"\n",
    "a line of 9 MB": lambda: TEXT.encode() + b"x" * 9_000_000,
    "a first line of 9 MB": lambda: b"x" * 9_000_000,
    "a quotation mark that is not closed": lambda: TEXT.encode() + b'"' + f"{HEADER}\n".encode() * 20_000,
    "cells of line breaks": lambda: TEXT.encode() + b'"\n",' * 1_500_000,
    "commas without end": lambda: TEXT.encode() + b"," * 9_000_000,
    "lines of one comma": lambda: TEXT.encode() + b"\n" * 20 + b'"' + b",\n" * 1_000_000,
}


def lines_of(name: str, size: int) -> bytes:
    return TEXT.encode() + LINES[name] * (size // len(LINES[name]))


def seconds_until_refused(bring, content: bytes) -> float:
    started = time.process_time()
    with pytest.raises(FileUnusable) as refused:
        bring(content)
    assert refused.value.code == "file_too_large"
    assert not Infusion.objects.exists()
    return time.process_time() - started


def memory_until_refused(bring, content: bytes) -> int:
    tracemalloc.start()
    try:
        seconds_until_refused(bring, content)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", HOSTILE)
def test_what_costs_too_much_is_refused_before_it_is_spent(bring, name):
    content = HOSTILE[name]()
    assert seconds_until_refused(bring, content) < 1
    assert memory_until_refused(bring, content) < 20 * 2**20


@pytest.mark.parametrize("name", LINES)
def test_empty_lines_without_end_are_refused_before_they_are_spent(bring, monkeypatch, name):
    """Memory is measured on a twentieth of it, against a twentieth of the limit: tracing costs much a line."""
    assert seconds_until_refused(bring, lines_of(name, 10**7)) < 2  # a second, with a machine that has other work
    monkeypatch.setattr(csv_rows, "MOST_EMPTY", csv_rows.MOST_EMPTY // 20)
    assert memory_until_refused(bring, lines_of(name, 10**7 // 20)) < 2**20


def test_no_refusal_repeats_what_stands_in_the_file(bring):
    for content in (
        f"{WOMAN},{WOMAN}\n", f"{HEADER},{WOMAN}\n", f'{HEADER}\n"{WOMAN}"x,1\n', f"{HEADER}\n{WOMAN * 9000}\n",
        f"sep=;\n{WOMAN}\n",
    ):  # fmt: skip
        with pytest.raises(FileUnusable) as refused:
            bring(content.encode())
        assert WOMAN not in str(refused.value) and factories.number() not in str(refused.value)


@pytest.mark.parametrize("content", [
    as_csv(ROWS, delimiter="|"), b"sep=;\n" + TEXT.encode(), b"sep=|\n" + as_csv(ROWS, delimiter="|"),
    unicodedata.normalize("NFD", ",".join(SWEDISH[name] for name in COLUMNS)).encode()
    + TEXT[TEXT.index("\n") :].encode(),
])  # fmt: skip
def test_what_a_table_is_its_content_says(bring, content):
    assert bring(content) == (ImportSummary(2, 2, 0, 0, 0), [])


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_four_bytes_a_letter_are_named_with_the_remedy(bring, encoding, mark):
    with pytest.raises(FileUnusable, match="XLSX"):
        bring((mark + TEXT).encode(encoding))


@pytest.mark.parametrize("ends", ["\n", "\r", ",,,,\n"])
def test_empty_lines_without_end_cost_little(bring, ends):
    content = TEXT.encode() if ends != "\r" else b""
    started = time.process_time()
    with pytest.raises(FileUnusable):
        bring(content + (ends * (9_000_000 // len(ends))).encode())
    assert time.process_time() - started < 1


def test_a_refused_file_leaves_nothing_behind_on_the_terminal(lists, write, manage):
    with warnings.catch_warnings():
        warnings.simplefilter("error", pytest.PytestUnraisableExceptionWarning)
        _code, _out, err = manage("import_infusions", write(b"x\n" * 30 + TEXT.encode()))
    assert "Traceback" not in err
