"""A withheld number is a sign, null or a flag in every file, never 0."""

import io
import json
import re

import openpyxl
import pandas
import pypdf
import pytest
from django.utils.translation import override
from pptx import Presentation
from pyjstat import pyjstat

from registry.figure.draw_map import draw_map
from registry.figure.standalone import MARGIN, WIDTH, list_lines_below
from registry.figure.texts import estimate_width
from registry.formats import COUNTS_FORMATS, FILE_FORMATS, write_map
from registry.wording import say_citation, say_sources
from tests.map_documents import published_document

MEASURES = ("patients", "infusions", "reinfusions", "further_doses")
WITHHELD = {("UPP", "ACT"), ("UPP", "ICT"), ("LUN", None), ("LUN", "SOC"), ("LUN", "ICT")}


def withhold(cell: dict) -> None:
    cell.update(dict.fromkeys((name for name in (*MEASURES, "manufactured", "first") if name in cell), None))
    cell["suppressed"] = True


def withheld_document() -> dict:
    """The published figure with two categories of a centre, all of another, and the site's number withheld."""
    document = published_document("en")
    for centre in document["centres"]:
        for cell in (centre, *centre["categories"]):
            if (centre["code"], cell.get("category")) in WITHHELD:
                withhold(cell)
    withhold(document["manufacturing"][0])
    return document


def withheld_counts() -> dict:
    """Counts of two centres over two years; the first centre has none in the first year."""
    numbers = dict.fromkeys(("patients", "infusions"), 7)
    rows = [
        {"centre": "UPP", "year": 2021} | numbers,
        {"centre": "STO", "year": 2020} | numbers,
        {"centre": "STO", "year": 2021, "patients": None, "infusions": None, "suppressed": True},
    ]
    snapshot = published_document()["snapshot"]
    total = {"patients": None, "infusions": None, "suppressed": True, "patients_summed": None}
    return {"snapshot": snapshot, "by": ["centre", "year"], "filters": {}, "rows": rows, "total": total}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Every format of the document but PNG, which is rendered from the same drawing as SVG."""
    return {
        name: write_map(withheld_document(), format=name, language="en")
        for name in FILE_FORMATS
        if "png" not in name
    }


@pytest.mark.parametrize("format", COUNTS_FORMATS)
def test_every_format_of_counts_accepts_a_withheld_number(format):
    assert COUNTS_FORMATS[format].write(withheld_counts(), "sv")


def test_a_nation_without_numbers_is_drawn():
    document = withheld_document()
    withhold(document["national"])
    document["national"] |= {"children": None, "patients_summed": None}
    text = write_map(document, format="svg", language="sv").decode()
    assert ".. personer" in text
    assert "None" not in text.partition("</style>")[2]


def test_the_figure_has_the_sign_and_its_meaning(files):
    drawing = files["svg"].decode().partition("</style>")[2]
    assert "..: not shown, so that nobody can be recognised." in drawing
    callouts = dict(re.findall(r'data-centre="(\w+)"[^>]*>(.*?)</g>', drawing, re.DOTALL))
    assert ".. infusions" in callouts["LUN"]
    assert ".. patients" in callouts["UPP"]
    plain = write_map(published_document("en"), format="svg", language="en").decode().partition("</style>")[2]
    hidden = {"45 patients", "60 patients", "65 infusions"}
    assert {words for words in hidden if words in plain} == hidden
    assert not {words for words in hidden if words in drawing}
    assert "not shown" not in plain
    assert "no infusions" not in callouts["LUN"]
    assert "None" not in drawing


@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_line_under_the_figure_is_cut_by_its_frame(language):
    """Not even in the widest font that a reader may have instead of the shipped one."""
    document = withheld_document()
    document["snapshot"] |= {"number": 99_999, "as_of": "2025-09-30", "data_through": "2025-09-30"}
    with override(language):
        lines = list_lines_below(document)
        said = [*say_sources(document), say_citation(document)]
    assert " ".join(lines).endswith(" ".join(said))
    for line in lines:
        assert estimate_width(line, 12) <= WIDTH - MARGIN, line


def test_withheld_categories_are_one_open_slice_together():
    """Uppsala has 86 infusions of which 38 are shown: its one slice ends at 38/86 of the circle."""
    document = withheld_document()
    [upp] = [centre for centre in document["centres"] if centre["code"] == "UPP"]
    drawn = draw_map(document | {"centres": [upp], "manufacturing": []}, language="en")
    assert drawn.count('class="mark open" d="') == 1
    assert drawn.count('class="mark soc" d="') == 1
    assert 'class="mark act" d="' not in drawn
    [soc] = re.findall(r'class="mark soc" d="M[\d.]+,[\d.]+L[\d.]+,[\d.]+A[\d.]+,[\d.]+ 0 (\d)', drawn)
    assert soc == "0"  # less than half


def test_readers_of_rows_find_a_flag_and_no_number(files):
    frame = pandas.read_csv(io.BytesIO(files["csv"]))
    hidden = frame[frame["suppressed"]]
    sites = hidden["level"] == "manufacturing_site"
    found = {
        (centre, None if pandas.isna(category) else category)
        for centre, category in hidden.loc[~sites, ["centre", "category"]].itertuples(index=False)
    }
    assert found == WITHHELD
    assert sites.sum() == 1
    assert hidden[[*MEASURES, "first", "manufactured"]].isna().all(axis=None)
    shown = frame[~frame["suppressed"]]
    assert shown[list(MEASURES)].notna().all(axis=None)


def test_the_workbook_has_an_empty_cell_and_a_flag(files):
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    head, *rows = book.worksheets[0].iter_rows(values_only=True)
    patients, flag = head.index("patients"), head.index("not shown")
    hidden = [row for row in rows if row[flag]]
    assert len(hidden) == len(WITHHELD) + 1
    assert {row[patients] for row in hidden} == {None}
    assert all(row[flag] is False for row in rows if row[patients] is not None)


def test_geojson_says_null(files):
    features = {f["id"]: f["properties"] for f in json.loads(files["geojson"])["features"]}
    assert features["LUN"]["suppressed"] is True
    assert features["LUN"]["infusions"] is None
    assert (features["UPP"]["act_patients"], features["UPP"]["act_suppressed"]) == (None, True)
    assert features["STO"]["manufactured"] is None
    assert features["UPP"]["soc_patients"] == 38


def test_json_stat_gives_null_and_a_status(files):
    text = files["json-stat"].decode()
    body = json.loads(text)
    assert set(body["status"].values()) == {"s"}
    assert set(body["status"]) == {index for index, value in body["value"].items() if value is None}
    assert len(body["status"]) == len(WITHHELD) * len(MEASURES)
    assert body["note"][1] == "s: not shown, so that nobody can be recognised."
    frame = pyjstat.Dataset.read(text).write("dataframe", naming="id")
    cell = frame[(frame["centre"] == "UPP") & (frame["category"] == "ACT")]
    assert cell["value"].isna().all()
    plain = json.loads(write_map(published_document("en"), format="json-stat", language="en"))
    assert "status" not in plain
    assert not [note for note in plain["note"] if "not shown" in note]


def test_the_sheet_and_the_slide_have_the_sign(files):
    reader = pypdf.PdfReader(io.BytesIO(files["pdf"]))
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert text.count("..") >= 4 * len(WITHHELD)
    assert "None" not in text
    deck = Presentation(io.BytesIO(files["pptx"]))
    [table] = [shape.table for shape in deck.slides[2].shapes if shape.has_table]
    rows = [[cell.text.strip() for cell in row.cells] for row in table.rows]
    assert [row for row in rows if row[0] == "Lund"] == [["Lund", "..", "..", "..", "..", ".."]]
    assert sum(row[1:] == [".."] * 5 for row in rows) == len(WITHHELD)


def test_a_zero_is_not_withheld(files):
    deck = Presentation(io.BytesIO(files["pptx"]))
    [table] = [shape.table for shape in deck.slides[2].shapes if shape.has_table]
    rows = {row.cells[0].text.strip(): [cell.text for cell in row.cells][1:] for row in table.rows}
    assert rows["Umeå"] == ["December 2023", "9", "0", "0", "9"]
    assert rows["Örebro"] == ["upcoming centre", "", "", "", ""]  # which has no number at all


def test_counts_flag_a_withheld_cell_and_keep_time_in_order():
    frame = pandas.read_csv(io.BytesIO(COUNTS_FORMATS["csv"].write(withheld_counts(), "en")))
    assert frame["suppressed"].tolist() == [False, False, True]
    assert frame["patients"].isna().tolist() == [False, False, True]
    body = json.loads(COUNTS_FORMATS["json-stat"].write(withheld_counts(), "en"))
    assert body["dimension"]["year"]["category"]["index"] == ["2020", "2021"]
    assert body["id"] == ["centre", "year", "measure"]
    assert body["size"] == [2, 2, 2]
    # UPP 2021 is the second year of the first centre; STO 2021 the last of all.
    assert body["value"] == {"2": 7, "3": 7, "4": 7, "5": 7, "6": None, "7": None}
    assert body["status"] == {"6": "s", "7": "s"}


def test_every_file_has_the_url_of_its_data():
    for format in ("json", "geojson"):
        assert (
            json.loads(write_map(published_document("en"), format=format, language="en"))["about"]["api"]
            == "/api/v1/map"
        )
    stat = json.loads(COUNTS_FORMATS["json-stat"].write(withheld_counts(), "en"))
    assert stat["extension"]["about"]["api"] == "/api/v1/counts"
    assert "/api/v1/map" in write_map(published_document("en"), format="svg", language="en").decode()


def test_values_of_counts_have_names_in_the_language():
    counts = withheld_counts() | {"by": ["category", "sex"]}
    numbers = {"patients": 1, "infusions": 1}
    counts["rows"] = [
        {"category": "SOC", "sex": "female"} | numbers,
        {"category": "SOC", "sex": "male"} | numbers,
    ]
    dimension = json.loads(COUNTS_FORMATS["json-stat"].write(counts, "sv"))["dimension"]
    assert dimension["sex"]["category"]["label"] == {"female": "Kvinna", "male": "Man"}
    assert dimension["category"]["category"]["label"] == {"SOC": "Standardvård"}
