"""Every file has every caveat of the page, in its language: a table of state, format and language.

Each file is opened by another program than the one that wrote it, and searched for the sentences as they are
written here.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import openpyxl
import pypdf
import pytest
from fhir.resources.R4B.bundle import Bundle
from PIL import Image
from pptx import Presentation

from registry.figure.standalone import draw_figure
from registry.formats import COUNTS_FORMATS, FILE_FORMATS, MAP_FORMATS, write_map
from registry.formats.fhir import report_all
from registry.pages.public.map_page import render_map_page
from tests.map_documents import published_document, random_document, series_of
from tests.test_formats_withheld import withhold

LANGUAGES = ("sv", "en")
FORMATS = [name for name in FILE_FORMATS if "png" not in name]
HOST = "registret.region.example"


def demonstrate(document: dict, settings) -> None:
    settings.DEMONSTRATION = True


def suppress(document: dict, settings) -> None:
    for centre in document["centres"]:
        if centre["code"] == "LUN":
            for cell in (centre, *centre["categories"]):
                withhold(cell)


def leave_upcoming(document: dict, settings) -> None:
    """Örebro is upcoming in the published figure."""


def attest_in_part(document: dict, settings) -> None:
    for centre in document["centres"]:
        centre["complete_through"] = {"UME": "2025-08-31", "ORE": None, "LUN": None}.get(
            centre["code"], "2025-09-08"
        )


def pause(document: dict, settings) -> None:
    next(centre for centre in document["centres"] if centre["code"] == "LUN")["status"] = "paused"


def differ(document: dict, settings) -> None:
    document["national"]["patients_summed"] = 299
    next(centre for centre in document["centres"] if centre["code"] == "STO")["patients_summed"] = 87


def nothing_more(document: dict, settings) -> None:
    """What every file says."""


# By state: what makes it of the published figure, and what is said of it in Swedish and in English.
STATES = {
    "demonstration": (
        demonstrate,
        ["Demonstration: uppgifterna är påhittade efter en publicerad figur."],
        ["Demonstration: the records are made up after a published figure."],
    ),
    "suppressed": (
        suppress,
        ["visas inte, för att ingen ska kunna kännas igen."],
        ["not shown, so that nobody can be recognised."],
    ),
    "upcoming": (
        leave_upcoming,
        ["Kommande centrum, utan behandlingar än: Örebro."],
        ["Upcoming centre, without treatments yet: Örebro."],
    ),
    "paused": (pause, ["Pausat för närvarande: Lund."], ["Paused at present: Lund."]),
    "incomplete year": (
        attest_in_part,
        [
            "Fullständigt till och med 31 augusti 2025: Umeå.",
            "Fullständigt till och med 8 september 2025: Uppsala, Stockholm, Linköping, Göteborg.",
            "Inte intygat som fullständigt: Lund.",
        ],
        [
            "Complete through 31 August 2025: Umeå.",
            "Complete through 8 September 2025: Uppsala, Stockholm, Linköping, Gothenburg.",
            "Not attested as complete: Lund.",
        ],
    ),
    "difference": (
        differ,
        [
            "En person som har behandlats i flera kategorier eller vid flera centrum är en patient i var och en",
            "Stockholm: kategoriernas patienter är sammanlagt 87, men det rör sig om 86 personer.",
            "Sverige: kategoriernas patienter är sammanlagt 299, men det rör sig om 297 personer.",
        ],
        [
            "A person treated in several categories or at several centres is a patient in each of them",
            "Stockholm: the patients of the categories add up to 87, but they are 86 people.",
            "Sweden: the patients of the categories add up to 299, but they are 297 people.",
        ],
    ),
    "plain": (
        nothing_more,
        ["Vecura", f"https://{HOST}/api/v1/map?snapshot=12", "CC BY 4.0"],
        ["Vecura", f"https://{HOST}/api/v1/map?snapshot=12", "CC BY 4.0"],
    ),
}


def read_workbook(content: bytes) -> Iterator[str]:
    for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets:
        yield from (str(value) for row in sheet.iter_rows(values_only=True) for value in row)


def read_drawing(content: bytes) -> Iterator[str]:
    root = ElementTree.fromstring(content)  # noqa: S314 - our own
    yield from ("".join(element.itertext()) for element in root.iter() if element.tag.endswith("}text"))


def read_slides(content: bytes) -> Iterator[str]:
    for slide in Presentation(io.BytesIO(content)).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                yield shape.text_frame.text
            if shape.has_table:
                yield from (cell.text for row in shape.table.rows for cell in row.cells)


def read_rows(content: bytes, delimiter: str) -> Iterator[str]:
    for row in csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter):
        yield from row


READERS = {
    "xlsx": read_workbook,
    "svg": read_drawing,
    "pptx": read_slides,
    "pdf": lambda content: (page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages),
    "csv": lambda content: read_rows(content, ","),
    "csv-excel": lambda content: read_rows(content, ";"),
    **dict.fromkeys(("json", "geojson", "json-stat"), lambda content: walk(json.loads(content))),
}


def read_texts(format: str, content: bytes) -> Iterator[str]:
    """Every text of a file, as another program reads it."""
    return READERS[format](content)


def walk(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)
    else:
        yield str(value)


def in_one_line(texts: Iterator[str]) -> str:
    return re.sub(r"\s+", " ", " ".join(texts))


def make(state: str, language: str, settings) -> dict:
    settings.DEMONSTRATION, settings.SITE_URL = False, f"https://{HOST}"
    document = published_document(language)
    STATES[state][0](document, settings)
    return document


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("state", STATES)
def test_every_file_says_it_in_its_language(state, format, language, settings):
    document = make(state, language, settings)
    said = in_one_line(read_texts(format, write_map(document, format=format, language=language)))
    for sentence in STATES[state][1 + LANGUAGES.index(language)]:
        assert sentence in said
    if state not in {"demonstration", "plain"}:
        plain = in_one_line(read_texts(format, write_map(
            settle(make("plain", language, settings)), format=format, language=language
        )))  # fmt: skip
        assert not [sentence for sentence in STATES[state][1 + LANGUAGES.index(language)] if sentence in plain]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_each_measure_report_says_it_as_its_text(state, language, settings):
    document = make(state, language, settings)
    bundle = Bundle.model_validate(report_all(document, host=f"https://{HOST}", language=language))
    assert len(bundle.entry) == 1 + len(document["centres"])
    for entry in bundle.entry:
        drawn = ElementTree.fromstring(entry.resource.text.div)  # noqa: S314 - our own
        said = in_one_line(iter(["".join(part.itertext()) for part in drawn]))
        for sentence in STATES[state][1 + LANGUAGES.index(language)]:
            assert sentence in said


def settle(document: dict) -> dict:
    """The document with nothing to be said of its centres."""
    for centre in document["centres"]:
        centre |= {"status": "active", "complete_through": "2025-12-31"}
    return document


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_api_says_it_too(language, settings):
    document = make("incomplete year", language, settings)
    read = json.loads(MAP_FORMATS["json"].write(document, language))
    assert set(STATES["incomplete year"][1 + LANGUAGES.index(language)]) <= set(read.pop("notes"))
    assert read == document


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", [name for name in STATES if name != "plain"])
def test_the_page_says_it(state, language, settings):
    """So that the table above is no longer than the page."""
    document = make(state, language, settings)
    series = None if state == "suppressed" else series_of(document)
    page = render_map_page(document, series=series, language=language)
    shown = in_one_line(iter([re.sub(r"<[^>]+>", " ", page)]))
    for sentence in STATES[state][1 + LANGUAGES.index(language)]:
        assert sentence in shown or state in {"upcoming", "suppressed", "paused", "incomplete year"}
    words = {"upcoming": "ORE", "suppressed": "..", "paused": "Lund", "incomplete year": "2025"}
    assert words.get(state, "") in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_upcoming_centre_has_no_zeros_where_people_read(language, settings):
    document = make("upcoming", language, settings)
    word = {"sv": "kommande centrum", "en": "upcoming centre"}[language]
    deck = Presentation(io.BytesIO(write_map(document, format="pptx", language=language)))
    [table] = [shape.table for slide in deck.slides for shape in slide.shapes if shape.has_table]
    rows = {row.cells[0].text.strip(): [cell.text for cell in row.cells][1:] for row in table.rows}
    assert rows["Örebro"] == [word, "", "", "", ""]
    pages = pypdf.PdfReader(io.BytesIO(write_map(document, format="pdf", language=language))).pages
    [line] = re.findall(r"Örebro,(.*?)\bSTO\b|Örebro,(.*?)Linköping,", pages[1].extract_text(), re.DOTALL)
    assert word in "".join(line) and not re.search(r"\d", "".join(line))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_picture_is_the_drawing_with_all_its_lines(language, settings):
    document = make("incomplete year", language, settings)
    _drawing, width, height = draw_figure(document, language=language)
    picture = Image.open(io.BytesIO(write_map(document, format="png", language=language)))
    assert picture.width == 1280
    assert abs(picture.height - height * 1280 / width) <= 2


def test_sixty_centres_keep_their_caveats_and_the_manufacture_in_the_drawing(settings):
    settings.DEMONSTRATION = False
    document = random_document(60, 1)
    for format in ("svg", "pdf", "pptx", "json-stat"):
        said = in_one_line(read_texts(format, write_map(document, format=format, language="sv")))
        assert "Cellterapicentrum" in said, format
        assert "Fullständigt till och med 31 augusti 2025: " in said, format


ENGLISH = re.compile(
    r"\b(snapshot|built|through|hash|disclosure|source|licence|as of|notes?|address|nation|centre|category|level|"
    r"upcoming|active|exact|manufacturing|complete|shown|suppressed|infusions|patients)\b"
)


@pytest.mark.parametrize("format", ["xlsx", "csv-excel", "pdf", "pptx", "svg"])
def test_what_people_read_in_swedish_has_no_english_word(format, settings):
    document = make("incomplete year", "sv", settings)
    said = list(read_texts(format, write_map(document, format=format, language="sv")))
    if format == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(write_map(document, format=format, language="sv")))
        said = [
            str(value)
            for sheet in book.worksheets[:2]  # the third explains the API's names
            for row in sheet.iter_rows(values_only=True)
            for value in row
        ]
    found = {match for text in said for match in ENGLISH.findall(re.sub(r"https?://\S+|/api/\S+", "", text))}
    assert not found


# Tables of counts.

COUNTS_SAID = {
    "sv": [
        "Demonstration: uppgifterna är påhittade efter en publicerad figur.",
        "visas inte, för att ingen ska kunna kännas igen.",
        "Radernas patienter är sammanlagt 9, men det rör sig om 8 personer.",
        "Fullständigt till och med 31 augusti 2025: UPP.",
        "Inte intygat som fullständigt: LUN.",
    ],
    "en": [
        "Demonstration: the records are made up after a published figure.",
        "not shown, so that nobody can be recognised.",
        "The patients of the rows add up to 9, but they are 8 people.",
        "Complete through 31 August 2025: UPP.",
        "Not attested as complete: LUN.",
    ],
}


def table_by_year() -> dict:
    """Counts by centre and year with everything that can be said of such a table."""
    numbers = {"patients": 3, "infusions": 3}
    return {
        "snapshot": published_document()["snapshot"],
        "by": ["centre", "year"],
        "filters": {},
        "rows": [
            {"centre": "UPP", "year": 2024} | numbers,
            {"centre": "LUN", "year": 2025, "patients": None, "infusions": None, "suppressed": True},
        ],
        "total": {"patients": 8, "infusions": 9, "patients_summed": 9},
        "coverage": [
            {"centre": "UPP", "region": "Mellansverige", "complete_through": "2025-08-31"},
            {"centre": "LUN", "region": "Södra", "complete_through": None},
        ],
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("format", COUNTS_FORMATS)
def test_every_file_of_counts_says_it_too(format, language, settings):
    settings.DEMONSTRATION, settings.SITE_URL = True, f"https://{HOST}"
    said = in_one_line(read_texts(format, COUNTS_FORMATS[format].write(table_by_year(), language)))
    assert [sentence for sentence in COUNTS_SAID[language] if sentence not in said] == []
    if format != "json":
        assert f"https://{HOST}/api/v1/counts" in said


def test_counts_without_a_caveat_are_the_answer_itself(settings):
    settings.DEMONSTRATION = False
    plain = {name: value for name, value in table_by_year().items() if name != "coverage"}
    plain |= {"by": ["centre"], "rows": plain["rows"][:1], "total": {"patients": 3, "patients_summed": 3}}
    assert json.loads(COUNTS_FORMATS["json"].write(plain, "sv")) == plain
