"""Years that are not complete, in a browser: what is faint, what is said, and what the slider says of a month."""

import pytest

from registry.models import Coverage
from registry.publishing.publish import publish
from tests.browsing import assert_accessible, assert_no_sideways_scroll
from tests.test_page_view import record_rows

ADDRESSES = {"sv": "/", "en": "/en/"}
SENTENCES = {
    "sv": (
        "Bleka staplar är inte fullständiga (2020–2021)",
        "Fullständigt till och med 31 december 2019: ",
    ),
    "en": ("Faint columns are not complete (2020–2021)", "Complete through 31 December 2019: "),
}


@pytest.fixture
def site(live_server, committed_lists):
    """The registry of test_page_view.py, whose centres are complete through the end of 2019."""
    record_rows(committed_lists)
    for centre in committed_lists.centres.values():
        Coverage.objects.create(centre=centre, complete_through="2019-12-31", stated_by="lead")
    publish()
    return live_server.url


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ADDRESSES)
def test_faint_years_are_seen_and_explained(site, open_browser, language, width, scripts):
    page = open_browser(java_script_enabled=scripts, viewport={"width": width, "height": 900})
    page.goto(site + ADDRESSES[language])
    text = page.locator("#time").inner_text()
    assert all(sentence in text for sentence in SENTENCES[language])
    chart = page.locator("#time .chart-narrow" if width < 700 else "#time .chart-wide")
    assert chart.is_visible()
    drawn = chart.locator("g[role=img]").evaluate_all(
        """columns => columns.filter(column => column.querySelector('rect:not(.area)')).map(column => [
            column.getAttribute('aria-label').slice(0, 4),
            [...column.querySelectorAll('rect:not(.area)')].every(
                box => Number(getComputedStyle(box).fillOpacity) < 1),
        ])"""
    )
    assert drawn == [[year, year > "2019"] for year, _faint in drawn] and drawn[-1] == ["2021", True]
    horizon = page.locator("#horizon")
    assert horizon.is_visible() and "31 december 2019" in horizon.inner_text().lower()
    assert_no_sideways_scroll(page)
    if scripts:
        assert_accessible(page)


@pytest.mark.browser
def test_the_slider_says_which_months_are_not_complete(site, open_browser):
    page = open_browser()
    page.goto(f"{site}/en/?as_of=2020-01-31")
    slider, output = page.locator("#month"), page.locator("#when output")
    assert output.inner_text() == "January 2020, not complete"
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.locator("#horizon", has_text="").wait_for(state="hidden")
    assert output.inner_text() == slider.get_attribute("aria-valuetext") == "December 2019"
