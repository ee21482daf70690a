"""Days that have not come are refused everywhere; the last day of the data is told as well as it is known."""

import json
from datetime import datetime, timedelta
from io import BytesIO, StringIO
from itertools import product
from pathlib import Path

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pptx import Presentation

from registry import dates
from registry.dates import today
from registry.errors import DateInFuture, RegistryError
from registry.published.count_query import CountQuery
from registry.published.queries import read_counts, read_map, read_map_and_rows, read_map_and_series
from registry.publishing.hashing import snapshot_hash
from registry.publishing.new_release import release_snapshot
from registry.publishing.publish import publish
from registry.publishing.verification import verify
from tests import factories

pytestmark = pytest.mark.django_db
TO_COME = ("tomorrow", "in ten years")


def day_of(when: str):
    return today() + timedelta(days=1 if when == "tomorrow" else 3653)


@pytest.fixture
def published(lists):
    for place, (day, precision) in enumerate((("2019-02-03", "day"), ("2020-05-01", "month"))):
        fields = {"infused_on": day, "date_precision": precision}
        factories.record(lists, factories.nth_number(place), **fields)
    return publish()


ADDRESSES = (
    "map", "map.csv", "map.pdf", "map.svg", "map.geojson", "counts", "counts?by=year", "counts.xlsx?by=month",
    "counts.json-stat", "measure-reports", "measure-reports/UPP",
)  # fmt: skip


@pytest.mark.parametrize("when", TO_COME)
def test_the_interface_counts_up_to_no_day_that_has_not_come(published, client, when):
    day = day_of(when)
    for address in ADDRESSES:
        glue = "&" if "?" in address else "?"
        answer = client.get(f"/api/v1/{address}{glue}as_of={day}")
        problem = answer.json()
        told = answer.status_code, problem["code"], problem["parameter"]
        assert told == (400, "date_in_future", "as_of"), address
        assert str(day) in problem["detail"], address
        assert "no-store" in answer["Cache-Control"], address
        assert client.get(f"/api/v1/{address}{glue}as_of={today()}").status_code == 200, address


@pytest.mark.parametrize("name", ["as_of", "from"])
def test_the_api_says_in_english_that_a_day_has_not_come(published, client, name):
    day = today() + timedelta(days=40)
    for headers in ({}, {"Accept-Language": "sv"}, {"Accept-Language": "en"}):
        problem = client.get(f"/api/v1/counts?{name}={day}", headers=headers).json()
        said = f"{name}={day}: That day has not come yet: choose today or an earlier date."
        assert problem["detail"] == said, headers


def test_the_pages_show_no_day_that_has_not_come(published, client):
    for address in PAGES:
        answer = client.get(f"{address}?as_of={day_of('tomorrow')}")
        assert answer.status_code == 400, address
        sentence = "That day has not come yet" if "en" in address else "Den dagen har inte kommit än"
        assert sentence in answer.content.decode(), address


# Midnight in Stockholm is an hour before midnight in UTC, in summer two.
AROUND_MIDNIGHT = [
    ("2026-11-28T22:59:59+00:00", "2026-11-28", "2026-11-29"),
    ("2026-11-28T23:00:00+00:00", "2026-11-29", "2026-11-30"),
    ("2026-11-29T00:30:00+00:00", "2026-11-29", "2026-11-30"),
    ("2026-07-01T21:59:59+00:00", "2026-07-01", "2026-07-02"),
    ("2026-07-01T22:00:00+00:00", "2026-07-02", "2026-07-03"),
    ("2026-12-31T23:30:00+00:00", "2027-01-01", "2027-01-02"),
]
WITH_A_DAY = ["map", "counts", "measure-reports", "measure-reports/SE", "measure-reports/UPP"]
PAGES = ["/", "/en/", "/inbaddad/", "/en/embed/", "/atmp/", "/en/atmp/"]
NEVER = ["9999-12-31", "2027-13-01", "2026-12", "2027", "20261128", "2026-11-31", "tomorrow", "+2026-11-28", ""]


@pytest.fixture
def at(monkeypatch):
    """Set the server's clock."""

    def set_clock(instant: str) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.fromisoformat(instant).astimezone(tz)

        monkeypatch.setattr(dates, "datetime", Clock)

    return set_clock


@pytest.mark.parametrize(("instant", "come", "to_come"), AROUND_MIDNIGHT)
def test_the_day_turns_in_stockholm(published, client, at, instant, come, to_come):
    at(instant)
    for address in WITH_A_DAY:
        assert client.get(f"/api/v1/{address}?as_of={come}").status_code == 200, address
        assert client.get(f"/api/v1/{address}?as_of={to_come}").json()["code"] == "date_in_future", address
    for address in PAGES:
        assert client.get(f"{address}?as_of={come}").status_code == 200, address
        assert client.get(f"{address}?as_of={to_come}").status_code == 400, address
    assert client.get(f"/api/v1/counts?from={come}").status_code == 200
    assert client.get(f"/api/v1/counts?from={to_come}").status_code == 400


def test_no_other_spelling_of_a_day_to_come_is_taken(published, client, at):
    at("2026-11-28T12:00:00+00:00")
    for address, text in product(WITH_A_DAY, NEVER):
        assert client.get(f"/api/v1/{address}", {"as_of": text}).status_code == 400, (address, text)
    for address, text in product(PAGES, NEVER):
        # A page reads what people type, and writes it back; an empty field chooses no day.
        status = {"": 200, "20261128": 200 if "embed" in address or "inbaddad" in address else 302}.get(text, 400)
        assert client.get(address, {"as_of": text}).status_code == status, (address, text)


@pytest.mark.parametrize("text", ["2026", "2026-11"])
def test_a_page_shows_the_running_period_as_far_as_it_has_come(published, client, at, text):
    at("2026-11-28T12:00:00+00:00")
    page = client.get("/en/", {"as_of": text})
    assert page.status_code == 302 and page["Location"].endswith("as_of=2026-11-28")


def test_every_day_that_the_interface_describes_is_one_that_has_come(published, client):
    """Walks the description, so that a new address with a day is not forgotten."""
    paths = json.loads((Path(__file__).parents[1] / "docs" / "openapi.json").read_text())["paths"]
    described = {
        (path.removeprefix("/api/v1/").replace("{code}", "UPP"), parameter["name"])
        for path, methods in paths.items()
        for parameter in methods.get("get", {}).get("parameters", ())
        if parameter["name"] in {"as_of", "from"}
    }
    private = {("infusions", "from")}  # a list of a clinic's own rows: of a day to come it is empty
    assert len(described) >= 5 and private < described
    for path, name in described - private:
        for day in (day_of("tomorrow"), "9999-12-31"):
            answer = client.get(f"/api/v1/{path}?{name}={day}").json()
            assert (answer["code"], answer["parameter"]) == ("date_in_future", name), path


def test_the_whole_running_year_can_be_asked_for(published, client):
    year = today().year
    answer = client.get(f"/api/v1/counts?from=2014-01-01&to={year}-12-31")
    assert answer.status_code == 200 and answer.json()["total"]["infusions"] == 2
    answer = client.get(f"/api/v1/counts?from={year}-01-01&to={year + 5}-12-31")
    assert answer.status_code == 200 and answer.json()["total"]["infusions"] == 0
    answer = client.get(f"/api/v1/counts?from={year + 1}-01-01&to={year + 1}-12-31")
    assert (answer.status_code, answer.json()["parameter"]) == (400, "from")


@pytest.mark.usefixtures("neighbours")
def test_no_number_is_read_of_a_day_that_has_not_come(published, lists):
    day = day_of("tomorrow")
    for read in (
        lambda: read_map(language="sv", as_of=day),
        lambda: read_map_and_series(language="sv", as_of=day),
        lambda: read_map_and_rows(CountQuery(as_of=day), language="sv"),
        lambda: read_counts(CountQuery(as_of=day)),
    ):
        with pytest.raises(DateInFuture):
            read()
    admin = factories.user("chief", national_role="administrator")
    with pytest.raises(RegistryError) as refused:
        release_snapshot(name="later", title_sv="Sedan", title_en="Later", as_of=day, by=admin)
    assert refused.value.code == "release_day_wrong"


def test_a_figure_with_a_data_cut_to_come_is_not_compared(published, tmp_path):
    path = tmp_path / "figure.json"
    figure = {"data_cut": str(day_of("tomorrow")), "national": {}, "centres": []}
    path.write_text(json.dumps(figure), encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        call_command("reconcile", str(path), stdout=StringIO())
    assert refused.value.returncode == 2
    assert "date_in_future" in str(refused.value)


LATEST = [
    # infusions as (day, precision), what is printed, in words, where it ends in the catalogue
    ([("2020-05-05", "day"), ("2021-01-01", "year")], "2021", "2021", "gYear"),
    ([("2020-05-05", "day"), ("2021-03-01", "month")], "2021-03", "March 2021", "gYearMonth"),
    ([("2021-01-01", "year"), ("2021-01-01", "day")], "2021-01-01", "1 January 2021", "date"),
    ([("2021-01-01", "year"), ("2021-01-01", "month")], "2021-01", "January 2021", "gYearMonth"),
    ([("2021-01-01", "year"), ("2020-12-31", "day")], "2021", "2021", "gYear"),
    ([("2021-01-01", "year"), ("2021-06-02", "day")], "2021-06-02", "2 June 2021", "date"),
]


@pytest.mark.parametrize(("infusions", "printed", "said", "type_"), LATEST)
def test_data_go_through_a_day_as_well_as_it_is_known(lists, settings, infusions, printed, said, type_):
    for place, (day, precision) in enumerate(infusions):
        fields = {"infused_on": day, "date_precision": precision}
        factories.record(lists, factories.nth_number(place), **fields)
    publish()
    assert verify().differences == []
    client = Client()

    def ask(address: str):
        answer = client.get(f"/api/v1/{address}")
        assert answer.status_code == 200, answer.content
        return answer

    for address in ("map", "counts", "status", "centres"):
        assert ask(address).json()["snapshot"]["data_through"] == printed
    assert ask("snapshots").json()["snapshots"][0]["data_through"] == printed
    assert ask("snapshots/1").json()["data_through"] == printed
    assert f",{printed}," in ask("map.csv").content.decode()
    assert f"swecar-map-{printed}.csv" in ask("map.csv")["Content-Disposition"]
    book = openpyxl.load_workbook(BytesIO(ask("map.xlsx").content))
    told = {str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    assert printed in told
    assert f"Data through {said}." in ask("map.svg?lang=en").content.decode()
    reports = ask("measure-reports/SE").json()
    assert reports["period"]["end"] == printed
    (period,) = [node for node in ask("catalogue").json()["@graph"] if node["@type"] == "dcterms:PeriodOfTime"]
    assert period["dcat:endDate"] == {"@value": printed, "@type": f"xsd:{type_}"}
    assert f'XMLSchema#{type_}">{printed}<' in ask("catalogue.rdf").content.decode()
    for page in ("/en/", f"/en/?as_of={today()}"):
        assert f"data through {said}" in client.get(page).content.decode()


def test_no_day_is_told_where_only_the_year_is_known(lists):
    """Not on the page, its drawings over time or in its files, and the hash tells the precision."""
    factories.record(lists, factories.nth_number(0), infused_on="2020-01-01", date_precision="year")
    snapshot = publish()
    page = Client().get("/en/").content.decode()
    assert "1 January 2020" not in page
    assert "1 januari 2020" not in Client().get("/").content.decode()
    snapshot.data_through_precision = "day"
    assert snapshot_hash(snapshot) != snapshot.hash


@pytest.mark.parametrize("policy", ["exact", "threshold:5"])
@pytest.mark.parametrize(
    ("day", "precision", "printed", "swedish", "english"),
    [
        ("2021-01-01", "year", "2021", "2021", "2021"),
        ("2021-03-01", "month", "2021-03", "mars 2021", "March 2021"),
        ("2021-03-01", "day", "2021-03-01", "1 mars 2021", "1 March 2021"),
    ],
)
def test_it_is_so_in_both_languages_in_slides_and_under_each_policy(
    lists, settings, policy, day, precision, printed, swedish, english
):
    settings.DISCLOSURE = policy
    for place in range(6):
        factories.record(lists, factories.nth_number(place), infused_on="2020-05-05")
    factories.record(lists, factories.nth_number(6), infused_on=day, date_precision=precision)
    publish()
    client = Client()
    said = {"sv": f"uppgifter till och med {swedish}", "en": f"data through {english}"}
    for language, address in (("sv", "/"), ("en", "/en/")):
        page = client.get(address).content.decode()
        assert said[language] in page
        slides = Presentation(BytesIO(client.get(f"/api/v1/map.pptx?lang={language}").content))
        shown = " ".join(
            shape.text_frame.text for slide in slides.slides for shape in slide.shapes if shape.has_text_frame
        )
        drawn = client.get(f"/api/v1/map.svg?lang={language}").content.decode()
        for text in (page, shown, drawn):
            for whole in ("1 januari 2021", "1 January 2021", "1 mars 2021", "1 March 2021"):
                assert (whole in text) <= (whole in said[language]), whole
    assert client.get("/api/v1/map").json()["snapshot"]["data_through"] == printed
    assert client.get("/api/v1/counts").json()["snapshot"]["data_through"] == printed


def test_a_centres_latest_infusion_is_told_as_well_as_it_is_known(lists):
    """Also where no month is known: "2021" after December 2020, and never a gap where there are infusions."""
    rows = [
        ("UPP", "2020-12-05", "day"), ("UPP", "2021-01-01", "year"), ("STO", "2019-01-01", "year"),
        ("LIN", "2021-01-01", "year"), ("LIN", "2021-03-01", "month"), ("UME", "2018-04-04", "day"),
    ]  # fmt: skip
    for place, (centre, day, precision) in enumerate(rows):
        fields = {"infused_on": day, "date_precision": precision}
        factories.record(lists, factories.nth_number(place), centre=centre, **fields)
    publish()
    page = Client().get("/en/freshness/")
    told = {centre["name"][-3:]: centre["latest"] for centre in page.context["centres"]}
    assert told == {"UPP": "2021", "STO": "2019", "LIN": "March 2021", "UME": "April 2018", "FAL": "–", "ORE": "–"}
