"""Explore: any question that `counts` answers, on a page; its numbers are the API's."""

import gzip
import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import caches

from registry.pages.public import explore_answer, explore_page
from registry.publishing.publish import publish
from swecar.http import rate_limit
from tests import factories
from tests.desk import text

pytestmark = pytest.mark.django_db

ROWS = [
    (0, "UPP", "2019-02-03", "SOC", {}),
    (1, "UPP", "2020-05-05", "ACT", {"trial": factories.ACADEMIC}),
    (2, "STO", "2021-07-07", "SOC", {}),
    (0, "UPP", "2021-06-06", "ACT", {"trial": factories.ACADEMIC, "kind": "reinfusion"}),
]
PLACES = {"sv": "/explore", "en": "/en/explore"}
QUERIES = [
    "by=",
    "by=product",
    "by=indication",
    "by=age_group,sex",
    "by=region",
    "by=year",
    "by=trial",
    "by=centre,category,year,month",
    "by=category&measures=infusions,children,products",
    "by=centre&measures=first",
    "by=centre,year&category=SOC&from=2020-01-01&to=2021-06-30",
    "by=category&trial=none&as_of=2020-12-31",
    "by=modality,manufacturing_site&year=2020,2021",
    "by=centre&centre=STO&measures=patients",
    "by=centre&month=2018-01",
]


@pytest.fixture(scope="module")
def lists(kept_lists):
    for place, centre, day, category, more in ROWS:
        person = factories.nth_number(place)
        factories.record(kept_lists, person, centre=centre, infused_on=day, category=category, **more)
    publish()
    return kept_lists


@pytest.fixture(autouse=True)
def nobody_has_asked(lists, monkeypatch):
    monkeypatch.setattr(rate_limit, "_taken", {})


class Table(HTMLParser):
    """The cells of the page's only table: head, rows, total; and what its form has chosen."""

    def __init__(self, page: str):
        super().__init__()
        self.parts, self.part, self.cell = {"thead": [], "tbody": [], "tfoot": []}, "", None
        self.fields: dict[str, list[str]] = {}
        self.selected = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag in self.parts:
            self.part = tag
        if self.part and tag == "tr":
            self.parts[self.part].append([])
        if self.part and tag in {"th", "td"}:
            self.cell = ""
        if tag == "select":
            self.selected = attributes["name"]
        if (tag == "option" and "selected" in attributes) or (tag == "input" and "checked" in attributes):
            self.fields.setdefault(attributes.get("name", self.selected), []).append(attributes["value"])
        if tag == "input" and "type" not in attributes and attributes["value"]:
            self.fields[attributes["name"]] = [attributes["value"]]

    def handle_endtag(self, tag):
        if tag in {"th", "td"} and self.cell is not None:
            self.parts[self.part][-1].append(self.cell.strip())
            self.cell = None
        if tag == self.part:
            self.part = ""

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data


def api_of(client, query: str, language: str = "en") -> dict:
    """What the API answers to the same words, but for an empty one."""
    return client.get(f"/api/v1/counts?{query.removeprefix('by=&').removesuffix('by=')}").json()


def is_same(shown: str, number: object) -> bool:
    if isinstance(number, int):
        return shown.replace(",", "").replace("\xa0", "") == str(number)
    return (number[:4] in shown) if number else shown == "–"  # a date, in words


@pytest.mark.parametrize("language", PLACES)
@pytest.mark.parametrize("query", QUERIES)
def test_every_number_of_the_table_is_the_apis(client, query, language):
    counts = api_of(client, query)
    answer = client.get(f"{PLACES[language]}?{query}")
    assert answer.status_code == 200, answer.headers
    assert answer["Content-Language"] == language
    table = Table(text(answer))
    measures = [name for name in counts["total"] if name not in {"patients_summed", "suppressed"}]
    rows = table.parts["tbody"] if counts["by"] else []
    assert len(rows) == (len(counts["rows"]) if counts["by"] else 0)
    for shown, row in zip(rows, counts["rows"], strict=False):
        numbers = shown[len(counts["by"]) :]
        assert len(numbers) == len(measures)
        assert all(is_same(one, row[name]) for one, name in zip(numbers, measures, strict=True)), (shown, row)
    total = table.parts["tfoot"][0][1:]
    assert all(is_same(one, counts["total"][name]) for one, name in zip(total, measures, strict=True))


@pytest.mark.parametrize("query", QUERIES)
def test_every_file_and_line_of_code_asks_the_api_the_same(client, query):
    page = text(client.get(f"/en/explore?{query}"))
    files = [unescape(found) for found in re.findall(r'href="(/api/v1/counts\?[^"]+)"', page)]
    assert len(files) == (4 if query == "by=centre&measures=first" else 5)
    asked = {name: words for name, words in parse_qs(query).items() if name != "by" or words != [""]}
    for address in files:
        given = parse_qs(urlsplit(address).query)
        assert given.pop("format") and given.pop("lang") == ["en"]
        assert given == asked
        assert client.get(address).status_code == 200
    lines = [unescape(line) for line in re.findall(r"<code>(.*?)</code>", page, re.DOTALL)]
    assert len(lines) == 3
    for line in lines:
        (address,) = re.findall(r'"http://testserver(/api/v1/counts\?[^"]+)"', line)
        assert parse_qs(urlsplit(address).query) == asked | {"format": ["csv"]}
        assert client.get(address)["Content-Type"].startswith("text/csv")


def test_the_form_leads_to_the_one_address_of_a_question(client):
    """Fields that are repeated, empty or in the form's own order are what the API writes with commas."""
    sent = "by=centre&by=&by=year&by=&measures=patients&measures=infusions&from=2020&to=2021-03&as_of=&month="
    answer = client.get(f"/en/explore?{sent}&category=ICT&category=SOC&utm=x")
    assert answer.status_code == 302
    address = "/en/explore?by=centre,year&measures=infusions,patients&category=ICT,SOC"
    address += "&from=2020-01-01&to=2021-03-31"
    assert answer["Location"] == address
    answer = client.get(address)
    assert answer.status_code == 200
    assert Table(text(answer)).fields == {
        "by": ["centre", "year"],
        "measures": ["infusions", "patients"],
        "category": ["SOC", "ICT"],
        "from": ["2020-01-01"],
        "to": ["2021-03-31"],
    }
    assert client.get("/explore?by=&measures=&from=").status_code == 302
    assert client.get("/explore?by=").status_code == 200
    assert client.get("/explore?by=centre%2Cyear").status_code == 200  # no other, so that nothing goes in circles


WRONG = [
    ("by=colour", "by", "Divided by: a value"),
    ("by=centre,category,year,sex,trial", "by", "Divided by: choose at most 4"),
    ("measures=money", "measures", "Count: a value"),
    ("by=centre&centre=XXX", "centre", "Centre: a value"),
    ("category=none", "category", "Category: a value"),
    ("sex=unheard", "sex", "Sex: a value"),
    ("year=20", "year", "Year: write a year"),
    ("month=2020-13", "month", "Month: write months"),
    ("from=yesterday", "from", "From: the date cannot be read"),
    ("from=9998-01-01", "from", "From: that day has not come yet"),
    ("to=2020-02-31", "to", "Through: there is no such day"),
    ("from=2021&to=2020", "from", "From: the day is later"),
    ("as_of=9998", "as_of", "As of: that day has not come yet"),
    ("beside=9998", "beside", "Compared with: that day has not come yet"),
    ("as_of=2001", "as_of", "As of: the registry begins in 2014"),
    ("draw=first", "draw", "In the chart: a value"),
    ("product=" + ",".join(f"P{number}" for number in range(900)), "product", "Product: too many values"),
]


@pytest.mark.parametrize(("query", "field", "sentence"), WRONG)
def test_a_wrong_value_is_named_and_the_form_keeps_what_was_chosen(client, query, field, sentence):
    kept = "" if query.startswith("by") else "&by=sex"
    more = "" if field == "product" else "&product=Kymriah"
    answer = client.get(f"/en/explore?{query}{kept}{more}")
    page = text(answer)
    assert answer.status_code == 400
    assert answer["Cache-Control"] == "no-store"
    assert re.search(rf'role="alert"><a href="#field-{field}">{sentence}', page)
    assert "<table" not in page
    fields = Table(page).fields
    if kept:
        assert fields["by"] == ["sex"]
    if more:
        assert fields["product"] == ["Kymriah"]
    if field in {"from", "to", "as_of", "beside", "month"}:
        assert fields[field] == parse_qs(query)[field]


@pytest.mark.parametrize(("language", "sentence"), [("sv", "Från och med: "), ("en", "From: ")])
def test_the_sentence_is_in_the_pages_language(client, language, sentence):
    assert f">{sentence}" in text(client.get(f"{PLACES[language]}?from=nu"))


def test_an_identity_number_in_a_field_is_not_said_again(client):
    number = factories.nth_number(7)
    page = text(client.get(f"/en/explore?month={number}&by=year"))
    assert number not in page and "Month: write months" in page


def test_a_first_visit_shows_an_answer_and_ready_questions(client):
    page = text(client.get("/explore"))
    for by in ("product", "indication", "age_group,sex", "region", "year", "trial"):
        assert f'<a href="/explore?by={by}"' in page
    assert '<a href="/explore?by=year" aria-current="page">' in page
    assert '<h2 id="answer">Patienter per år</h2>' in page


def test_the_chart_draws_each_row_and_another_measure_has_its_own_address(client):
    page = text(client.get("/en/explore?by=centre,category&draw=infusions"))
    assert page.count('<svg xmlns="http://www.w3.org/2000/svg" class="chart') == 2
    assert 'aria-label="Infusions by centre and category. The numbers are in the table below."' in page
    assert page.count('<rect class="soc"') == 2 * 2 and page.count('<rect class="act"') == 1 * 2
    assert '<a href="/en/explore?by=centre,category">Patients</a>' in page
    scripts = re.findall(r"<script[^>]*>.*?</script>", page)
    assert scripts == ['<script src="/static/pages/figure.js" defer></script>']
    assert 'style="' not in page and "<style" not in page


def test_a_person_in_several_rows_is_explained(client):
    page = text(client.get("/en/explore?by=centre"))
    assert "The patients of the rows add up to" not in page
    page = text(client.get("/en/explore?by=category"))
    assert "The patients of the rows add up to 4, but they are 3 people" in page


def test_a_long_answer_is_cut_on_the_page_and_whole_in_the_files(client, monkeypatch):
    monkeypatch.setattr(explore_answer, "MOST_ROWS", 2)
    monkeypatch.setattr(explore_page, "MOST_BARS", 1)
    caches["responses"].clear()
    page = text(client.get("/en/explore?by=centre,month"))
    assert len(Table(page).parts["tbody"]) == 2
    assert "The table shows the first 2 rows of 4; the files have all." in page
    assert "The chart shows the first 1 rows." in page
    caches["responses"].clear()


def test_the_answer_is_kept_and_a_known_one_is_a_304_without_sql(client, django_assert_num_queries):
    answer = client.get("/en/explore?by=region")
    assert answer["Cache-Control"].startswith("public")
    with django_assert_num_queries(0):
        again = client.get("/en/explore?by=region", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_the_page_weighs_little(client):
    for query in ("by=centre,category,year,month", "by=indication"):
        answer = client.get(f"/explore?{query}")
        assert len(gzip.compress(answer.content)) < 50_000


def test_one_who_asks_too_often_is_told_to_wait(client, settings):
    settings.RATE_LIMIT = 2
    codes = [client.get(f"/en/explore?by={by}").status_code for by in ("sex", "year", "trial")]
    assert codes == [200, 200, 429]
    answer = client.get("/en/explore?by=trial")
    assert "Wait a minute, and try again." in text(answer)
    assert int(answer["Retry-After"]) > 0


@pytest.mark.parametrize("language", PLACES)
def test_it_is_linked_from_the_map_and_the_foot_and_found_by_search_engines(client, language):
    home = {"sv": "/", "en": "/en/"}[language]
    for place in (home, PLACES[language]):
        assert text(client.get(place)).count(f'<a href="{PLACES[language]}">') >= 2
    assert f"<loc>http://testserver{PLACES[language]}</loc>" in text(client.get("/sitemap.xml"))


def test_under_a_threshold_nothing_small_is_told_and_what_may_not_be_combined_is_refused(client, settings):
    settings.DISCLOSURE = "threshold:5"
    page = text(client.get("/en/explore?by=year"))
    table = Table(page)
    assert {number for row in table.parts["tbody"] for number in row[1:]} <= {"..", "–", "0"}
    assert "..: not shown, so that nobody can be recognised." in page
    (questions,) = re.findall(r'<nav class="ready".*?</nav>', page, re.DOTALL)
    ready = re.findall(r'href="/en/explore\?by=([^"&]+)"', questions)
    assert ready == ["product", "indication", "region", "year"]  # all that are answered
    answer = client.get("/en/explore?by=trial,sex")
    assert answer.status_code == 403
    assert 'role="alert"' in text(answer)
    assert "only these are counted together: region, centre, category; year; " in text(answer)
    assert Table(text(answer)).fields["by"] == ["trial", "sex"]
    page = text(client.get("/explore?by=year&from=2020-02-03"))
    assert "räknas bara dessa tillsammans: " in page and "bara hela år." in page


@pytest.mark.parametrize(
    "query", ["by=category", "by=centre,year&category=SOC,ACT", "by=", "by=year&from=2020-01-01"]
)
@pytest.mark.parametrize("days", [("2020-12-31", "2019-12-31"), ("2019-12-31", None), (None, "2020-12-31")])
def test_two_days_stand_beside_each_other_and_each_is_the_apis(client, query, days):
    as_of, beside = days[0], days[1] or "2021-07-07"
    address = f"/en/explore?{query}" + (f"&as_of={as_of}" if as_of else "") + f"&beside={beside}&draw=infusions"
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    table = Table(text(answer))
    first = api_of(client, f"{query}&as_of={as_of}" if as_of else query)
    second = api_of(client, f"{query}&as_of={beside}")
    by = first["by"]
    shown = {tuple(row[: len(by)]): row[len(by) :] for row in table.parts["tbody"] if by}
    keys = {tuple(row[name] for name in by) for one in (first, second) for row in one["rows"] if by}
    assert len(shown) == len(keys)
    assert table.parts["thead"][0][-1] == "Difference"
    for place, counts in enumerate((first, second)):
        summed = sum(int(row[place]) for row in shown.values())
        assert summed == (sum(row["infusions"] for row in counts["rows"]) if by else 0)
        assert table.parts["tfoot"][0][1 + place] == str(counts["total"]["infusions"])
    for row in shown.values():
        assert int(row[0]) - int(row[1]) == int(row[2].replace("−", "-"))
    files = [unescape(found) for found in re.findall(r'href="(/api/v1/counts\?[^"]+)"', text(answer))]
    assert len(files) == 10
    assert {parse_qs(urlsplit(one).query).get("as_of", [None])[0] for one in files} == {as_of, beside}
    assert "beside" not in "".join(files)


def test_dates_alone_are_not_compared(client):
    answer = client.get("/en/explore?by=centre&measures=first&beside=2020")
    assert answer.status_code == 400
    assert "Compared with: only numbers are compared." in text(answer)


def test_a_year_that_nobody_has_attested_is_faint_and_said_to_be_incomplete(client):
    page = text(client.get("/en/explore?by=year"))
    assert page.count('<rect class="one unfinished"') == 2 * 3
    assert page.count('<span class="status">not complete</span>') == 3
    assert "A faint bar is for a period that is not complete" in page
    assert "Not every active centre has attested that its records are complete" in page
    assert "unfinished" not in text(client.get("/en/explore?by=product"))
