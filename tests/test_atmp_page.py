"""The page on trials, hospital exemption and manufacture: its numbers, caveats, days, files and addresses."""

import html
import re
from datetime import date
from html.parser import HTMLParser

import pytest

from registry.models import (
    ExemptionYear,
    ManufacturingSite,
    ManufacturingStatement,
    Population,
    TrialConfirmation,
)
from registry.publishing.publish import publish
from tests import atmp_rows, factories
from tests.desk import text

pytestmark = pytest.mark.django_db
PLACES = {"sv": "/atmp/", "en": "/en/atmp/"}
MAY = date(2025, 5, 31)


class Tables(HTMLParser):
    """The rows of a page's tables, by the id of their captions."""

    def __init__(self, page: str):
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.name, self.is_cell = "", False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "caption":
            self.name = dict(attrs)["id"]
            self.rows[self.name] = []
        if tag == "tr":
            self.rows[self.name].append([])
        if tag in {"td", "th"}:
            self.rows[self.name][-1].append("")
            self.is_cell = True

    def handle_endtag(self, tag):
        self.is_cell = self.is_cell and tag not in {"td", "th"}

    def handle_data(self, data):
        if self.is_cell:
            self.rows[self.name][-1][-1] += data


@pytest.fixture
def report(lists):
    atmp_rows.store_report(lists)
    atmp_rows.store_stated(lists)
    factories.record(lists, manufacturing_site="VECURA")
    publish()


def tables(client, language: str = "en", query: str = "") -> dict[str, list[list[str]]]:
    return Tables(text(client.get(PLACES[language] + query))).rows


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("sv", "Inget är uppgivet ännu"), ("en", "Nothing has been stated yet")],
)
def test_before_anything_is_stated_the_page_says_so(lists, client, language, sentence):
    publish()
    page = text(client.get(PLACES[language]))
    assert sentence in page
    assert "<svg" not in page
    assert "/api/v1/atmp/" not in page


def test_each_figure_says_so_where_it_has_nothing(lists, client):
    atmp_rows.store(lists, [atmp_rows.trial(1, {"UPP": [("planned", "2020")]})])
    publish()
    page = text(client.get("/en/atmp/"))
    assert page.count("No ongoing trial has been stated.") == 3 - 1
    assert "No hospital has stated any treatment under the hospital exemption." in page
    assert "No manufacturing site has stated what it has made." in page


def test_the_nations_numbers_stand_above_with_both_numbers_of_the_rate(report, client):
    page = html.unescape(text(client.get("/en/atmp/")))
    assert '<dt>ongoing trials</dt> <dd><span class="number">43</span>' in page
    assert '<dt>trials at hospitals</dt> <dd><span class="number">43</span>' in page
    rate = "43 trials, 10,587,710 inhabitants on 31 December 2024"
    assert f'<span class="number">0.41</span> <span class="remark">{rate}</span>' in page
    assert "Inhabitants on 31 December 2024: SCB 2024." in page


def test_regions_tell_their_rate_or_that_they_have_no_population(report, client):
    rows = {row[0]: row[1:] for row in tables(client)["regions-table"]}
    assert rows["Mellansverige"] == ["14", "14", "–", "–"]
    assert rows["Norra"] == ["not stated"]
    assert rows["Sweden counted afresh"] == ["43", "43", "10,587,710 (2024)", "0.41"]


def test_a_region_of_an_older_population_tells_whose_that_is(lists, client):
    """Small case 6: the latest of which all of its counties are known."""
    atmp_rows.store_report(lists)
    for area in ("01", "09"):
        Population.objects.create(area=area, year=2023, persons=1_000_000, source="SCB 2023")
    publish()
    rows = {row[0]: row[1:] for row in tables(client)["regions-table"]}
    assert rows["Stockholm–Gotland"] == ["29", "29", "2,000,000 (2023)", "1.45"]
    page = text(client.get("/en/atmp/"))
    assert "Inhabitants on 31 December 2023: SCB 2023. Inhabitants on 31 December 2024: SCB 2024." in page


def test_classes_stand_by_hospital_and_who_is_silent_as_not_stated(report, client):
    rows = {row[0]: row[1:] for row in tables(client)["classes-table"]}
    head = rows.pop("Hospital")
    assert head == [
        "Gene therapy in vivo", "Gene therapy ex vivo", "Somatic cell therapy", "Class not stated", "Total",
    ]  # fmt: skip
    assert rows["STO"] == ["8", "13", "8", "0", "29"]
    assert rows["UPP"] == ["0", "0", "0", "14", "14"]
    assert rows["UME"] == ["not stated"]
    assert rows["Sweden counted afresh"] == ["8", "13", "8", "14", "43"]
    page = text(client.get("/en/atmp/"))
    assert re.search(r"Not answered: [^.]*UME[^.]*\. What they have is not known, and is not zero\.", page)


def test_a_hospital_that_has_answered_without_trials_stands_with_zero(lists, client):
    atmp_rows.store(lists, [atmp_rows.trial(1, {"UPP": [("recruiting", "2020")]})])
    TrialConfirmation.objects.create(centre=lists.centres["STO"], stated_by="lead", stated_on=date(2024, 6, 1))
    publish()
    rows = {row[0]: row[1:] for row in tables(client)["classes-table"]}
    assert rows["STO"] == ["0", "0"]
    assert rows["LIN"] == ["not stated"]


def test_a_trial_at_two_hospitals_is_one_in_the_country(lists, client):
    both = {"UPP": [("recruiting", "2020")], "STO": [("recruiting", "2021")]}
    atmp_rows.store(lists, [atmp_rows.trial(1, both)])
    publish()
    rows = {row[0]: row[1:] for row in tables(client)["classes-table"]}
    assert (rows["STO"], rows["UPP"]) == (["1", "1"], ["1", "1"])
    assert rows["Sweden counted afresh"] == ["1", "1"]
    assert "The hospitals’ numbers add up to 2, but the trials are 1: a trial" in text(client.get("/en/atmp/"))


def test_phases_and_sponsors_add_up(report, client):
    head, *rows, total = tables(client)["phases-table"]
    assert head[1:] == ["Academic", "Industry", "Sponsor not stated", "Total"]
    numbers = [[int(one) for one in row[1:]] for row in rows]
    assert [sum(column) for column in zip(*numbers, strict=True)] == [int(one) for one in total[1:]]
    assert int(total[-1]) == 43
    assert [row[0] for row in rows][-1] == "Phase not stated"


def test_years_are_of_the_first_recruitment_and_the_last_is_marked(report, client):
    _head, *rows = tables(client)["years-table"]
    assert sum(int(row[1]) for row in rows) == 43
    assert "through" in rows[-1][0]
    page = text(client.get("/en/atmp/?as_of=2020-12-31"))
    assert "not a whole year" not in page
    assert [row[0] for row in Tables(page).rows["years-table"]][1:] == ["2016", "2017", "2018", "2019", "2020"]


def test_the_exemption_tells_who_stated_what_and_marks_a_running_year(report, client):
    _head, *rows = tables(client)["exemption-table"]
    told = {(row[0], row[1]): row[2:] for row in rows}
    assert told["Keratinocyter (UPP)", "2016–2025, through 31 May"] == [
        "about 50", "not stated", "Akademiska sjukhuset, as of 31 May 2025 (Rapport 2025)",
    ]  # fmt: skip
    assert told["Tre produkter (STO)", "2011–2025, through 31 May"][0] == "about 20"
    assert told["Hudceller (UPP)", "2024"][0] == "6"
    page = text(client.get("/en/atmp/"))
    assert len(re.findall(r'<rect class="one hatched"', page)) == 2 * 3  # in both drawings
    assert "A hatched bar is of a year that is not over" in page
    assert "is added to no other" in page
    assert ">about 50<" in page
    assert not any("70" in cell for row in rows for cell in row)


def test_manufacture_is_what_was_stated_and_what_is_counted_stands_beside(report, client):
    rows = {row[0]: row[1:] for row in tables(client)["vecura-table"]}
    source = "Vecura, as of 31 May 2025 (Rapport 2025)"
    assert rows["Batches"] == ["192", source]
    assert rows["Patients"] == ["761", source]
    assert rows["Patients with imports"] == ["909", source]
    assert rows["Manufactured for an infusion in the registry"] == ["1", "counted by the registry, beside"]
    assert tables(client)["vecura-classes"][1:] == [
        ["Gene therapy in vivo", "9"], ["Class not stated", "45"], ["Total", "54"],
    ]  # fmt: skip
    assert "receiving countries by their ISO codes DK, NO." in text(client.get("/en/atmp/"))


def test_a_statement_that_falls_is_a_question_to_the_site(lists, client):
    site = ManufacturingSite.objects.get(code="VECURA")
    for year, patients in ((2024, 700), (2025, 690)):
        ManufacturingStatement.objects.create(
            site=site, as_of=date(year, 5, 31), patients=patients, stated_by="Vecura", source="R"
        )
    publish()
    assert "Question to Vecura: patients, before 700, are 690 as of 31 May 2025. Why fewer?" in text(
        client.get("/en/atmp/")
    )


def test_small_numbers_of_the_exemption_are_withheld(lists, client, settings):
    ExemptionYear.objects.create(
        centre=lists.centres["UPP"], product="Skin", year=2023, patients=3, deliveries=3,
        through=date(2023, 12, 31), stated_by="H", source="R",
    )  # fmt: skip
    publish()
    settings.DISCLOSURE = "threshold:5"
    (_head, row) = tables(client)["exemption-table"]
    assert row[2:4] == ["..", ".."]
    assert "so that nobody can be recognised" in text(client.get("/en/atmp/"))


@pytest.mark.parametrize("language", PLACES)
def test_each_figure_has_its_files_and_its_address(report, client, language):
    page = html.unescape(text(client.get(f"{PLACES[language]}?as_of=2025-06-30")))
    asked = f"as_of=2025-06-30&lang={language}"
    for ending in ("csv", "xlsx", "json"):
        for place in (
            f"counts?by=region&measures=trials,site_trials,per_100_000&{asked}",
            f"counts?by=year&measures=opened,trials&{asked}",
            f"counts?by=class,centre&{asked}",
            f"counts?by=phase,sponsor&{asked}",
            f"exemption?{asked}",
            f"manufacturing?{asked}",
        ):
            assert f'href="/api/v1/atmp/{place}&format={ending}"' in page
    for file in re.findall(r'href="(/api/v1/atmp/[^"]+)"', page):
        assert client.get(file).status_code == 200, file
    for name in ("ongoing", "opened", "classes", "phases", "exemption", "manufacture"):
        assert f'id="{name}"' in page
        assert f'href="http://testserver{PLACES[language]}?as_of=2025-06-30#{name}"' in page


def test_a_day_has_one_address_and_a_wrong_one_is_refused(report, client):
    answer = client.get("/en/atmp/", {"year": "2020", "month": "2"})
    assert (answer.status_code, answer["Location"]) == (302, "/en/atmp/?as_of=2020-02-29")
    shown = text(client.get("/en/atmp/?as_of=2020-02-29"))
    assert "As of 29 February 2020." in shown
    assert 'hreflang="sv" lang="sv">Svenska' in shown
    assert 'href="/atmp/?as_of=2020-02-29"' in shown
    refused = client.get("/en/atmp/", {"as_of": "2999-01-01"})
    assert refused.status_code == 400
    assert 'role="alert"' in text(refused)


def test_the_first_trials_are_shown_as_of_their_day(lists, client):
    atmp_rows.store(lists, [atmp_rows.trial(1, {"UPP": [("recruiting", "2006-05")]})])
    publish()
    assert client.get(PLACES["en"], {"as_of": "2006-06-30"}).status_code == 200
    assert '<option value="2006"' in text(client.get(PLACES["en"]))
    refused = client.get(PLACES["en"], {"as_of": "2005-06-30"})
    assert refused.status_code == 400
    assert "The registry begins in 2006" in text(refused)
    assert '<option value="2006"' not in text(client.get("/en/"))


def test_it_is_kept_by_snapshot_and_linked_from_every_page(report, client):
    answer = client.get("/atmp/")
    assert client.get("/atmp/", headers={"if-none-match": answer["ETag"]}).status_code == 304
    assert '<a href="/atmp/">' in text(client.get("/"))
    assert '<a href="/en/atmp/">' in text(client.get("/en/how-we-count/"))
    assert "/en/atmp/</loc>" in text(client.get("/sitemap.xml"))
