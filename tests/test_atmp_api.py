"""Trials, exemption and manufacture over the API: formats, conditions, wrong values, files that others open."""

import csv
import io
import json
import re
from datetime import date, timedelta

import openpyxl
import pytest
from pyjstat import pyjstat

from registry.dates import today
from registry.models import (
    ExemptionYear,
    ManufacturingSite,
    ManufacturingStatement,
    Population,
    StatementClass,
    StatementCountry,
)
from registry.published.atmp_query import DIMENSIONS
from registry.publishing.publish import publish
from tests.atmp_rows import store, trial

pytestmark = pytest.mark.django_db

NAMES = ("trials", "counts", "exemption", "manufacturing")
FORMATS = ("json", "csv", "csv-excel", "xlsx", "json-stat")
STATED = {"stated_by": "Akademiska", "source": "Rapport å ä ö"}


@pytest.fixture
def told(lists):
    """Three trials, two years of the exemption and a statement, published."""
    store(lists, [
        trial(1, {"UPP": [("recruiting", "2020")], "STO": [("planned", "2024-05")]},
              class_="sctmp", area="oncology"),
        trial(2, {"UPP": [("follow_up", "2021-03-04")]}, class_="in_vivo_gtmp", phase="III", sponsor="industry"),
        trial(3, {"LIN": [("recruiting", "2019"), ("closed", "2023")]}),
    ])  # fmt: skip
    Population.objects.create(area="03", year=2023, persons=400_000, source="SCB")
    for year, through in ((2024, date(2024, 12, 31)), (2025, date(2025, 5, 31))):
        ExemptionYear.objects.create(
            centre=lists.centres["UPP"], product="Hud", year=year, through=through, patients=7, **STATED
        )
    statement = ManufacturingStatement.objects.create(
        site=ManufacturingSite.objects.get(code="VECURA"), as_of=date(2025, 5, 31), products=54, batches=192,
        countries=2, **STATED,
    )  # fmt: skip
    for name, products in (("in_vivo_gtmp", 9), ("vaccine_prophylactic", 45)):
        StatementClass.objects.create(statement=statement, atmp_class=name, products=products)
    StatementCountry.objects.create(statement=statement, country="NO")
    return publish()


def ask(client, address: str, status: int = 200, **headers):
    response = client.get(f"/api/v1/atmp/{address}", headers=headers)
    assert response.status_code == status, response.content
    return response


def read_rows(response) -> list[dict]:
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_trials_are_listed_with_what_holds_at_each_hospital(client, told):
    document = ask(client, "trials?lang=en").json()
    assert (document["basis"], document["snapshot"]["number"]) == ("counted", told.number)
    (first, *_others) = document["trials"]
    assert (first["class"], first["area"], first["phase"]) == ("sctmp", "oncology", "unknown")
    assert [(site["centre"], site["status"], site["since"]) for site in first["sites"]] == [
        ("STO", "planned", "2024-05"), ("UPP", "recruiting", "2020"),
    ]  # fmt: skip
    assert document["not_stated"] == ["UME", "FAL", "ORE"]
    before = ask(client, "trials?as_of=2024-04-30&lang=en").json()["trials"][0]["sites"]
    assert [site["status"] for site in before] == [None, "recruiting"]
    rows = read_rows(ask(client, "trials.csv?lang=sv"))
    assert [(row["identifier"], row["centre"], row["status"]) for row in rows][:2] == [
        ("NCT98000001", "STO", "planned"), ("NCT98000001", "UPP", "recruiting"),
    ]  # fmt: skip


def test_counts_by_two_dimensions(client, told):
    document = ask(client, "counts?by=class,centre&measures=trials,site_trials").json()
    assert document["rows"] == [
        {"class": "in_vivo_gtmp", "centre": "UPP", "trials": 1, "site_trials": 1},
        {"class": "sctmp", "centre": "UPP", "trials": 1, "site_trials": 1},
        {"class": "sctmp", "centre": "STO", "trials": 0, "site_trials": 0},
        {"class": "unknown", "centre": "LIN", "trials": 0, "site_trials": 0},
    ]
    assert document["total"] == {"trials": 2, "site_trials": 2}
    assert ask(client, "counts?status=closed").json()["total"] == {"trials": 1, "site_trials": 1}
    assert ask(client, "counts?centre=UPP,STO&class=sctmp").json()["total"]["trials"] == 1


def test_a_rate_is_told_with_both_numbers_and_the_year(client, told):
    document = ask(client, "counts?by=county&measures=per_100_000&lang=en").json()
    (row,) = [row for row in document["rows"] if row["county"] == "03"]
    assert row == {"county": "03", "trials": 2, "per_100_000": 0.5, "population": 400_000, "population_year": 2023}
    assert document["populations"] == [{"year": 2023, "source": "SCB"}]
    assert any("Inhabitants on 31 December 2023: SCB" in note for note in document["notes"])
    assert any("Ongoing trials at the area's hospitals" in note for note in document["notes"])
    assert not any("treated" in note for note in document["notes"])
    label = ask(client, "counts.csv-excel?by=county&measures=per_100_000&lang=sv").content.decode("utf-8-sig")
    assert "prövningar per 100 000 invånare" in label.splitlines()[0]


def test_exemption_and_manufacture_say_who_states_them(client, told):
    document = ask(client, "exemption?lang=sv").json()
    assert document["basis"] == "stated"
    assert [(row["year"], row["patients"], row["is_running"]) for row in document["rows"]] == [
        (2024, 7, False), (2025, 7, True),
    ]  # fmt: skip
    assert all("Rapport å ä ö" in row["source"] for row in document["rows"])
    (row,) = ask(client, "manufacturing?lang=en").json()["rows"]
    assert (row["batches"], row["patients"], row["manufactured"], row["receiving_countries"]) == (
        192,
        None,
        0,
        ["NO"],
    )
    (row,) = read_rows(ask(client, "manufacturing.csv?lang=en"))
    assert (row["stated_as_of"], row["stated_in"], row["patients"]) == ("2025-05-31", "Rapport å ä ö", "")
    assert row["classes"] == "Gene therapy in vivo: 9; Prophylactic vaccine: 45"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_format_is_opened_by_another_program(client, told, name, form, language):
    by = "&by=centre,class" if name == "counts" else ""
    response = ask(client, f"{name}?format={form}&lang={language}{by}")
    match form:
        case "json":
            assert response.json()["notes"]
        case "csv" | "csv-excel":
            dialect = {"delimiter": ";" if form == "csv-excel" else ","}
            rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")), **dialect))
            assert rows
            assert None not in rows[0]
        case "xlsx":
            book = openpyxl.load_workbook(io.BytesIO(response.content))
            assert len(book.sheetnames) == 3
            assert book.worksheets[0].max_row > 1
            assert book.worksheets[2].max_row > 1
        case "json-stat":
            frame = pyjstat.Dataset.read(response.content.decode()).write("dataframe")
            assert len(frame)
            assert "CAR-T" not in json.loads(response.content)["label"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_where_nothing_is_stated_every_format_is_empty_and_whole(client, lists, name, form):
    publish()
    by = "&by=class,centre" if name == "counts" else ""
    ask(client, f"{name}?format={form}{by}")


@pytest.mark.parametrize("by", DIMENSIONS)
def test_every_dimension_is_told_in_words(client, told, by):
    text = ask(client, f"counts.csv-excel?by={by}&lang=sv").content.decode("utf-8-sig")
    assert "unknown" not in text.splitlines()[1].split(";")[0]


@pytest.mark.parametrize(("address", "parameter", "code"), [
    ("counts?by=class,centre,area", "by", "too_many_dimensions"),
    ("counts?by=product", "by", "unknown_value"),
    ("counts?by=class,class", "by", "value_repeated"),
    ("counts?measures=patients", "measures", "unknown_value"),
    ("counts?class=gene", "class", "unknown_value"),
    ("counts?area=skin", "area", "unknown_value"),
    ("counts?centre=XXX", "centre", "unknown_value"),
    ("counts?year=20x", "year", "unknown_value"),
    ("counts?status=open", "status", "unknown_value"),
    ("counts?product=Kymriah", "product", "unknown_parameter"),
    ("trials?by=class", "by", "unknown_parameter"),
    ("trials?as_of=2024-13-01", "as_of", "unknown_value"),
    ("exemption?format=pdf", "format", "unknown_value"),
    ("manufacturing.csv?format=xlsx", "format", "format_contradicts"),
])  # fmt: skip
def test_what_is_wrong_is_named(client, told, address, parameter, code):
    problem = ask(client, address, 400).json()
    assert (problem["parameter"], problem["code"]) == (parameter, code)
    assert problem["instance"] == f"/api/v1/atmp/{re.split('[?.]', address)[0]}"
    assert problem["detail"]


@pytest.mark.parametrize("name", NAMES)
def test_no_day_that_has_not_come(client, told, name):
    tomorrow = today() + timedelta(days=1)
    assert ask(client, f"{name}?as_of={tomorrow}", 400).json()["code"] == "date_in_future"


@pytest.mark.parametrize("name", NAMES)
def test_an_unchanged_answer_is_not_sent_again(client, told, name, django_assert_num_queries):
    first = ask(client, f"{name}?lang=en")
    with django_assert_num_queries(1):  # which snapshot is current, where no cache tells
        again = ask(client, f"{name}?lang=en", 304, if_none_match=first["ETag"])
    assert again["ETag"] == first["ETag"]
    assert "swecar" in ask(client, f"{name}.csv")["Content-Disposition"]


def test_a_new_status_is_a_new_answer(client, lists, told):
    first = ask(client, "counts")
    store(lists, [trial(9, {"FAL": [("recruiting", "2024")]})])
    publish()
    second = ask(client, "counts", if_none_match=first["ETag"])
    assert second.json()["total"]["trials"] == first.json()["total"]["trials"] + 1
