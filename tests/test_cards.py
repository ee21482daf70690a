"""The card of an address: what a chat or a social medium shows with a link to it."""

import io
import re
from html import unescape
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from django.test import Client
from PIL import Image

from registry.figure.card import draw_map_card
from registry.figure.texts import estimate_width
from registry.pages.public.selection import View
from registry.pages.public.time_panel import draw_series_card
from registry.publishing import new_release
from registry.publishing.publish import publish
from tests.desk import BY
from tests.map_documents import empty_document, published_document, random_document, series_of
from tests.test_caveats_in_files import STATES, attest_in_part, demonstrate, suppress
from tests.test_page_view import record_rows

pytestmark = pytest.mark.django_db
SITE = "https://registry.example"
HOMES = {"sv": "/", "en": "/en/"}
PICTURES = {"sv": "/bild", "en": "/en/picture"}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def lists(kept_lists):
    record_rows(kept_lists)
    return kept_lists


def meta(page) -> dict[str, str]:
    found = re.findall(
        r'<meta (?:property|name)="((?:og|twitter):[^"]*)" content="([^"]*)">', page.content.decode()
    )
    return {name: unescape(content) for name, content in found}


def words(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314  our own


@pytest.mark.parametrize("language", HOMES)
@pytest.mark.parametrize(
    ("query", "card"),
    [
        ("", ""),
        ("?as_of=2020-12-31", "?as_of=2020-12-31"),
        ("?as_of=2020-12-31&centre=UPP", "?as_of=2020-12-31"),
        ("?measure=infusions", "?measure=infusions&figure=time"),
        ("?as_of=2020-12-31&span=total", "?as_of=2020-12-31&span=total&figure=time"),
    ],
)
def test_a_page_names_the_card_of_its_own_state(lists, client, settings, language, query, card):
    settings.SITE_URL = SITE
    named = meta(client.get(HOMES[language] + query))
    assert named["og:image"] == f"{SITE}{PICTURES[language]}.png{card}"
    assert named["twitter:card"] == "summary_large_image"
    assert (named["og:image:width"], named["og:image:height"]) == ("1200", "630")
    assert named["og:locale"] == {"sv": "sv_SE", "en": "en_GB"}[language]
    picture = client.get(named["og:image"].removeprefix(SITE))
    assert (picture["Content-Type"], picture["Content-Language"]) == ("image/png", language)
    assert Image.open(io.BytesIO(picture.content)).size == (1200, 630)
    assert len(picture.content) < 150_000


def test_a_card_tells_the_numbers_of_its_day_and_its_chart(lists, client):
    def read(query: str) -> list[str]:
        return words(client.get(f"/en/picture.svg{query}").content.decode())

    assert {"CAR-T treatments in Sweden", "4", "patients", "infusions"} <= set(read(""))
    of_day = read("?as_of=2020-12-31")
    assert "As of 31 December 2020." in of_day
    assert of_day.count("2") == 2
    assert {"New patients by year", "2019", "2021"} <= set(read("?figure=time"))
    assert {"Infusions up to the end of each year"} <= set(read("?figure=time&measure=infusions&span=total"))


def test_other_pages_have_a_card_too(lists, client, settings):
    settings.SITE_URL = SITE
    explore = meta(client.get("/en/explore?by=centre&as_of=2020-12-31"))
    assert explore["og:image"] == f"{SITE}/en/picture.png?as_of=2020-12-31"
    assert explore["og:title"] == "Patients by centre"
    assert meta(client.get("/utgavor/"))["og:image"] == f"{SITE}/bild.png"
    new_release.release_snapshot(name="first", title_sv="Första", title_en="The first", by=BY)
    release = meta(client.get("/en/releases/first/"))
    assert release["og:title"] == "The first"
    assert release["og:image"] == f"{SITE}/en/releases/first/picture.png"
    assert client.get("/en/releases/first/picture.png")["Content-Type"] == "image/png"
    assert "patienter" in words(client.get("/utgavor/first/bild.svg").content.decode())


def test_a_card_is_cached_and_limited_as_other_drawings_are(lists, settings):
    settings.RATE_LIMIT = 45
    client = Client(REMOTE_ADDR="192.0.2.17")  # who has asked for nothing else this minute
    address = "/en/picture.png?as_of=2019-12-31"
    card = client.get(address)
    assert card["Cache-Control"] == client.get("/en/")["Cache-Control"]
    assert client.get(address, headers={"if-none-match": card["ETag"]}).status_code == 304
    assert client.get(address).status_code == 200
    refused = client.get(address)
    assert refused.status_code == 429
    assert refused["Retry-After"]


@pytest.mark.parametrize("query", ["?as_of=2099-01-01", "?as_of=i-natt", "?figure=else", "?measure=else"])
def test_a_card_of_what_is_not_there_is_refused(lists, client, query):
    assert client.get(f"/bild.png{query}").status_code == 400
    assert client.get("/utgavor/none/bild.png").status_code == 404


def test_a_card_withholds_what_the_map_withholds(lists, client, settings):
    settings.DISCLOSURE = "threshold:5"
    publish()
    for query in ("", "?as_of=2020-12-31", "?figure=time"):
        shown = words(client.get(f"/en/picture.svg{query}").content.decode())
        assert any(".." in text for text in shown), query
        assert "..: not shown, so that nobody can be recognised." in " ".join(shown)
        assert not {"4", "2"} & set(shown), query


def cards_of(document: dict, series: dict, language: str) -> dict[str, str]:
    view = View(language, measure="infusions")
    return {
        "map": draw_map_card(document, language=language),
        "time": draw_series_card(series, document, view, fonts=False),
    }


@pytest.mark.parametrize("language", HOMES)
@pytest.mark.parametrize("state", ["demonstration", "suppressed"])
def test_caveats_stand_on_the_card(settings, state, language):
    document = published_document(language)
    series = series_of(document)
    prepare, *said = STATES[state]
    prepare(document, settings)
    for name, card in cards_of(document, series, language).items():
        assert said[language == "en"][0] in " ".join(words(card)), name


@pytest.mark.parametrize("language", HOMES)
def test_with_every_caveat_no_text_lies_on_another(settings, language):
    document = published_document(language)
    series = series_of(document)
    for prepare in (attest_in_part, demonstrate, suppress):
        prepare(document, settings)
    for name, card in cards_of(document, series, language).items():
        texts = ElementTree.fromstring(card).findall(f"{SVG}text")  # noqa: S314  our own
        lines = sorted(
            (float(text.get("x")), float(text.get("y")), int(re.search(r"t-(\d+)", text.get("class"))[1]))
            for text in texts
        )
        for (x, y, _size), (other, below, size) in pairwise(lines):
            assert x != other or below - y >= 0.75 * size, (name, y, below)
        said = " ".join(words(card))
        assert all(STATES[state][1 + (language == "en")][0] in said for state in ("demonstration", "suppressed"))
        assert {"sv": "kan fortfarande öka", "en": "may still grow"}[language] in said or name == "time"


@pytest.mark.parametrize("language", HOMES)
def test_every_text_is_large_and_within_the_card(settings, language):
    settings.DEMONSTRATION = True
    documents = [published_document(language), *(random_document(20, seed) for seed in range(4)), empty_document()]
    for document in documents:
        for card in cards_of(document, series_of(document), language).values():
            root = ElementTree.fromstring(card)  # noqa: S314  our own
            for text in root.findall(f"{SVG}text"):
                size = int(re.search(r"t-(\d+)", text.get("class"))[1])
                assert size >= 28
                assert float(text.get("y")) <= 610
                assert float(text.get("x")) + estimate_width(text.text or "", size) <= 1200
            for chart in root.findall(f"{SVG}svg"):
                across, width = float(chart.get("viewBox").split()[2]), float(chart.get("width"))
                assert 12 * width / across >= 27.9
                assert float(chart.get("height")) > 180
