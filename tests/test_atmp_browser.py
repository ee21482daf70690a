"""The page on trials, hospital exemption and manufacture in a browser: four widths, both languages, paper."""

import pytest

from registry.publishing.publish import publish
from tests import atmp_rows, factories
from tests.browsing import EXAMINED, assert_accessible, look

pytestmark = pytest.mark.browser
PLACES = {"sv": "/atmp/", "en": "/en/atmp/"}
WIDTHS = (320, 390, 768, 1280)


@pytest.fixture
def site(live_server, committed_lists):
    for code, city in {"UPP": "Uppsala", "STO": "Stockholm", "UME": "Umeå", "LIN": "Linköping"}.items():
        centre = committed_lists.centres[code]
        centre.city_sv = centre.city_en = city
        centre.save()
    atmp_rows.store_report(committed_lists)
    both = {"UPP": [("recruiting", "2021")], "STO": [("follow_up", "2022")], "LIN": [("recruiting", "2023")]}
    more = [atmp_rows.trial(60 + place, both, **{"class": "tep"}, phase="III") for place in range(2)]
    atmp_rows.store(committed_lists, more)
    atmp_rows.store_stated(committed_lists)
    factories.record(committed_lists, manufacturing_site="VECURA")
    publish()
    return live_server.url


@pytest.mark.parametrize("language", PLACES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_has_no_violation(site, open_browser, language, scheme):
    page = open_browser(color_scheme=scheme)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(f"{site}{PLACES[language]}")
        look(page, f"atmp-{scheme}", language)
    for summary in page.locator("summary").all():
        summary.click()
    if language != EXAMINED:
        assert_accessible(page)
    assert all(url.startswith(site) for url in asked)
    assert page.context.cookies() == []


def test_no_text_of_a_drawing_leaves_it(site, open_browser):
    page = open_browser(java_script_enabled=False)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(f"{site}/atmp/")
        outside = page.evaluate("""() => [...document.querySelectorAll("svg.chart")].flatMap(svg => {
            const box = svg.getBoundingClientRect();
            return [...svg.querySelectorAll("text")].filter(text => {
                const own = text.getBoundingClientRect();
                return own.width && (own.left < box.left - 1 || own.right > box.right + 1);
            }).map(text => text.textContent);
        })""")
        assert outside == []


def test_on_paper_the_figures_stand_and_what_is_for_a_screen_does_not(site, open_browser):
    page = open_browser()
    page.goto(f"{site}/atmp/")
    page.emulate_media(media="print")
    assert page.locator(".chart-wide").first.is_visible() != page.locator(".chart-narrow").first.is_visible()
    assert not page.locator(".take").first.is_visible()
    assert page.locator("#exemption .address").is_visible()
