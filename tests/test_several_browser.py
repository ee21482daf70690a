"""Several infusions corrected at once in a browser: by the keyboard alone, on a telephone, without scripts."""

import pytest
from playwright.sync_api import expect

from registry.models import Infusion
from registry.publishing.publish import publish
from tests import factories
from tests.browsing import LANGUAGES, WIDTH_OF, follow, look, sign_in, tab_to

pytestmark = pytest.mark.browser
STORE = {"sv": "Spara rättelsen av 2 infusioner", "en": "Store the correction of 2 infusions"}
DONE = {"sv": "2 infusioner är rättade.", "en": "2 infusions are corrected."}


@pytest.fixture
def rows(committed_lists):
    """Three infusions of Uppsala, and its reporter."""
    factories.user("nurse", committed_lists.centres["UPP"])
    for place in range(3):
        factories.record(committed_lists, factories.nth_number(place), infused_on=f"2020-05-0{place + 4}")
    publish()


def products() -> list[str]:
    return [str(one.product) for one in Infusion.objects.select_related("product").order_by("infused_on")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_by_the_keyboard_alone(live_server, open_browser, rows, language):
    page = open_browser(viewport={"width": WIDTH_OF[language], "height": 900})
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/infusions/")
    look(page, "several-list", language)
    tab_to(page, "#choose-all input")
    page.keyboard.press("Space")
    assert page.locator("[name=row]:checked").count() == 3
    page.keyboard.press("Space")
    for _row in range(2):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") != "row":
            tab_to(page, "[name=row]:not(:checked)")
        page.keyboard.press("Space")
    assert page.locator("[name=row]:checked").count() == 2
    assert page.evaluate("document.querySelector('#choose-all input').indeterminate")
    tab_to(page, "p.actions button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_selector("[name=category]:focus")
    look(page, "several", language)
    tab_to(page, "[name=product]")
    page.keyboard.type("Yes")
    tab_to(page, "[name=why]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "button[value=preview]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_selector("#effect:focus")
    look(page, "several-effect", language)
    expect(page.locator("button[value=store]")).to_have_text(STORE[language])
    assert page.locator("td.changed", has_text="Kymriah → Yescarta").count() == 2
    tab_to(page, "button[value=store]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_selector(f"text={DONE[language]}")
    assert products() == ["Kymriah", "Yescarta", "Yescarta"]


@pytest.mark.parametrize("width", [390, 1280])
def test_without_scripts(live_server, open_browser, rows, width):
    page = open_browser(viewport={"width": width, "height": 900}, java_script_enabled=False)
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/infusions/?category=SOC&sort=date")
    for place in (1, 2):
        page.locator("[name=row]").nth(place).check()
    follow(page, "p.actions button")
    page.select_option("[name=product]", "Yescarta")
    follow(page, "button[value=preview]")
    assert page.locator(".errors li").all_inner_texts() == ["Reason: This field is required."]
    page.select_option("[name=why]", "typing_error")
    follow(page, "button[value=preview]")
    follow(page, "button[value=store]")
    assert page.url.endswith("/en/clinic/infusions/?category=SOC&sort=date")
    assert page.locator(f"text={DONE['en']}").count() == 1
    assert products() == ["Kymriah", "Yescarta", "Yescarta"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_has_the_focus_and_names_the_rows(live_server, open_browser, rows, language):
    page = open_browser(viewport={"width": WIDTH_OF[language], "height": 900})
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/infusions/")
    follow(page, "button[value=all]")
    page.select_option("[name=category]", "ACT")
    page.select_option("[name=why]", "typing_error")
    follow(page, "button[value=preview]")
    page.wait_for_selector("#errors:focus")
    assert page.locator("#errors li").count() == 3
    look(page, "several-refused", language)
