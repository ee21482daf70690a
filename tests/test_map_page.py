"""The public page: what it says, its texts in both languages, its colours, and its looks in a browser."""

import gzip
import html
import re
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations, product
from pathlib import Path

import pytest

import registry
from registry import wording
from registry.errors import NotPublished
from registry.pages.public.error_pages import show_unpublished
from registry.pages.public.map_page import render_map_page
from registry.pages.public.selection import View
from tests.map_documents import MEASURES, empty_document, published_document, random_document, series_of

REGISTRY = Path(registry.__file__).parent
STATIC = REGISTRY / "pages" / "static"
WORDS = {
    "sv": ("Så räknar vi", "Siffrorna som tabell", "Hoppa till innehållet", "kommande centrum"),
    "en": ("How we count", "The numbers as a table", "Skip to the content", "upcoming centre"),
}


class Reader(HTMLParser):
    """Reads a page's text, its attributes by tag, and the rows of its table."""

    def __init__(self, page: str):
        super().__init__()
        self.text, self.tags, self.rows, self._cell = "", [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1].append(" ".join(self._cell.split()))
            self._cell = None

    def handle_data(self, data):
        self.text += data
        if self._cell is not None:
            self._cell += data


def read_page(document, language="sv") -> Reader:
    return Reader(render_map_page(document, language=language))


# What it says


def test_page_says_the_national_line_and_its_snapshot():
    swedish = " ".join(read_page(published_document()).text.split())
    assert "Sedan 2014 har 297 personer behandlats med CAR-T-celler i Sverige." in swedish
    assert "patienter 297 varav 13 barn" in swedish
    assert "infusioner 304 sedan 2014" in swedish
    assert "reinfusioner (RI) 6" in swedish
    assert "ytterligare dos 1" in swedish
    assert (
        "Ögonblicksbild 12, skapad 8 september 2025 kl. 12.00 (svensk tid), "
        "uppgifter till och med 5 september 2025." in swedish
    )
    english = " ".join(read_page(published_document("en"), "en").text.split())
    assert "Since 2014, 297 people have been treated with CAR-T cells in Sweden." in english
    assert "Snapshot 12, built 8 September 2025 12:00 (Swedish time), data through 5 September 2025." in english
    assert "SOC since December 2023" in english


@pytest.mark.parametrize("language", ["sv", "en"])
def test_page_names_its_parts_and_sources_in_its_language(language):
    page = read_page(published_document(language), language)
    for word in WORDS[language]:
        assert word in page.text
    other = "en" if language == "sv" else "sv"
    for word in WORDS[other]:
        assert word not in page.text
    assert ("Länsgränser: SCB" if language == "sv" else "Statistics Sweden (SCB)") in page.text
    assert "Natural Earth" in page.text


def test_table_has_every_number_of_the_map():
    document = published_document("en")
    rows = {row[0].split()[0]: row[1:] for row in read_page(document, "en").rows if len(row) == 6}
    parts = [row for row in read_page(document, "en").rows if row[0].startswith(("SOC", "ACT", "ICT", "CUP"))]
    for centre in document["centres"]:
        if centre["status"] != "upcoming":
            assert rows[centre["city"]][1:] == [str(centre[name]) for name in MEASURES]
        for cell in centre["categories"]:
            numbers = [str(cell[name]) for name in MEASURES]
            row = parts.pop(0)
            assert (row[0].split()[0], row[2:]) == (cell["category"], numbers)
    assert not parts
    assert rows["Sweden"] == ["2014", "297", "6", "1", "304"]
    assert rows["of"][1] == "13"  # of whom children


def test_table_says_what_is_made_and_what_is_to_come_in_words():
    rows = read_page(published_document()).rows
    assert ["Örebro Universitetssjukhuset Örebro", "kommande centrum"] in rows
    assert [
        "Vecura tillverkning",
        "tillverkat till 46 infusioner, oavsett centrum; ingår inte i centrumets egna siffror",
    ] in rows


def test_totals_that_parts_do_not_add_up_to_are_explained():
    document = published_document()
    assert "räknas där som reinfusioner" not in read_page(document).text
    document["national"] |= {"patients": 296, "reinfusions": 7}
    document["centres"][4] |= {"patients": 19, "reinfusions": 1, "patients_summed": 20}
    page = read_page(document)
    assert "En person som har behandlats i flera kategorier eller vid flera centrum" in page.text
    assert "Sverige: kategoriernas patienter är sammanlagt 297, men det rör sig om 296 personer." in page.text
    assert "Linköping: kategoriernas patienter är sammanlagt 20, men det rör sig om 19 personer." in page.text


def test_page_as_of_a_date_says_so():
    document = published_document()
    document["snapshot"]["as_of"] = "2020-12-31"
    assert "Läge per 31 december 2020." in read_page(document).text


def test_page_of_a_registry_without_infusions():
    page = read_page(empty_document())
    assert "Ännu har ingen infusion registrerats." in page.text
    assert "uppgifter till och med" not in page.text
    assert ["Umeå Norrlands universitetssjukhus", "–", "0", "0", "0", "0"] in page.rows


def test_page_before_the_first_snapshot():
    assert (
        "Registret har ännu inte publicerat några siffror."
        in show_unpublished(NotPublished(), language="sv").content.decode()
    )
    assert (
        "The registry has not published any numbers yet."
        in show_unpublished(NotPublished(), language="en").content.decode()
    )


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_a_centre_that_rests_says_so_in_the_table(status):
    document = published_document("en")
    document["centres"][0]["status"] = status
    word = {"paused": "paused at present", "closed": "closed"}[status]
    rows = read_page(document, "en").rows
    assert any(row[0] == f"Umeå Norrlands universitetssjukhus {word}" for row in rows)


def test_large_numbers_are_grouped_as_in_the_language():
    document = published_document()
    document["national"]["infusions"] = 12304
    assert "12\xa0304" in read_page(document).text
    assert "12,304" in read_page(document, "en").text


def test_names_from_the_document_are_escaped():
    document = published_document()
    document["centres"][0] |= {"name": "<script>alert(1)</script>", "city": "<b>"}
    document["manufacturing"][0]["name"] = "<img>"
    page = render_map_page(document, series=series_of(document), language="sv", view=View("sv", centre="UME"))
    assert "<script>" not in page
    assert "<b>, 9" not in page
    assert "<img" not in page


# How it is made


def test_the_texts_of_a_centre_are_made_once_for_both_maps_the_list_and_the_chosen_one(monkeypatch):
    made = []
    make = wording._describe_centre
    monkeypatch.setattr(
        wording, "_describe_centre", lambda *given: (made.append(given[0]["code"]), make(*given))[1]
    )
    document = published_document()
    render_map_page(document, series=series_of(document), language="sv", view=View("sv", centre="UME"))
    assert made == [centre["code"] for centre in document["centres"]]


def test_page_is_small_and_asks_nothing_of_other_hosts():
    for language in ("sv", "en"):
        document = published_document(language)
        page = render_map_page(document, series=series_of(document), language=language)
        scripts = re.findall(r"<script[^>]*>.*?</script>", page)
        assert scripts == [f'<script src="/static/pages/{name}.js" defer></script>' for name in ("map", "figure")]
        files = [STATIC / "pages" / name for name in ("public.css", "map.js", "figure.js", "icon.svg")]
        zipped = sum(len(gzip.compress(data)) for data in (page.encode(), *(file.read_bytes() for file in files)))
        assert zipped + sum(font.stat().st_size for font in (STATIC / "pages" / "fonts").glob("*.woff2")) < 150_000
        assert "<style" not in page
        assert " style=" not in page
        addresses = re.findall(r'\b(?:src|href)="([^"]*)"', page)
        assert all(re.match(r"(/(?!/)|#)", html.unescape(address)) for address in addresses)
    asked = re.findall(r'url\("([^"]*)"\)', (STATIC / "pages" / "public.css").read_text())
    assert asked
    assert all((STATIC / "pages" / address).is_file() for address in asked)


def test_page_has_the_marks_that_assistive_technology_needs():
    tags = read_page(published_document()).tags
    names = [name for name, _ in tags]
    assert [names.count(name) for name in ("header", "main", "footer", "h1", "table", "caption")] == [1] * 6
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    scopes = {attributes.get("scope") for name, attributes in tags if name == "th"}
    assert scopes == {"col", "row", "rowgroup"}
    images = [attributes for name, attributes in tags if name == "svg" and attributes.get("role") == "group"]
    assert len(images) == 2
    referred = [name for image in images for name in (image["aria-labelledby"], image["aria-details"])]
    assert set(referred) <= set(ids)
    assert dict(tags)["html"]["lang"] == "sv"
    links = [attributes for name, attributes in tags if name == "a"]
    assert any(a["href"] == "/en/" and a.get("hreflang") == a.get("lang") == "en" for a in links)
    wanted = {"/api/v1/docs", "/api/v1/map?format=pdf&lang=sv", "/sa-raknar-vi/", "#main", "#numbers"}
    assert wanted <= {a["href"] for a in links}


# Its colours


def read_colours() -> dict[str, dict[str, str]]:
    """The style sheet's colours by name, in its light and its dark scheme."""
    css = (STATIC / "pages" / "public.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    light, dark = (dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block)) for block in blocks)
    return {"light": light, "dark": light | dark}


def linear(colour: str) -> list[float]:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.1."""
    light, dark = sorted(
        (0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (linear(one), linear(other))), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_the_contrast_of_wcag_aa(scheme):
    colour = read_colours()[scheme]
    for text in ("ink", "muted", "link"):
        for ground in ("paper", "abroad"):
            assert contrast(colour[text], colour[ground]) >= 4.5, (text, ground)
    for sign in ("soc", "act", "ict", "cup", "site", "ink"):
        assert contrast(colour[sign], colour["paper"]) >= 3, sign  # a mark has a halo of paper
        assert contrast(colour[sign], colour["land"]) >= 3, sign
    for ground in ("paper", "land", "abroad"):
        assert contrast(colour["leader"], colour[ground]) >= 3, ground


# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
COLOUR_VISION = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ),
}


def oklab(colour: str, vision: str) -> tuple[float, float, float]:
    """A colour as an eye of that kind sees it, in Ottosson's uniform colour space."""
    channels = linear(colour)
    red, green, blue = (
        max(0, sum(share * channel for share, channel in zip(row, channels, strict=True)))
        for row in COLOUR_VISION[vision]
    )
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.793617785 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.428592205 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.808675766 * short,
    )


@pytest.mark.parametrize("vision", COLOUR_VISION)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_categories_are_apart_for_every_kind_of_colour_vision(scheme, vision):
    colours = [oklab(read_colours()[scheme][name], vision) for name in ("soc", "act", "ict", "cup")]
    for one, other in combinations(colours, 2):
        assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 >= 0.1


# Its looks, measured in a browser

DOCUMENTS = {
    "published": published_document,
    "empty": lambda language: empty_document(),
    "dozen": lambda language: random_document(12, 5),
    "sixty": lambda language: random_document(60, 1),
}
LANGUAGES = ("sv", "en")

# Boxes of what is seen, in pixels of the page. A letter's box is as high as its line, so texts are
# taken a little lower than that: what lies close above each other must not count as overlap.
MEASURE = """() => {
  const box = (element, slack) => {
    const r = element.getBoundingClientRect();
    return {what: element.textContent.trim().replace(/\\s+/g, ' ').slice(0, 60) || element.className.baseVal,
            left: r.left, right: r.right, top: r.top + slack, bottom: r.bottom - slack};
  };
  const seen = (selector, slack = 0) => [...document.querySelectorAll(selector)]
    .filter(e => e.checkVisibility()).map(e => box(e, slack));
  return {
    callouts: seen('.callout'),
    blocks: seen('.callout, .key, .hero'),
    marks: seen('.map .halo, .map .place .mark.open'),
    texts: seen('.map text, .chart text', 2),
    clipped: [...document.querySelectorAll('.map text, .chart text')].filter(text => {
      const t = text.getBoundingClientRect(), d = text.closest('svg').getBoundingClientRect();
      return text.checkVisibility()
        && (t.top < d.top - 3 || t.bottom > d.bottom + 3 || t.left < d.left - 1 || t.right > d.right + 1);
    }).map(text => text.textContent),
    words: seen('h1, h2, h3, p, dt, li, .number, .hero .remark'), // the table may scroll in its own region
    map: seen('.map')[0],
    cards: seen('.cards')[0],
    when: seen('.when')[0],
    width: document.documentElement.clientWidth,
    wide: document.documentElement.scrollWidth,
    table: (scroll => scroll.scrollWidth - scroll.clientWidth)(document.querySelector('#table .scroll')),
  };
}"""


class Handler(SimpleHTTPRequestHandler):
    """Serves the rendered pages and the style sheet."""

    pages: dict[str, bytes] = {}

    def do_GET(self):
        if self.path in self.pages:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(self.pages[self.path])
        else:
            self.path = self.path.removeprefix("/static")
            super().do_GET()

    def log_message(self, *args):
        pass


def render(document, language) -> str:
    """The page with everything on it: a centre is chosen, and the numbers are added up over the years."""
    view = View(language, centre=document["centres"][0]["code"], measure="infusions", span="total")
    return render_map_page(document, series=series_of(document), language=language, view=view)


@pytest.fixture(scope="module")
def site():
    """A loopback server with every document in both languages."""
    Handler.pages = {
        f"/{name}/{language}": render(make(language), language).encode()
        for name, make in DOCUMENTS.items()
        for language in LANGUAGES
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(STATIC)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def measure(open_browser, address, width):
    """Open a page; return its boxes, in its own type, in a wide one, dark and printed, and what answered it."""
    page = open_browser(viewport={"width": width, "height": 1400})
    asked = []
    page.on("response", lambda response: asked.append((response.url, response.status)))
    page.goto(address)
    page.evaluate("document.fonts.ready")
    measured = [page.evaluate(MEASURE)]
    page.add_style_tag(content="* { font-family: 'DejaVu Sans' !important; }")
    measured.append(page.evaluate(MEASURE))
    for media, scheme in (("screen", "dark"), ("print", "light")):
        page.emulate_media(media=media, color_scheme=scheme)
        measured.append(page.evaluate(MEASURE))
    return measured, asked


def overlap(one, other) -> bool:
    return (
        min(one["right"], other["right"]) - max(one["left"], other["left"]) > 0.5
        and min(one["bottom"], other["bottom"]) - max(one["top"], other["top"]) > 0.5
    )


def assert_tidy(boxes, width):
    """Nothing overlaps, nothing leaves the page or its drawing, nothing scrolls sideways."""
    for kind in ("blocks", "texts"):
        assert [pair for pair in combinations(boxes[kind], 2) if overlap(*pair)] == []
    assert [pair for pair in product(boxes["texts"], boxes["marks"]) if overlap(*pair)] == []
    assert boxes["wide"] <= boxes["width"] == width
    shown = boxes["words"] + boxes["texts"]
    assert [box for box in shown if box["left"] < -0.5 or box["right"] > width + 0.5] == []
    assert boxes["clipped"] == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 768, 1024, 1120, 1280, 1920])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_overlaps_and_nothing_is_clipped(open_browser, site, language, width):
    measured, asked = measure(open_browser, f"{site}/published/{language}", width)
    for boxes in measured:
        assert len(boxes["callouts"]) == 7
        assert_tidy(boxes, width)
    assert all(url.startswith(site) and status == 200 for url, status in asked), asked


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1120])
@pytest.mark.parametrize(("name", "count"), [("empty", 7), ("dozen", 12), ("sixty", 60)])
def test_other_registries_are_as_tidy(open_browser, site, name, count, width):
    measured, _asked = measure(open_browser, f"{site}/{name}/sv", width)
    for boxes in measured:
        assert len(boxes["callouts"]) == count
        assert_tidy(boxes, width)


@pytest.mark.browser
@pytest.mark.parametrize("width", [768, 1024, 1119])
def test_the_map_and_the_centres_lines_share_the_width(open_browser, site, width):
    page = open_browser(viewport={"width": width, "height": 800})
    page.goto(f"{site}/published/sv")
    boxes = page.evaluate(MEASURE)
    assert boxes["map"]["right"] < boxes["cards"]["left"]
    assert boxes["cards"]["top"] < boxes["map"]["top"]
    assert boxes["cards"]["right"] > 0.9 * width


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(390, 800), (768, 1024), (1024, 768), (1280, 800), (1920, 1080)])
def test_what_moves_the_map_in_time_never_lies_on_it(open_browser, site, width, height):
    page = open_browser(viewport={"width": width, "height": height})
    page.goto(f"{site}/published/sv")
    for _down in range(4):
        boxes = page.evaluate(MEASURE)
        assert not overlap(boxes["map"], boxes["when"])
        page.mouse.wheel(0, 200)


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_table_of_the_published_figure_fits_a_telephone(open_browser, site, language):
    (boxes, *_others), _asked = measure(open_browser, f"{site}/published/{language}", 390)
    assert boxes["table"] <= 0


@pytest.mark.browser
def test_page_reflows_at_320_pixels(open_browser, site):
    measured, _asked = measure(open_browser, f"{site}/published/sv", 320)
    assert all(boxes["wide"] <= 320 for boxes in measured)


@pytest.mark.browser
def test_dark_scheme_is_dark_and_paper_stays_white(chromium, site):
    page = chromium.new_page(color_scheme="dark")
    page.goto(f"{site}/published/sv")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(17, 24, 31)"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.close()


@pytest.mark.browser
def test_keyboard_reaches_the_content_first(chromium, site):
    page = chromium.new_page()
    page.goto(f"{site}/published/en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.close()
