"""The pages on trust, law and use: what they say, that they load nothing from elsewhere, and their looks."""

import re
from html.parser import HTMLParser

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.entry.coverage import state_coverage
from registry.map_cells import list_numbers
from registry.measures import DERIVED, MEASURES
from registry.pages.public.about import FIGURE
from registry.pages.public.layout import PLACES
from registry.publishing.publish import publish
from tests import factories
from tests.desk import text

pytestmark = pytest.mark.django_db
PAGES = [(name, language) for name, places in PLACES.items() for language in places if name != "releases"]
TEXTS = [(name, language) for name, language in PAGES if name != "embed"]


@pytest.fixture(scope="module")
def lists(kept_lists):
    return kept_lists


@pytest.fixture(scope="module")
def published(lists):
    nurse = factories.user("nurse", lists.centres["UPP"], role="lead")
    factories.record(lists, infused_on="2020-05-05", by=nurse)
    factories.record(lists, factories.nth_number(3), centre="STO", infused_on="2021-06-06")
    return publish()


class Outline(HTMLParser):
    """The headings of a page by their level, its language, its links."""

    def __init__(self, page: str):
        super().__init__()
        self.levels, self.links, self.language, self.ids = [], [], "", []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "html":
            self.language = attributes["lang"]
        if tag == "a":
            self.links.append(attributes["href"])
        if "id" in attributes:
            self.ids.append(attributes["id"])


@pytest.mark.parametrize(("name", "language"), PAGES)
def test_a_page_has_one_title_and_its_headings_in_order(published, client, name, language):
    answer = client.get(PLACES[name][language])
    assert answer.status_code == 200
    outline = Outline(text(answer))
    assert outline.levels[0] == 1
    assert outline.levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(outline.levels, outline.levels[1:], strict=False))
    assert outline.language == language == answer["Content-Language"]
    assert len(outline.ids) == len(set(outline.ids))
    own = f'<link rel="canonical" href="http://testserver{PLACES[name][language]}">'
    assert (own in text(answer)) == (name != "embed")
    assert not answer.cookies


@pytest.mark.parametrize(("name", "language"), [*TEXTS, ("map", "sv"), ("map", "en")])
def test_every_link_of_a_page_leads_somewhere(published, client, name, language):
    place = PLACES[name][language] if name in PLACES else {"sv": "/", "en": "/en/"}[language]
    for link in Outline(text(client.get(place))).links:
        bare = link.partition("#")[0]
        if bare.startswith("/") and "png-print" not in bare and "pptx" not in bare:
            assert client.get(bare, follow=True).status_code == 200, link  # by sign-in, where that is needed


@pytest.mark.parametrize(("name", "language"), [*TEXTS, ("releases", "sv"), ("map", "sv"), ("map", "en")])
def test_every_page_leads_to_sign_in_in_its_language(published, client, name, language):
    place = PLACES[name][language] if name in PLACES else {"sv": "/", "en": "/en/"}[language]
    address, word = {"sv": ("/clinic/", "Logga in"), "en": ("/en/clinic/", "Sign in")}[language]
    assert f'<a href="{address}">{word}</a>' in text(client.get(place))


PUBLIC = [*(place for places in PLACES.values() for place in places.values()), "/", "/en/", "/nowhere/"]


@pytest.mark.parametrize("place", PUBLIC)
def test_a_demonstration_says_on_every_page_that_it_is_one_and_a_registry_on_none(
    published, client, settings, place
):
    sentence = "made up after" if place.startswith("/en/") else "påhittade efter"
    registry = client.get(place)
    assert 'class="made-up"' not in text(registry)
    assert sentence not in text(registry)
    settings.DEMONSTRATION = True
    demonstration = client.get(place)
    assert re.search(rf'<p class="made-up">Demonstration: [^<]*{sentence} [^<]*</p>', text(demonstration))
    assert "ETag" not in registry or demonstration["ETag"] != registry["ETag"]


@pytest.mark.parametrize(("name", "language"), PAGES)
def test_the_browser_is_told_to_load_nothing_from_elsewhere(published, client, name, language):
    answer = client.get(PLACES[name][language])
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "<style" not in text(answer)
    assert " style=" not in text(answer)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_measure_is_explained_where_the_table_points(published, client, language):
    page = text(client.get(PLACES["counting"][language]))
    outline = Outline(page)
    for name, measure in (MEASURES | DERIVED).items():
        assert name in outline.ids
        assert getattr(measure, f"rule_{language}") in page.replace("&#x27;", "'")
    links = Outline(text(client.get("/" if language == "sv" else "/en/"))).links
    pointed = {link.partition("#")[2] for link in links if link.startswith(PLACES["counting"][language] + "#")}
    assert pointed == {"first", "patients", "reinfusions", "further_doses", "infusions"}


@pytest.mark.parametrize(("language", "word"), [("sv", "inte angivet"), ("en", "not stated")])
def test_what_a_centre_has_not_stated_is_called_alike_wherever_it_stands(published, client, language, word):
    assert f"<td>{word}</td>" in text(client.get(PLACES["freshness"][language]))
    assert f"<li><b>{word.capitalize()}</b>:" in text(client.get(PLACES["counting"][language]))


@pytest.mark.parametrize(
    ("language", "alert", "kind"),
    [
        ("sv", "larmas om en siffra skiljer sig", "data för program"),
        ("en", "are alerted if a number", "for programs"),
    ],
)
def test_freshness_says_what_the_nightly_count_is_for_and_sends_nobody_to_data(
    published, client, language, alert, kind
):
    """A kept page knows its snapshot alone, and not how the night went."""
    page = text(client.get(PLACES["freshness"][language]))
    assert alert in page
    assert re.search(rf"{kind}[^.]*<a href=\"/api/v1/status\">", page)


@pytest.mark.parametrize(
    ("language", "data", "offices"),
    [
        ("sv", "kartan som data, ur API:et", "statistikmyndigheternas format"),
        ("en", "the map as data, from the API", "the format of statistical offices"),
    ],
)
def test_files_are_named_as_people_call_them(published, client, language, data, offices):
    for place in ({"sv": "/", "en": "/en/"}[language], PLACES["sharing"][language]):
        page = text(client.get(place))
        assert f"<b>JSON</b> {data}</a>" in page
        assert f"<b>JSON-stat</b> {offices}</a>" in page
        assert "<b>GeoJSON</b>" in page


def test_the_reconciliation_names_each_number_that_differs(published, client):
    """Two infusions are not the published figure; the demonstration's own agree (test_demonstration.py)."""
    page = text(client.get("/en/reconciliation/"))
    said = re.search(r"\d+ of \d+ numbers differ", page)[0]
    with pytest.raises(CommandError, match=said):
        call_command("reconcile", FIGURE)
    row = re.search(r"<tr[^>]*><th scope=\"row\">Sweden</th><td>patients</td>.*?</tr>", page)[0]
    assert '<td class="n">297</td><td class="n">2</td><td>≠&nbsp;differs</td>' in row
    assert FIGURE.is_file()


def test_freshness_says_what_each_centre_has_said(lists, published, client):
    lead = factories.user("lead", lists.centres["UPP"], role="lead")
    state_coverage(centre=lists.centres["UPP"], complete_through=published.data_through, by=lead)
    snapshot = publish()
    page = text(client.get("/en/freshness/"))
    assert "6 June 2021" in page
    assert "May 2020" in page
    assert page.count("not stated") >= 3
    counted = len(list(list_numbers(snapshot.map_document)))
    assert f"{counted} numbers were counted twice" in page
    assert snapshot.hash in page


@pytest.mark.parametrize("name", ["accessibility", "privacy"])
def test_who_answers_for_the_registry_is_named(published, client, settings, name):
    settings.CONTROLLER, settings.CONTACT = "Region Prov", "fraga@prov.example"
    for language in ("sv", "en"):
        page = text(client.get(PLACES[name][language]))
        assert "Region Prov" in page
        assert 'href="mailto:fraga@prov.example"' in page


def test_the_embedded_map_is_of_the_day_that_is_asked_for(published, client):
    assert 'data-centre="STO"' in text(client.get("/en/embed/"))
    page = text(client.get("/en/embed/?as_of=2020-12-31"))
    assert "As of 31 December 2020." in page
    assert client.get("/en/embed/?as_of=nonsense").status_code == 400


@pytest.mark.parametrize(("name", "language"), PAGES)
def test_the_number_of_queries_is_known(published, client, name, language):
    client.get("/api/v1/map?as_of=2019-01-01")  # which snapshot is current is known after this
    address = PLACES[name][language]
    with CaptureQueriesContext(connection) as first:
        client.get(address)
    asked = len([one for one in first if "SELECT" in one["sql"]])
    assert asked <= {"reconciliation": 6}.get(name, 2)  # which reads what three others state
    with CaptureQueriesContext(connection) as kept:
        client.get(address)
    assert len(kept) == 0


def test_search_engines_are_told_what_there_is(published, client):
    robots = text(client.get("/robots.txt"))
    assert "Disallow: /clinic/" in robots
    assert "Sitemap: http://testserver/sitemap.xml" in robots
    sitemap = text(client.get("/sitemap.xml"))
    for place in re.findall(r"<loc>http://testserver(.*?)</loc>", sitemap):
        assert client.get(place).status_code == 200
    assert sitemap.count("<loc>") == 24
