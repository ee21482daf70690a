"""Compare: every number of two days, two centres or two releases, by what it moved, and nothing withheld told."""

import csv
import io
from datetime import date
from html.parser import HTMLParser

import pytest

from registry.access import Operator
from registry.entry.infusions.record import withdraw_infusion
from registry.formats import MAP_FORMATS
from registry.models import Infusion, Release
from registry.publishing import release_files
from registry.publishing.new_release import release_snapshot
from registry.publishing.publish import publish
from swecar.http import rate_limit
from tests import factories, oracle
from tests.browsing import WIDTH_OF, look

pytestmark = pytest.mark.django_db
PLACES = {"sv": "/jamfor", "en": "/en/compare"}
MEASURES = ("patients", "infusions", "reinfusions", "further_doses", "first")
ROWS = [
    (0, "UPP", "2019-02-03", "SOC", {}),
    (1, "UPP", "2020-05-05", "ACT", {"trial": factories.ACADEMIC, "manufacturing_site": "VECURA"}),
    (2, "STO", "2021-07-07", "SOC", {}),
    (0, "UPP", "2021-06-06", "SOC", {"kind": "reinfusion"}),
    (0, "STO", "2021-09-09", "SOC", {"kind": "reinfusion"}),
]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(rate_limit, "_taken", {})
    monkeypatch.setattr(release_files, "MAP_FORMATS", {"json": MAP_FORMATS["json"]})


def record(lists) -> None:
    for place, centre, day, category, more in ROWS:
        person = factories.nth_number(place)
        factories.record(lists, person, centre=centre, infused_on=day, category=category, **more)


@pytest.fixture
def world(lists):
    record(lists)
    publish()
    return lists


class Cells(HTMLParser):
    """The rows of the page's table."""

    def __init__(self, page: str):
        super().__init__()
        self.rows: list[list[str]] = []
        self.cell = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in {"th", "td"}:
            self.rows[-1].append("")
            self.cell = True

    def handle_endtag(self, tag):
        self.cell = self.cell and tag not in {"th", "td"}

    def handle_data(self, data):
        if self.cell:
            self.rows[-1][-1] += data.strip()


def read(client, query: str, language="en") -> list[list[str]]:
    response = client.get(f"{PLACES[language]}?{query}")
    assert response.status_code == 200, response.content
    return Cells(response.content.decode()).rows


def read_file(client, query: str) -> list[dict]:
    response = client.get(f"{PLACES['en']}?{query}&format=csv")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def counted(row: dict, side: str) -> object:
    return row[side] if row["measure"] == "first" else int(row[side])


@pytest.mark.parametrize("days", [("2019-12-31", "2020-12-31"), ("2018-01-01", "2021-06-06"), ("2021-06-30", "")])
def test_two_days_have_every_number_of_the_oracle_and_the_difference(world, client, days):
    one, other = days
    told = read_file(client, f"of=days&one={one}" + (f"&other={other}" if other else ""))
    rows = factories.read_rows()
    ends = {"one": date.fromisoformat(one), "other": date.fromisoformat(other) if other else None}
    seen = set()
    for row in told:
        seen.add((row["centre"], row["category"], row["site"], row["measure"]))
        filters = {name: [row[name]] for name in ("centre", "category") if row[name] and not row["site"]}
        for side, day in ends.items():
            if row["measure"] == "manufactured":
                expected = oracle.manufactured(rows, row["site"], day)
            elif row["measure"] == "patients_summed":
                by = {name: filters.get(name) for name in filters}
                cells = oracle.count(rows, ("centre", "category"), filters=by, as_of=day)
                expected = sum(cell["patients"] for cell in cells.values())
            else:
                expected = oracle.total(rows, filters=filters, as_of=day)[row["measure"]]
            assert counted(row, side) == ("" if expected is None else expected), row
        if row["measure"] != "first":
            assert int(row["difference"]) == int(row["other"]) - int(row["one"])
        assert bool(row["why"]) == (row["one"] != row["other"])
    assert {("", "", "", measure) for measure in (*MEASURES, "children", "patients_summed")} <= seen
    assert {
        ("UPP", "ACT", "", "patients"),
        ("STO", "", "VECURA", "manufactured"),
        ("ORE", "", "", "infusions"),
    } <= seen


def test_the_page_says_why_a_number_moved_between_two_days(world, client):
    rows = read(client, "of=days&one=2020-12-31")
    assert rows[0] == ["Where", "Number", "31 December 2020", "Latest", "Difference", "Why"]
    assert ["Sweden", "Patients", "2", "3", "+1", "1 had the first infusion here in between"] in rows
    assert ["Sweden", "Infusions", "2", "5", "+3", "3 were given in between"] in rows
    assert ["STO, SOC", "First", "–", "7 July 2021", "", "the first infusion was given in between"] in rows
    assert ["UPP, ACT", "Patients", "1", "1", "0", ""] in rows


def test_two_centres_stand_beside_each_other_with_what_differs(world, client):
    rows = read(client, "of=centres&one=UPP&other=STO")
    assert rows[0] == ["Where", "Number", "UPP", "STO", "Difference"]
    assert ["All categories", "Patients", "2", "2", "0"] in rows
    assert ["All categories", "Infusions", "3", "2", "−1"] in rows
    assert ["ACT", "Patients", "1", "0", "−1"] in rows
    assert ["Manufacture", "Manufactured", "0", "1", "+1"] in rows
    page = client.get("/en/compare?of=centres&one=UPP&other=STO").content.decode()
    assert "A difference says nothing of how good they are." in page
    assert read(client, "of=centres&one=STO&other=UPP")[0][2:4] == ["STO", "UPP"]


def release(name: str) -> Release:
    publish()
    return release_snapshot(name=name, title_sv=f"Utgåva {name}", title_en=f"Release {name}", by=Operator())


@pytest.fixture
def released(world):
    """Three releases: one more in Uppsala, then one of Stockholm withdrawn and one more in Umeå."""
    release("a")
    factories.record(world, factories.nth_number(5), centre="UPP", infused_on="2022-01-01")
    release("b")
    withdrawn = Infusion.objects.get(centre__code="STO", kind="first")
    withdraw_infusion(infusion_id=withdrawn.pk, by=Operator(), reason="entered twice")
    factories.record(world, factories.nth_number(6), centre="UME", infused_on="2022-02-02")
    release("c")
    return world


def test_two_releases_tell_by_what_each_number_moved_over_all_steps(released, client):
    rows = read(client, "of=releases&one=a&other=c")
    assert rows[0] == ["Where", "Number", "Release a", "Release c", "Difference", "Why"]
    assert ["Sweden", "Infusions", "5", "6", "+1", "new: 2, withdrawn: 1"] in rows
    assert ["UPP, SOC", "Patients", "1", "2", "+1", "new: 1"] in rows
    assert ["STO", "Infusions", "2", "1", "−1", "withdrawn: 1"] in rows
    assert ["UME", "Infusions", "0", "1", "+1", "new: 1"] in rows
    assert ["UPP, ACT", "Infusions", "1", "1", "0", ""] in rows
    moved = {
        (row["centre"] or "", row["category"] or "", measure)
        for row in Release.objects.get(name="c").changes["changes"]
        for measure in row["measures"]
    }
    told = [row for row in read_file(client, "of=releases&one=b&other=c") if row["one"] != row["other"]]
    assert {(row["centre"], row["category"], row["measure"]) for row in told} == moved


def test_the_earlier_comes_first_and_one_question_has_one_address(released, client):
    for asked, canonical in [
        ("of=releases&one=c&other=a", "of=releases&one=a&other=c"),
        ("one=2021&other=2019-06", "of=days&one=2019-06-30&other=2021-12-31"),
        ("of=days&one=&other=2020", "of=days&one=2020-12-31"),
        ("of=centres&one=UPP&other=STO&x=1", "of=centres&one=UPP&other=STO"),
        ("of=centres&one=UPP&other=STO&format=html", "of=centres&one=UPP&other=STO"),
    ]:
        response = client.get(f"/en/compare?{asked}")
        assert (response.status_code, response.headers.get("Location")) == (302, f"/en/compare?{canonical}")


def test_nothing_asked_is_the_latest_beside_the_end_of_the_year_before(world, client):
    rows = Cells(client.get("/jamfor").content.decode()).rows
    assert rows[0] == ["Var", "Tal", "31 december 2020", "Senaste", "Skillnad", "Varför"]
    for of in ("centres", "releases"):
        page = client.get(f"/jamfor?of={of}")
        assert page.status_code == 200
        assert "<table" not in page.content.decode()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("of=nonsense", "This page cannot show that."),
        ("of=days&one=i+natt", "date"),
        ("of=days&one=2020&other=2099-01-01", "not come yet"),
        ("of=days&one=2020&other=2020-12-31", "Choose two that are not the same."),
        ("of=centres&one=UPP&other=UPP", "Choose two that are not the same."),
        ("of=centres&one=UPP&other=XXX", "There is no centre with this code."),
        ("of=releases&one=x&other=y", "There is no release with this name."),
        ("of=days&one=19700101-9806", ""),
        ("of=centres&one=" + "U" * 300, "This page cannot show that."),
    ],
)
def test_what_cannot_be_compared_is_said_beside_the_form(world, client, query, said):
    response = client.get(f"/en/compare?{query}")
    assert response.status_code == 400
    assert response["Cache-Control"] == "no-store"
    page = response.content.decode()
    assert 'role="alert"' in page
    assert said in page
    assert "19700101" not in page


def test_before_anything_is_published_the_page_says_so(lists, client):
    assert client.get("/en/compare").status_code == 503


def test_a_page_is_kept_known_by_its_tag_and_counted(world, client):
    response = client.get("/en/compare?of=days&one=2020-12-31")
    assert "max-age=60" in response["Cache-Control"]
    assert response["RateLimit"]
    known = client.get("/en/compare?of=days&one=2020-12-31", headers={"if-none-match": response["ETag"]})
    assert known.status_code == 304


def test_under_a_threshold_no_difference_is_told_of_a_withheld_number(lists, client, settings):
    settings.DISCLOSURE = "threshold:5"
    for person in range(14):
        centre, year = ("UPP", 2019) if person < 8 else ("STO", 2021)
        factories.record(lists, factories.nth_number(person), centre=centre, infused_on=f"{year}-05-05")
    factories.record(lists, factories.nth_number(14), centre="UME", infused_on="2021-05-05")
    publish()
    for query in ("of=days&one=2019-12-31", "of=centres&one=UPP&other=UME", "of=centres&one=UPP&other=STO"):
        told = read_file(client, query)
        assert any(row["suppressed"] == "True" for row in told)
        for row in told:
            if row["suppressed"] == "True":
                assert "" in {row["one"], row["other"]}
                assert (row["difference"], row["why"]) == ("", "")
        assert all(".." in row for row in read(client, query) if "" in row[2:4])
    nation = [row for row in read(client, "of=days&one=2019-12-31") if row[:2] == ["Sweden", "Patients"]]
    assert nation == [["Sweden", "Patients", "8", "15", "+7", "7 had their first infusion here in between"]]
    assert client.get("/en/compare?of=releases&one=a&other=b").status_code in {400, 403}


@pytest.mark.browser
@pytest.mark.parametrize(("language", "width"), WIDTH_OF.items())
def test_it_is_used_without_scripts_and_has_no_violation(
    live_server, committed_lists, open_browser, language, width
):
    record(committed_lists)
    release("a")
    factories.record(committed_lists, factories.nth_number(5), centre="UPP", infused_on="2022-01-01")
    release("b")
    page = open_browser(viewport={"width": width, "height": 844}, java_script_enabled=False)
    page.goto(f"{live_server.url}{PLACES[language]}?of=centres")
    page.select_option("#field-one", "UPP")
    page.select_option("#field-other", "STO")
    page.click("form.ask button")
    page.wait_for_url(f"**{PLACES[language]}?of=centres&one=UPP&other=STO")
    assert page.locator("tbody tr").count() > 5
    page = open_browser(viewport={"width": width, "height": 844})
    for name, query in (
        ("days", ""), ("centres", "?of=centres&one=UPP&other=STO"), ("releases", "?of=releases&one=a&other=b"),
        ("wrong", "?of=days&one=i+natt"),
    ):  # fmt: skip
        page.goto(f"{live_server.url}{PLACES[language]}{query}")
        look(page, f"compare-{name}", language)
    assert page.context.cookies() == []
