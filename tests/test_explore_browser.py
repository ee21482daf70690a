"""Explore in a browser, without scripts: the keyboard alone, on a telephone and at a desk; no violation."""

import pytest

from registry.publishing.publish import publish
from tests import factories
from tests.browsing import WIDTH_OF, look, tab_to
from tests.test_explore import PLACES, ROWS

pytestmark = pytest.mark.browser
WORDS = {
    "sv": ("Infusioner per centrum och produkt", "Från och med: "),
    "en": ("Infusions by centre and product", "From: "),
}


@pytest.fixture
def site(live_server, committed_lists):
    for place, centre, day, category, more in ROWS:
        person = factories.nth_number(place)
        factories.record(committed_lists, person, centre=centre, infused_on=day, category=category, **more)
    publish()
    return live_server.url


def choose_by_keys(page, place: int, letters: str) -> None:
    """Choose in one of the lists by typing the first letters of a choice, as Tab reaches it."""
    tab_to(page, f"#field-by select:nth-of-type({place})")
    page.keyboard.type(letters)


@pytest.mark.parametrize(("language", "width"), WIDTH_OF.items())
def test_a_question_is_asked_by_the_keyboard_without_scripts(site, open_browser, language, width):
    page = open_browser(viewport={"width": width, "height": 844}, java_script_enabled=False)
    page.goto(f"{site}{PLACES[language]}?by=&measures=infusions")
    title, wrong = WORDS[language]
    choose_by_keys(page, 1, "Ce")
    choose_by_keys(page, 2, "Pro")
    tab_to(page, "#field-from")
    page.keyboard.type("2020")
    tab_to(page, "#field-category summary")
    page.keyboard.press("Enter")
    tab_to(page, "[name=category][value=ACT]")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{PLACES[language]}?by=centre,product&measures=infusions&category=ACT&from=2020-01-01")
    assert page.locator("#answer").inner_text() == title
    assert page.locator("tbody tr").count() == 1
    assert page.locator("tfoot td").inner_text() == "2"
    tab_to(page, "#field-from")
    page.keyboard.press("Control+A")
    page.keyboard.type("i natt")
    page.keyboard.press("Enter")
    assert page.locator("[role=alert]").inner_text().startswith(wrong)
    assert page.locator("#field-from").input_value() == "i natt"
    assert page.locator("#field-from").get_attribute("aria-invalid") == "true"
    assert page.locator("[name=category][value=ACT]").is_checked()


@pytest.mark.parametrize(("language", "width"), WIDTH_OF.items())
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_answer_and_a_refusal_have_no_violation(site, open_browser, language, width, scheme):
    page = open_browser(viewport={"width": width, "height": 844}, color_scheme=scheme)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for name, query in (
        ("explore", ""),
        ("explore-four", "?by=centre,category,year,month"),
        ("explore-only", "?by=category,sex&category=SOC,ACT&from=2020-01-01&as_of=2021-12-31"),
        ("explore-two-days", "?by=category,year&as_of=2019-12-31&beside=2021-12-31&draw=infusions"),
        ("explore-rates", "?by=region&measures=patients,per_100_000"),
        ("explore-wrong", "?by=year&from=nonsense&sex=male"),
    ):
        page.goto(f"{site}{PLACES[language]}{query}")
        for summary in page.locator("summary").all():
            summary.click()
        look(page, f"{name}-{scheme}", language)
    assert all(url.startswith(site) for url in asked)
    assert page.context.cookies() == []


@pytest.mark.parametrize("language", WIDTH_OF)
def test_the_bars_say_their_values_at_the_pointer_and_the_focus(site, open_browser, language):
    page = open_browser(viewport={"width": 1280, "height": 900})
    page.goto(f"{site}{PLACES[language]}?by=centre,category&measures=infusions")
    chart, tip = page.locator(".chart:visible").first, page.locator(".tip")
    said = [bar.get_attribute("data-value") for bar in chart.locator("[data-value]").all()]
    rows = page.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
    )
    assert said == [f"{centre}, {category}: {number}" for centre, category, number in rows]
    chart.locator("[data-value]").nth(1).hover()
    assert tip.inner_text() == said[1]
    page.keyboard.press("Escape")
    assert tip.inner_text() == ""
    page.mouse.move(0, 0)
    tab_to(page, f".chart.{chart.get_attribute('class').split()[-1]}")
    assert tip.inner_text() == said[-1]
    for key, value in (("Home", said[0]), ("ArrowDown", said[1]), ("End", said[-1])):
        page.keyboard.press(key)
        assert tip.inner_text() == value
    page.keyboard.press("Tab")
    assert tip.inner_text() == ""
