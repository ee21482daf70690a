"""Published numbers as files: another program opens each and finds the numbers of the API."""

import io
import json
import re
import warnings
from datetime import date

import openpyxl
import pandas
import pyogrio
import pypdf
import pytest
import resvg_py
from fontTools.ttLib import TTFont
from PIL import Image
from pptx import Presentation
from pyjstat import pyjstat

from registry.figure.font_files import FONT_FILES
from registry.figure.standalone import COLOURS, draw_figure
from registry.figure.texts import estimate_width
from registry.formats import COUNTS_FORMATS, MAP_FORMATS, write_map
from registry.formats.pictures import render_png
from registry.published.count_query import CountQuery
from registry.published.queries import read_counts, read_map
from registry.publishing.publish import publish
from tests import factories
from tests.map_documents import empty_document, full_document, published_document, random_document
from tests.test_map_page import read_colours

pytestmark = pytest.mark.django_db
LANGUAGES = ("sv", "en")
MEASURES = ("patients", "infusions", "reinfusions", "further_doses")


class Files(dict):
    """Every format of the published figure by (format, language), built when first used."""

    def __missing__(self, key: tuple[str, str]) -> bytes:
        format, language = key
        self[key] = write_map(published_document(language), format=format, language=language)
        return self[key]


@pytest.fixture(scope="module")
def files() -> Files:
    return Files()


def cells(document) -> set[tuple]:
    """(centre, category, first, numbers…) of every centre and category; None for a total."""
    found = {(None, None, document["national"]["first"], *numbers(document["national"]))}
    for centre in document["centres"]:
        found.add((centre["code"], None, centre["first"], *numbers(centre)))
        found |= {
            (centre["code"], cell["category"], cell["first"], *numbers(cell)) for cell in centre["categories"]
        }
    return found


def numbers(cell) -> tuple[int, ...]:
    return tuple(cell[name] for name in MEASURES)


EXPECTED = cells(published_document())


def frame_cells(frame) -> set[tuple]:
    """The same from a data frame."""
    frame = frame[frame["level"] != "manufacturing_site"].astype(object).where(lambda f: f.notna(), None)
    return {
        (row["centre"], row["category"], row["first"] and str(row["first"]), *(int(row[m]) for m in MEASURES))
        for row in frame.to_dict("records")
    }


# Reproducible.


@pytest.mark.parametrize("format", [name for name in MAP_FORMATS if name != "png-print"])  # a larger png
def test_a_file_built_twice_is_the_same(files, format):
    assert write_map(published_document("sv"), format=format, language="sv") == files[format, "sv"]


# Opened by another program.


def render(drawing: str) -> bytes:
    return bytes(
        resvg_py.svg_to_bytes(svg_string=drawing, width=320, skip_system_fonts=True, font_files=FONT_FILES)
    )


def test_json_is_the_document(files):
    read = json.loads(files["json", "sv"])
    assert read.pop("about")["licence"] == "CC BY 4.0"
    assert read == published_document()


@pytest.mark.parametrize("language", LANGUAGES)
def test_pandas_reads_the_csv_with_its_defaults(files, language):
    frame = pandas.read_csv(io.BytesIO(files["csv", language]), dtype={"first": str})
    assert frame_cells(frame) == EXPECTED
    assert set(frame["snapshot"]) == {12}
    assert set(frame["licence"]) == {"CC BY 4.0"}
    assert frame.loc[frame["level"] == "manufacturing_site", "manufactured"].tolist() == [46]
    assert "Göteborg" in set(frame["city"]) or language == "en"


def test_a_swedish_excel_opens_its_csv(files):
    text = files["csv-excel", "sv"]
    assert text.startswith("\ufeff".encode())
    frame = pandas.read_csv(io.BytesIO(text), sep=";", encoding="utf-8-sig", dtype=str)
    assert "patienter" in frame.columns
    assert frame.loc[frame["ort"] == "Umeå", "patienter"].tolist() == ["9", "9"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_openpyxl_reads_the_workbook(files, language):
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx", language]))
    sheet, about, rules = book.worksheets
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    names = list(pandas.read_csv(io.BytesIO(files["csv", language]), nrows=0).columns)
    frame = pandas.DataFrame(rows[1:], columns=names[: len(rows[0])])
    site = {"sv": "tillverkningsställe", "en": "manufacturing site"}[language]
    frame["level"] = frame["level"].replace(site, "manufacturing_site")
    assert frame_cells(frame) == EXPECTED
    assert ("patienter" if language == "sv" else "patients") in rows[0]
    said = {row[0]: row[1] for row in about.iter_rows(values_only=True) if row[1] is not None}
    words = {
        "sv": ("ögonblicksbild", "licens", "uppgifter till och med"),
        "en": ("snapshot", "licence", "data through"),
    }
    assert [said[word] for word in words[language]] == [12, "CC BY 4.0", "2025-09-05"]
    assert {row[0] for row in rules.iter_rows(values_only=True)} >= set(MEASURES)


def test_gdal_reads_the_geojson(files, tmp_path):
    path = tmp_path / "map.geojson"
    path.write_bytes(files["geojson", "sv"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        meta, _fids, shapes, columns = pyogrio.raw.read(path)
    assert meta["crs"] == "EPSG:4326"
    fields = dict(zip(meta["fields"], columns, strict=True))
    document = published_document()
    assert list(fields["code"]) == [centre["code"] for centre in document["centres"]]
    for name in MEASURES:
        assert list(fields[name]) == [centre[name] for centre in document["centres"]]
    assert dict(zip(fields["code"], fields["act_patients"], strict=True))["UPP"] == 45
    assert len(shapes) == 7
    feature = json.loads(files["geojson", "sv"])["features"][0]
    assert feature["geometry"]["coordinates"] == [20.2983, 63.8175]


def test_pyjstat_reads_the_map(files):
    dataset = pyjstat.Dataset.read(files["json-stat", "en"].decode())
    frame = dataset.write("dataframe", naming="id").dropna()
    found = {(row.centre, row.category, row.measure): int(row.value) for row in frame.itertuples()}
    expected = {
        (centre or "all", category or "all", measure): value
        for centre, category, _first, *values in EXPECTED
        for measure, value in zip(MEASURES, values, strict=True)
    }
    assert found == expected
    assert dataset["role"] == {"geo": ["centre"], "metric": ["measure"]}
    assert dataset["updated"] == "2025-09-08T10:00:00Z"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_of_the_pdf_can_be_extracted(files, language):
    reader = pypdf.PdfReader(io.BytesIO(files["pdf", language]))
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert {"Umeå", "Örebro", "Linköping"} <= set(re.findall(r"\w+", text))
    document = published_document(language)
    for centre in document["centres"]:
        assert re.search(rf"{centre['city']}.*?\b{centre['patients']}\b", text, re.DOTALL)
    assert re.search(r"\b297\b.*\b304\b", text, re.DOTALL)
    assert "CC BY 4.0" in text
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"].startswith(language)
    assert len(reader.pages) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_slides_have_titles_a_picture_an_editable_chart_and_table(files, language):
    deck = Presentation(io.BytesIO(files["pptx", language]))
    first, charted, second = deck.slides
    for slide in deck.slides:  # each has a title that outlines show, and it is the first that is read
        assert slide.shapes.title.is_placeholder and slide.shapes.title.text_frame.text
        assert slide.shapes[0].shape_id == slide.shapes.title.shape_id
        below = slide.shapes.title.top + slide.shapes.title.height
        assert all(shape.top >= below for shape in list(slide.shapes)[1:])
    _title, picture = first.shapes
    [chart] = [shape.chart for shape in charted.shapes if shape.has_chart]
    described = picture._element._nvXxPr.cNvPr.get("descr")
    assert "12" in described
    assert 0 <= picture.left <= picture.left + picture.width <= deck.slide_width
    assert 0 <= picture.top <= picture.top + picture.height <= deck.slide_height
    [table] = [shape.table for shape in second.shapes if shape.has_table]
    rows = [[cell.text.strip() for cell in row.cells] for row in table.rows]
    assert rows[-1][2:] == ["297", "6", "1", "304"]
    document = published_document(language)
    drawn = {series.name[:3]: list(series.values) for series in chart.plots[0].series}
    shown = [centre for centre in document["centres"] if centre["status"] != "upcoming"]
    assert list(chart.plots[0].categories) == [centre["city"] for centre in shown]
    counted = [{cell["category"]: cell["infusions"] for cell in centre["categories"]} for centre in shown]
    assert drawn == {code: [cells.get(code) for cells in counted] for code in ("SOC", "ACT", "ICT", "CUP")}
    order = ("patients", "reinfusions", "further_doses", "infusions")
    expected = []
    for centre in document["centres"]:
        is_upcoming = centre["status"] == "upcoming"
        expected.append([centre["city"], *("" if is_upcoming else str(centre[name]) for name in order)])
        expected += [[cell["category"], *(str(cell[name]) for name in order)] for cell in centre["categories"]]
        if centre["code"] == "STO":
            made = {"sv": "tillverkning", "en": "manufacture"}[language]
            expected.append([f"Vecura ({made})", "", "", "", "46"])
    assert [[row[0], *row[2:]] for row in rows[1:-1]] == expected
    words = " ".join(shape.text_frame.text for shape in second.shapes if shape.has_text_frame)
    assert "CC BY 4.0" in words
    assert all(shape.top + shape.height <= deck.slide_height for shape in second.shapes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_drawing_is_xml_with_its_texts_and_fonts(files, language):
    text = files["svg", language].decode()
    for word in ("Umeå", "Örebro", "86 infusion", "CC BY 4.0", "font-face", "<title>"):
        assert word in text
    assert len(set(Image.open(io.BytesIO(render(text))).convert("RGB").getdata())) > 100
    assert not re.search(r'(href|url)\(?="?https?:', text)


@pytest.mark.parametrize(("format", "width"), [("png", 1280), ("png-print", 2480)])
def test_pictures_have_the_stated_width(files, format, width):
    image = Image.open(io.BytesIO(files[format, "sv"]))
    assert image.width == width
    assert image.getpixel((0, 0))[:3] == (255, 255, 255)


def test_swedish_letters_are_drawn_with_the_shipped_font():
    """Pictures that differ in one letter differ; a missing glyph would give the same box."""

    def draw(city: str) -> bytes:
        document = empty_document()
        document["centres"] = [document["centres"][0] | {"city": city, "name": ""}]
        return render_png(document, "sv", 640)

    pictures = {draw(city) for city in ("Å", "Ä", "Ö", "å", "ä", "ö", "é", "–", "\ue000", "A")}
    assert len(pictures) == 10


def test_estimated_widths_are_never_less_than_those_of_the_shipped_font():
    for path, bold in zip(FONT_FILES, (False, True), strict=True):
        font = TTFont(path)
        glyphs, widths, unit = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZÅÄÖabcdefghijklmnopqrstuvwxyzåäöéü0123456789 .,:;()/·-–…":
            assert widths[glyphs[ord(letter)]][0] / unit <= estimate_width(letter, 1, bold=bold) + 0.001, letter


def test_colours_of_the_files_are_those_of_the_page():
    light = read_colours()["light"]
    assert light == {name: COLOURS.get(name, colour) for name, colour in light.items()}
    assert set(COLOURS) <= set(light)


# Other documents.


@pytest.mark.parametrize("make", [empty_document, lambda: random_document(12, 5)], ids=["empty", "dozen"])
@pytest.mark.parametrize("format", [name for name in MAP_FORMATS if "png" not in name])
def test_every_document_has_every_format(make, format):
    assert write_map(make(), format=format, language="en")


def test_the_files_state_as_of():
    document = published_document("en")
    document["snapshot"]["as_of"] = "2020-12-31"
    drawing, _width, _height = draw_figure(document, language="en")
    assert "As of 31 December 2020." in drawing
    assert "2020-12-31" in write_map(document, format="csv", language="en").decode()


# Over the API.


@pytest.fixture(scope="module")
def lists(kept_lists):
    return kept_lists


@pytest.fixture(scope="module")
def published(lists):
    for place, (centre, day) in enumerate((("UPP", "2019-02-03"), ("STO", "2020-05-05"), ("STO", "2021-06-01"))):
        precision = "month" if place == 2 else "day"
        fields = {"centre": centre, "infused_on": day, "date_precision": precision}
        factories.record(lists, factories.nth_number(place), **fields)
    return publish()


def request_in_three_ways(client, path, name, media_type):
    yield client.get(f"/api/v1/{path}?format={name}&lang=sv")
    yield client.get(f"/api/v1/{path}.{name}?lang=sv")
    if "excel" not in name:
        yield client.get(f"/api/v1/{path}?lang=sv", headers={"Accept": media_type})


@pytest.mark.parametrize(
    ("path", "name", "form"),
    [("map", *item) for item in MAP_FORMATS.items() if "print" not in item[0]]
    + [("counts", *item) for item in COUNTS_FORMATS.items()],
)
def test_a_format_is_chosen_in_three_ways(published, client, path, name, form):
    media_type = form.media_type.partition(";")[0]
    for response in request_in_three_ways(client, path, name, media_type):
        assert response.status_code == 200, name
        assert response["Content-Type"].partition(";")[0] == media_type
        assert response["Link"].endswith('rel="license"')
        assert f'filename="swecar-{path}-2021-06.{form.ending}"' in response["Content-Disposition"]
        again = client.get(response.wsgi_request.get_full_path(), headers={
            "If-None-Match": response["ETag"], "Accept": media_type,
        })  # fmt: skip
        assert again.status_code == 304


def test_each_format_has_its_own_etag(published, client):
    tags = {client.get(f"/api/v1/map?format={name}")["ETag"] for name in ("json", "csv", "csv-excel", "svg")}
    assert len(tags) == 4


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("map?format=doc", 400, "unknown_value"),
        ("map.doc", 400, "unknown_value"),
        ("counts.png", 400, "unknown_value"),
        ("map.csv?format=xlsx", 400, "format_contradicts"),
        ("centres?format=csv", 400, "unknown_value"),
    ],
)
def test_an_unknown_format_is_refused(published, client, address, status, code):
    response = client.get(f"/api/v1/{address}")
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_an_unavailable_media_type_is_406(published, client):
    response = client.get("/api/v1/map", headers={"Accept": "application/msword"})
    assert (response.status_code, response.json()["code"]) == (406, "not_acceptable")
    preferred = client.get("/api/v1/map", headers={"Accept": "application/json;q=0.5, text/csv"})
    assert preferred["Content-Type"].startswith("text/csv")


def test_counts_are_the_same_frame_in_every_format(published, client):
    """JSON, CSV, the workbook and JSON-stat, read by pandas, openpyxl and pyjstat."""
    query = "by=centre,year&measures=patients,infusions"
    rows = client.get(f"/api/v1/counts?{query}").json()["rows"]
    expected = pandas.DataFrame(rows)
    csv = pandas.read_csv(io.BytesIO(client.get(f"/api/v1/counts.csv?{query}").content))
    pandas.testing.assert_frame_equal(csv[list(expected.columns)], expected, check_dtype=False)
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/api/v1/counts.xlsx?{query}").content))
    sheet = list(book.worksheets[0].iter_rows(min_row=2, values_only=True))
    assert sheet == [(*row.values(), False, False) for row in rows]  # nothing is attested, nothing withheld
    stat = pyjstat.Dataset.read(client.get(f"/api/v1/counts.json-stat?{query}").content.decode())
    frame = stat.write("dataframe", naming="id").dropna()
    wide = frame.pivot_table(index=["centre", "year"], columns="measure", values="value").reset_index()
    wide["year"] = wide["year"].astype(int)
    order = ["centre", "year"]
    pandas.testing.assert_frame_equal(
        wide[[*order, "patients", "infusions"]].sort_values(order).reset_index(drop=True),
        expected[[*order, "patients", "infusions"]].sort_values(order).reset_index(drop=True),
        check_dtype=False, check_names=False,
    )  # fmt: skip
    assert stat["role"] == {"time": ["year"], "geo": ["centre"], "metric": ["measure"]}


def test_the_files_of_a_day_have_the_numbers_of_that_day(published, client):
    document = read_map(language="en", as_of=date(2020, 1, 1))
    frame = pandas.read_csv(io.BytesIO(client.get("/api/v1/map.csv?as_of=2020-01-01&lang=en").content), dtype=str)
    assert frame.loc[0, "patients"] == str(document["national"]["patients"]) == "1"
    assert set(frame["as_of"]) == {"2020-01-01"}


def test_trials_are_in_every_format_and_no_trial_has_a_name(published, client, lists):
    trial = {"category": "ACT", "trial": "2019-004426-18", "kind": "first"}
    factories.record(lists, factories.nth_number(7), **trial)
    publish()
    rows = client.get("/api/v1/counts?by=trial").json()["rows"]
    assert [(row["trial"], row["patients"]) for row in rows] == [("2019-004426-18", 1), (None, 3)]
    csv = pandas.read_csv(io.BytesIO(client.get("/api/v1/counts.csv?by=trial").content), dtype=str)
    assert csv["trial"].fillna("").tolist() == ["2019-004426-18", ""]
    book = openpyxl.load_workbook(io.BytesIO(client.get("/api/v1/counts.xlsx?by=trial&lang=en").content))
    assert [row[0] for row in book.worksheets[0].iter_rows(values_only=True)] == ["trial", "2019-004426-18", None]
    for language, words in (("en", ("trial", "no trial")), ("sv", ("prövning", "ingen prövning"))):
        stat = client.get(f"/api/v1/counts.json-stat?by=trial&lang={language}").json()["dimension"]["trial"]
        labels = {"2019-004426-18": "2019-004426-18", "none": words[1]}
        assert (stat["label"], stat["category"]["label"]) == (words[0], labels)


def test_a_cell_without_a_value_is_none_in_json_stat(published):
    response = read_counts(CountQuery(by=("manufacturing_site",), measures=("infusions",)))
    assert response["rows"][0]["manufacturing_site"] is None
    stat = json.loads(COUNTS_FORMATS["json-stat"].write(response, "en"))
    assert stat["dimension"]["manufacturing_site"]["category"]["index"] == ["none"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_that_has_grown_stays_whole_in_every_file(language):
    """Seven centres with all lines: the drawing is half as high again, and no page or slide cuts it."""
    document = full_document(language)
    drawing, width, height = draw_figure(document, language=language)
    assert drawing.count("14 RI") == 28
    assert "left-out" not in drawing
    pdf = pypdf.PdfReader(io.BytesIO(write_map(document, format="pdf", language=language)))
    on_map, *on_table = (page.extract_text().count("14 RI") for page in pdf.pages)
    assert (on_map, sum(on_table)) == (28, 0)
    deck = Presentation(io.BytesIO(write_map(document, format="pptx", language=language)))
    _title, picture = deck.slides[0].shapes
    assert abs(picture.width / picture.height - width / height) < 0.01
    assert 0 <= picture.left <= picture.left + picture.width <= deck.slide_width
    assert 0 <= picture.top <= picture.top + picture.height <= deck.slide_height
    seen = Image.open(io.BytesIO(render_png(document, language, 1280)))
    assert abs(seen.width / seen.height - width / height) < 0.01
