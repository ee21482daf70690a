"""Rows on their way out: one's own, complete, safe in a spreadsheet, and logged."""

import csv
import io

import pytest
from django.urls import reverse
from django.utils.translation import override
from openpyxl import load_workbook

from registry.access import Operator
from registry.choices import DatePrecision
from registry.entry.exchange.file_writer import Download, safe_cell, write_rows
from registry.entry.infusions.export import HEADER, export_infusions
from registry.entry.infusions.record import withdraw_infusion
from registry.entry.patients.merge import merge_patients
from registry.models import AccessLog, Infusion, long_reads
from tests import factories
from tests.factories import ACADEMIC

HOSTILE = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(\"http://x\";\"y\")", "=cmd|' /C calc'!A0",
    "  =1+1", "＝1+1", "a;=1+1", "a,=1+1", 'a","=1+1', "a\n=1+1", "a\r\n-1",
)  # fmt: skip
HARMLESS = ("2020-05-05", "2014", "C91.0", "NCT99000002", "2022-500001-12-00", "B-1", "a=b", "1", "", "Ö")


@pytest.fixture
def reporter(lists):
    return factories.user("reporter", lists.centres["UPP"])


@pytest.fixture
def one(lists, reporter):
    return factories.record(lists, infused_on="2020-05-05", batch="B1", by=reporter)


def address(name="export") -> str:
    with override("en"):
        return reverse(f"clinic:{name}")


def whole(file: Download) -> bytes:
    return b"".join(file.content)


def read_csv(content: bytes, delimiter=";") -> list[dict]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def read_xlsx(content: bytes) -> list[dict]:
    header, *rows = load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_an_export_holds_every_column_but_the_identifier(reporter, neighbours, one):
    expected = {
        "id": str(one.pk), "patient": str(one.patient.registry_number), "centre": "UPP", "sex": "female",
        "category": "SOC", "kind": "first", "product": "Kymriah", "modality": "CAR-T", "indication": "C91.0",
        "trial": "", "manufacturing_site": "", "infused_on": "2020-05-05", "date_precision": "day",
        "sequence": "1", "age_at_infusion": "50", "batch": "B1", "status": "submitted",
    }  # fmt: skip
    ours = [str(row.pk) for row in neighbours if row.centre.code == "UPP"]
    rows = read_csv(whole(export_infusions(by=reporter, format="csv")))
    assert sorted(row["id"] for row in rows) == sorted([*ours, str(one.pk)])
    assert [row for row in rows if row["id"] not in ours] == [expected]
    numbers = {name: int(expected[name]) for name in ("patient", "sequence", "age_at_infusion")}
    rows = read_xlsx(whole(export_infusions(by=reporter, format="xlsx")))
    [row] = [row for row in rows if row["id"] not in ours]
    assert {name: cell or "" for name, cell in row.items()} == expected | numbers
    assert "patient_id" not in HEADER


@pytest.fixture
def all_kinds(lists) -> list[tuple[Infusion, dict]]:
    """Infusions of every kind, with the cells that are not the infusion's own: the sex, by who may know it."""
    year, month = DatePrecision.YEAR, DatePrecision.MONTH
    sexes = [dict.fromkeys(("UPP", "STO", "all"), sex) for sex in ("unknown", "female")]
    unknown, by_number = sexes
    stated = unknown | {"STO": "male", "all": "male"}
    one, other = {"age_at_infusion": 50}, {"age_at_infusion": 0, "centre": "STO", "sex": "male"}
    merged = factories.record(lists, factories.nth_number(2), infused_on="2019-01-01", centre="STO", batch='"; x')
    rows = [
        (factories.record(lists, "local:1", date_precision=year, infused_on="2020-01-01", **one), unknown),
        (factories.record(lists, "local:2", date_precision=month, infused_on="2021-12-01", **other), stated),
        (factories.record(lists, "local:2", infused_on="2022-12-01", kind="reinfusion", **other), stated),
        (factories.record(lists, category="ACT", trial=ACADEMIC, product="Akademisk CD19 CAR-T",
                          indication="solid-tumour", manufacturing_site="VECURA", batch="Å 1\n2"), by_number),
        (factories.record(lists, infused_on="2020-05-05", category="CUP", sequence=2, kind="further_dose",
                          product="Prövningsläkemedel TCR-T", indication=None, batch="<&>"), by_number),
        (merged, by_number),
    ]  # fmt: skip
    withdraw_infusion(infusion_id=rows[2][0].pk, by=Operator(), reason="entered twice")
    person = Infusion.objects.get(pk=rows[3][0].pk).patient
    merge_patients(keep=person, absorb=merged.patient, by=Operator(), reason="one", explanation="born once")
    return [(Infusion.objects.get(pk=infusion.pk), sex) for infusion, sex in rows]


@pytest.mark.parametrize("who", ["UPP", "STO", "all"])
def test_every_cell_says_what_is_stored(lists, all_kinds, who):
    by = Operator() if who == "all" else factories.user("someone", lists.centres[who])
    expected = [
        [
            str(row.pk), row.patient.registry_number, row.centre.code, sex[who], row.category, row.kind,
            row.product.name, row.product.modality,
            row.indication and (row.indication.icd10 or row.indication.key), row.trial and row.trial.identifier,
            row.manufacturing_site and row.manufacturing_site.code,
            str(row.infused_on)[: {"day": 10, "month": 7, "year": 4}[row.date_precision]], row.date_precision,
            row.sequence, row.age_at_infusion, row.batch or None, row.status,
        ]
        for row, sex in sorted(all_kinds, key=lambda pair: (
            pair[0].centre.code, pair[0].patient_id, pair[0].infused_on, pair[0].sequence, pair[0].pk))
        if who in {"all", row.centre.code}
    ]  # fmt: skip
    assert len({len(expected), len(all_kinds)}) == (1 if who == "all" else 2)
    found = read_xlsx(whole(export_infusions(by=by, format="xlsx")))
    assert [list(row.values()) for row in found] == expected
    found = read_csv(whole(export_infusions(by=by, format="csv")))
    assert [list(row.values()) for row in found] == [
        ["" if cell is None else str(cell) for cell in row] for row in expected
    ]
    assert tuple(found[0]) == HEADER


def test_withdrawn_rows_are_there_and_say_so(reporter, neighbours, one):
    withdraw_infusion(infusion_id=one.pk, by=reporter, reason="entered twice")
    rows = read_csv(whole(export_infusions(by=reporter, format="csv")))
    others = {str(row.pk): "submitted" for row in neighbours if row.centre.code == "UPP"}
    assert {row["id"]: row["status"] for row in rows} == others | {str(one.pk): "withdrawn"}


def test_an_export_holds_the_rows_of_ones_own_centres_alone(lists, one):
    factories.record(lists, factories.nth_number(5), centre="STO")
    both = factories.user("both", lists.centres["UPP"], lists.centres["STO"])
    for someone, centre, found in (
        (factories.user("upp", lists.centres["UPP"]), None, ["UPP"]),
        (factories.user("sto", lists.centres["STO"]), None, ["STO"]),
        (factories.user("ume", lists.centres["UME"]), None, []),
        (both, None, ["STO", "UPP"]),
        (both, "STO", ["STO"]),
        (factories.user("steward", national_role="steward"), None, []),
        (factories.user("outsider"), None, []),
    ):
        rows = read_csv(whole(export_infusions(by=someone, format="csv", centre=centre)))
        assert [row["centre"] for row in rows] == found, someone


def test_every_exported_row_is_logged(lists, reporter, one, monkeypatch):
    other = factories.record(lists, factories.nth_number(5))
    monkeypatch.setattr(long_reads, "ROWS_AT_ONCE", 1)
    whole(export_infusions(by=reporter, format="xlsx"))
    lines = AccessLog.objects.filter(action="export")
    assert {line.infusion for line in lines} == {one.pk, other.pk}
    assert {line.patient for line in lines} == {row.patient.registry_number for row in (one, other)}
    assert {(line.actor, line.unit) for line in lines} == {("reporter", "UPP")}


# Safe in a spreadsheet.


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_begins_a_formula_in_whichever_dialect_it_is_read(text):
    content = whole(write_rows([["batch", "next"], [text, "1"]], format="csv", name="x")).decode("utf-8-sig")
    for delimiter in ";,\t":
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter):
            assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "＝")) for cell in row)
    sheet = load_workbook(io.BytesIO(whole(write_rows([[text]], format="xlsx", name="x")))).worksheets[0]
    assert sheet["A1"].data_type == "s"
    assert not sheet["A1"].value.lstrip().startswith(("=", "+", "-", "@", "＝"))


@pytest.mark.parametrize("text", HARMLESS)
def test_what_begins_no_formula_is_left_as_it_is(text):
    assert safe_cell(text) == text


def test_a_hostile_batch_leaves_the_registry_harmless(lists, reporter):
    for place, batch in enumerate(HOSTILE):
        factories.record(lists, factories.nth_number(place), batch=batch)
    Infusion.objects.filter(batch="=1+1").update(batch="\x01\x08=1+1")
    csv_rows = read_csv(whole(export_infusions(by=reporter, format="csv")))
    xlsx_rows = read_xlsx(whole(export_infusions(by=reporter, format="xlsx")))
    assert len(csv_rows) == len(xlsx_rows) == len(HOSTILE)
    for row in csv_rows + xlsx_rows:
        assert not row["batch"].lstrip().startswith(("=", "+", "-", "@", "＝")), row


# The page.


def test_the_download_is_a_file_with_a_name(client, lists, reporter, one):
    client.force_login(reporter)
    for format, type_ in (("csv", "text/csv"), ("xlsx", "application/vnd.openxml")):
        response = client.get(address(), {"format": format, "centre": "UPP"})
        assert response["Content-Type"].startswith(type_)
        assert response["Content-Disposition"].startswith('attachment; filename="swecar-UPP-')
        assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("typed", [
    {}, {"format": "exe"}, {"format": "csv", "centre": "STO"}, {"format": "csv", "centre": "XXX"},
    {"format": "<script>"},
])  # fmt: skip
def test_what_cannot_be_exported_gets_a_sentence_and_logs_nothing(client, lists, reporter, one, typed):
    before = AccessLog.objects.count()
    client.force_login(reporter)
    response = client.get(address(), typed)
    page = response.content.decode()
    assert response.status_code == 400
    assert 'aria-invalid="true"' in page
    assert "Choose one" in page or "This field is required." in page
    assert "<script>" not in page
    assert AccessLog.objects.count() == before


def test_the_number_of_queries_does_not_grow_with_the_rows(
    client, lists, reporter, one, django_assert_num_queries, purpose_known
):
    client.force_login(reporter)
    client.get(address(), {"format": "csv"}).getvalue()  # notes the sign-in
    for place in (0, 30):
        for number in range(place):
            factories.record(lists, factories.nth_number(number + 5))
        with django_assert_num_queries(16):
            assert len(read_csv(client.get(address(), {"format": "csv"}).getvalue())) == place + 1


def test_an_operators_export_is_logged_with_the_national_role(neighbours, one):
    """A line for each person of either centre."""
    whole(export_infusions(by=Operator(), format="csv"))
    logged = AccessLog.objects.filter(action="export").values_list("patient", "unit")
    persons = {infusion.patient.registry_number for infusion in (*neighbours, one)}
    assert {line for line in logged if line[0]} == {(person, "administrator") for person in persons}
