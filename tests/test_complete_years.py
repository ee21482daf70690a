"""A year is drawn as whole where every active centre has attested it, whatever the latest infusion is."""

import csv
import io
import re
from datetime import date

import openpyxl
import pytest
from django.test import Client

from registry.completeness import end_of, find_common_day, is_complete, list_lagging
from registry.formats import COUNTS_FORMATS
from registry.models import Centre, Coverage
from registry.pages.public.map_page import render_map_page
from registry.pages.public.selection import View
from registry.published.count_query import CountQuery
from registry.published.queries import read_counts
from registry.publishing.publish import publish
from tests import factories
from tests.map_documents import published_document, series_of

LATER = "2026-11-12"  # an infusion somewhere, long after what the centres have attested
WORDS = {"sv": "inte fullständigt", "en": "not complete"}


def attested(language: str = "en", *, as_of: str | None = None, **days: str | None) -> dict:
    """The published figure, with data through a late day, and every active centre complete through a day.

    days: that of single centres, by code; "rest" that of the others.
    """
    document = published_document(language)
    document["snapshot"] |= {"data_through": LATER, "as_of": as_of}
    for centre in document["centres"]:
        if centre["status"] == "active":
            centre["complete_through"] = days.get(centre["code"], days.get("rest"))
    return document


def render(document: dict, language: str = "en", **view) -> str:
    return render_map_page(document, series=series_of(document), language=language, view=View(language, **view))


def faint_years(page: str, chart: str) -> set[str]:
    """The years of a chart whose columns are drawn faint."""
    [drawn] = re.findall(rf'<svg [^>]*class="chart {chart}".*?</svg>', page, re.DOTALL)
    columns = re.findall(r'<g role="img" aria-label="(\d{4})[^"]*"[^>]*>(.*?)</g>', drawn, re.DOTALL)
    return {year for year, column in columns if "unfinished" in column}


def small_of(page: str, city: str) -> str:
    """A centre's small chart with what is beside it."""
    [item] = [one for one in re.findall(r"<li><p><a href.*?</li>", page, re.DOTALL) if f">{city}</a>" in one]
    return item


@pytest.mark.parametrize("chart", ["chart-wide", "chart-narrow"])
def test_a_late_infusion_makes_no_year_whole(chart):
    page = render(attested(rest="2025-08-31"))
    assert faint_years(page, chart) == {"2025"}
    assert faint_years(render(attested(rest="2025-12-31")), chart) == set()
    assert faint_years(render(attested(rest="2026-10-31", UME="2024-06-30")), chart) == {"2024", "2025"}
    assert len(faint_years(render(attested(rest="2025-12-31", UME=None)), chart)) == 12


@pytest.mark.parametrize(("language", "word"), WORDS.items())
def test_a_faint_year_says_so_in_chart_table_and_sentence(language, word):
    page = render(attested(language, rest="2025-12-31", UME="2025-08-31", LUN=None), language)
    assert f'aria-label="2025, {word}: ' in page
    assert f'<th scope="row">2025, {word}</th>' in page
    said = {
        "sv": ("Fullständigt till och med 31 augusti 2025: Umeå.", "Inte intygat som fullständigt: Lund."),
        "en": ("Complete through 31 August 2025: Umeå.", "Not attested as complete: Lund."),
    }[language]
    for sentence in (*said, "(2014–2025)"):
        assert sentence in page
    assert "Uppsala." not in "".join(re.findall(r'<p class="remark">(.*?)</p>', page))


def test_whole_years_have_no_sentence_and_no_faint_column():
    page = render(attested(rest="2025-12-31"))
    assert "unfinished" not in page and "not complete" not in page.replace('data-open="not complete"', "")
    assert '<th scope="row">2025</th>' in page


def test_each_centres_own_chart_goes_by_its_own_attestation():
    page = render(attested(rest="2025-12-31", UME="2025-08-31", LUN=None))
    umea, lund, uppsala = (small_of(page, city) for city in ("Umeå", "Lund", "Uppsala"))
    assert "Complete through 31 August 2025" in umea and "2025, not complete: 9" in umea
    assert umea.count("unfinished") == 1  # its other years are zero or attested
    assert "Not attested as complete" in lund and lund.count("unfinished") == lund.count('class="one')
    assert "unfinished" not in uppsala and "Complete through 31 December 2025" in uppsala


def test_the_chosen_centres_chart_does_too():
    document = attested(rest="2025-12-31", UME="2025-08-31")
    assert "2025, not complete" in render(document, centre="UME").partition('id="cards"')[0]
    assert "2025, not complete" not in render(document, centre="UPP").partition('id="cards"')[0]


def test_the_chosen_centre_says_how_far_it_is_complete_and_adds_up_what_the_title_says():
    document = attested(rest="2025-12-31", UME=None)
    chosen = render(document, centre="UME", span="total", measure="infusions").partition('id="cards"')[0]
    assert "Not attested as complete" in chosen
    assert "Infusions up to the end of each year" in chosen and "2025, not complete: 9" in chosen
    uppsala = render(document, centre="UPP", span="total").partition('id="cards"')[0]
    assert "Complete through 31 December 2025" in uppsala and "2024: 77, 2025: 85" in uppsala


@pytest.mark.parametrize("status", ["upcoming", "paused", "closed"])
def test_only_active_centres_are_waited_for(status):
    document = attested(rest="2025-12-31", UME=None)
    next(centre for centre in document["centres"] if centre["code"] == "UME")["status"] = status
    assert faint_years(render(document), "chart-wide") == set()


@pytest.mark.parametrize(
    ("language", "as_of", "name", "sentence"),
    [
        ("sv", "2025-06-30", "2025, t.o.m. 30 juni", "Den sista stapeln går till och med 30 juni 2025."),
        ("en", "2025-12-30", "2025, through 30 December", "The last column goes to 30 December 2025."),
    ],
)
def test_a_year_that_is_shown_in_part_is_faint_though_attested(language, as_of, name, sentence):
    page = render(attested(language, as_of=as_of, rest="2025-12-31"), language)
    assert f'aria-label="{name}: ' in page and f'<th scope="row">{name}</th>' in page
    assert sentence in page and "(2025)" not in page
    whole = render(attested(language, as_of="2025-12-31", rest="2025-12-31"), language)
    assert "unfinished" not in whole


def test_the_slider_knows_how_far_it_is_complete():
    def complete(page: str) -> str:
        [found] = re.findall(r'data-complete="(-?\d+)"', page)
        return found

    assert complete(render(attested(rest="2025-08-31"))) == str(12 * 11 + 7)
    assert complete(render(attested(rest="2025-08-30"))) == str(12 * 11 + 6)
    assert complete(render(attested(rest="2025-08-30", UME=None))) == "-1"


def test_a_day_after_what_is_attested_says_so():
    def horizon(document: dict) -> str:
        return re.findall(r'id="horizon" data-part( hidden)?>(.*?)<', render(document))[0]

    through = "Every active centre has attested that its records are complete through 31 August 2025. "
    assert horizon(attested(rest="2025-08-31"))[1].startswith(through)
    assert horizon(attested(as_of="2025-09-01", rest="2025-08-31"))[1].startswith(through)
    assert horizon(attested(as_of="2025-08-31", rest="2025-08-31")) == (" hidden", "")
    assert horizon(attested(rest="2025-08-31", UME=None))[1].startswith("Not every active centre")


def test_periods_by_a_plain_calendar():
    for year in (1900, 2000, 2024, 2025):
        assert end_of(str(year)) == date(year, 12, 31).isoformat()
    assert [end_of(month)[-2:] for month in ("2024-02", "2025-02", "2025-09")] == ["29", "28", "30"]
    centres = [{"status": "active", "complete_through": day} for day in ("2025-09-30", "2025-10-15")]
    assert is_complete(centres, "2025-09") and not is_complete(centres, "2025-10")
    assert not is_complete(centres, "2025-09", as_of="2025-09-29")
    assert list_lagging(centres, "2025-10-01") == centres[:1]
    assert (find_common_day(centres), find_common_day([])) == ("2025-09-30", None)


# Counts by year or month, in the API and in files.


@pytest.fixture
def published(lists):
    """Uppsala and Stockholm with an infusion in each of two years; Uppsala alone attests through the first."""
    for year in (2024, 2025):
        rows = [
            factories.plain_row(person=10 * year + place, centre=centre, infused_on=f"{year}-03-02")
            for place, centre in enumerate(("UPP", "STO"))
        ]
        factories.store_rows(lists, rows)
    Centre.objects.exclude(code__in=["UPP", "STO"]).update(status="closed")
    for code, day in (("UPP", "2024-12-31"), ("STO", "2024-06-30")):
        Coverage.objects.create(centre=lists.centres[code], complete_through=day, stated_by="lead")
    publish()


def told(by: tuple[str, ...], format: str = "csv", **filters) -> list[tuple]:
    """Each row of a file of counts: its period, or centre and period, and what it says of completeness."""
    counts = read_counts(CountQuery(by=by, measures=("infusions",), filters=filters))
    content = COUNTS_FORMATS[format].write(counts, "en")
    if format == "xlsx":
        names, *rows = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
        return [(*map(str, row[: len(by)]), str(row[names.index("complete")])) for row in rows]
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";" if "excel" in format else ",")
    spelled = {"yes": "True", "no": "False"}
    return [(*list(row.values())[: len(by)], spelled.get(row["complete"], row["complete"])) for row in rows]


@pytest.mark.parametrize("format", ["csv", "csv-excel", "xlsx"])
def test_a_file_by_year_says_of_each_row_whether_it_is_complete(published, format):
    assert told(("year",), format) == [("2024", "False"), ("2025", "False")]
    by_centre = told(("centre", "year"), format)
    assert set(by_centre) == {
        ("STO", "2024", "False"), ("STO", "2025", "False"), ("UPP", "2024", "True"), ("UPP", "2025", "False"),
    }  # fmt: skip
    assert told(("month",), format, centre=("STO",)) == [("2024-03", "True"), ("2025-03", "False")]
    assert told(("year",), format, centre=("UPP",)) == [("2024", "True"), ("2025", "False")]


def test_the_api_has_what_completeness_is_told_by(published):
    answer = Client().get("/api/v1/counts?by=year&centre=UPP").json()
    assert answer["coverage"] == [
        {"centre": "UPP", "region": "Mellansverige", "complete_through": "2024-12-31"},
    ]
    assert "coverage" not in Client().get("/api/v1/counts?by=centre").json()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/inbaddad/", ["Fullständigt till och med 30 juni 2024: STO.", "Stängt: "]),
        ("/en/embed/", ["Complete through 30 June 2024: STO.", "Closed: "]),
    ],
)
def test_the_embedded_map_says_it_too(published, address, said):
    page = Client().get(address).content.decode()
    assert [one for one in said if one not in page] == []
