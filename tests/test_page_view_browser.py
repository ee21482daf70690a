"""What the public page shows by its address, in a browser; with scripts and without."""

import io
import re

import pypdf
import pytest

from registry.publishing.publish import publish
from tests import factories
from tests.browsing import assert_accessible, assert_no_sideways_scroll, tab_to
from tests.test_page_view import record_rows


@pytest.fixture
def site(live_server, committed_lists):
    record_rows(committed_lists)
    return live_server.url


def lead(page) -> str:
    return page.locator(".lead").inner_text()


@pytest.mark.browser
def test_the_slider_redraws_the_map_and_the_address_follows(site, open_browser):
    page = open_browser()
    page.goto(f"{site}/en/")
    assert "4 people" in lead(page)
    slider = page.locator("#month")
    assert slider.get_attribute("aria-valuetext") == "July 2021, not complete"
    slider.focus()
    for _month in range(3):
        page.keyboard.press("ArrowLeft")
    page.locator(".lead", has_text="2 people").wait_for()
    assert page.url.endswith("?as_of=2021-04-30")
    assert [page.locator(f"[name={name}]").input_value() for name in ("year", "month")] == ["2021", "4"]
    assert page.evaluate("document.activeElement.id") == "month"
    page.keyboard.press("End")
    page.locator(".lead", has_text="4 people").wait_for()
    assert page.url == f"{site}/en/"


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_date_is_chosen_in_the_form(site, open_browser, scripts):
    page = open_browser(java_script_enabled=scripts)
    page.goto(f"{site}/?centre=UPP")
    page.select_option("[name=month]", label="maj")
    page.select_option("[name=year]", "2020")
    page.click("#when button")
    page.wait_for_url("**/?as_of=2020-05-31&centre=UPP")
    page.locator(".lead", has_text="2 personer").wait_for()
    assert page.locator("#centre h2").inner_text() == "UPP"
    assert page.locator("#month").is_visible() == scripts
    page.click("#all")
    page.wait_for_url(re.compile(r"/\?centre=UPP$"))
    page.locator(".lead", has_text="4 personer").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("way", ["mouse", "keyboard", "touch", "without scripts"])
def test_a_centre_is_chosen(site, open_browser, way, width):
    options = {"has_touch": way == "touch", "java_script_enabled": way != "without scripts"}
    page = open_browser(viewport={"width": width, "height": 900}, **options)
    page.goto(f"{site}/en/")
    variant = "narrow" if width == 390 else "wide"
    link = f".map-{variant} a.place[aria-label^='UPP, 3 infusions']"
    if way == "keyboard":
        tab_to(page, link)
        page.keyboard.press("Enter")
    elif way == "touch":
        page.tap(link)
    else:
        page.click(link)
    page.wait_for_url("**/en/?centre=UPP**")
    page.locator("#centre h2", has_text="UPP").wait_for()
    if way == "keyboard":
        assert page.evaluate("document.activeElement.id") == "centre"
        page.go_back()
        page.wait_for_url(f"{site}/en/")
        page.locator("#centre[hidden]").wait_for(state="attached")


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["", "en/"])
def test_the_name_of_a_callout_begins_with_what_is_seen(site, open_browser, width, language):
    """WCAG 2.5.3: whoever says what stands there reaches the link."""
    page = open_browser(viewport={"width": width, "height": 900})
    page.goto(f"{site}/{language}")
    named = page.locator("a.place[aria-label]:visible").evaluate_all(
        "links => links.map(link => [link.getAttribute('aria-label'),"
        " [...link.querySelectorAll('text')].map(text => text.textContent)])"
    )
    assert len(named) == 6
    for name, seen in named:
        assert name.startswith(", ".join(seen)) and re.search("infusion|kommande|upcoming", name)


@pytest.mark.browser
def test_the_table_is_one_key_away_from_the_content(site, open_browser):
    page = open_browser()
    page.goto(f"{site}/en/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the numbers as a table"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "numbers"


@pytest.mark.browser
@pytest.mark.parametrize(("language", "width", "scheme"), [("", 390, "light"), ("en/", 1280, "dark")])
def test_the_page_has_no_violation_and_nothing_from_elsewhere(site, open_browser, language, width, scheme):
    page = open_browser(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/{language}?centre=UPP&as_of=2021-06-30&span=total")
    page.click("summary")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    assert all(url.startswith(site) for url in asked)
    assert page.context.cookies() == []


@pytest.mark.browser
@pytest.mark.parametrize(("address", "most"), [("/", 2), ("/en/", 2), ("/explore", 1)])
def test_on_paper_a_figure_stays_with_its_title_and_no_page_is_nearly_empty(
    site, committed_lists, open_browser, address, most
):
    """With about as many rows as the published figure has."""
    rows = [(centre, category) for centre in ("UME", "UPP", "FAL", "STO") for category in factories.TRIAL_OF]
    for place, (centre, category) in enumerate(rows):
        factories.record(committed_lists, factories.nth_number(20 + place), centre=centre, category=category)
    publish()
    page = open_browser()
    page.goto(f"{site}{address}")
    printed = page.pdf(format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "10mm"))
    pages = [one.extract_text() for one in pypdf.PdfReader(io.BytesIO(printed)).pages]
    assert len(pages) == most
    assert all(len(text) > 400 for text in pages)
    for title in ("Nya patienter per år", "New patients by year"):
        assert all("2019" in text and "2021" in text for text in pages if title in text)
