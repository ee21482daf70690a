"""A form is saved while it is typed, in a real browser: a window that is closed loses nothing but the number."""

import pytest

from registry.models import Draft, Infusion
from tests import factories
from tests.browsing import LANGUAGES, WIDTH_OF, look, sign_in, tab_to

pytestmark = pytest.mark.browser
NUMBER = factories.number()
SAVED = {"sv": "utan personnumret", "en": "without the identity number"}


@pytest.fixture
def nurse(committed_lists):
    return factories.user("nurse", committed_lists.centres["UPP"])


def open_window(open_browser, live_server, **options):
    """Of the signed-in nurse; its clock can be moved on, so that nobody waits until what is typed is saved."""
    page = open_browser(**options)
    page.clock.install()
    sign_in(page, live_server.url)
    return page


def let_pass(page) -> None:
    """The five seconds after which what is typed is saved, and a moment for the answer."""
    page.clock.run_for(6000)
    page.wait_for_timeout(500)


def type_half(page) -> None:
    """By the keyboard alone: number, category, product, half a date."""
    page.wait_for_selector("[name=patient_id]:focus")
    page.keyboard.type(NUMBER)
    tab_to(page, "[name=category]")
    page.keyboard.press("Space")
    tab_to(page, "[name=product]")
    page.keyboard.type("Kym")
    tab_to(page, "[name=infused_on]")
    page.keyboard.type("2020-0")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_window_that_closes_loses_nothing_but_the_number(live_server, open_browser, nurse, language):
    home = f"{live_server.url}{LANGUAGES[language]}/clinic/"
    size = {"width": WIDTH_OF[language], "height": 900}
    page = open_window(open_browser, live_server, viewport=size)
    sent = []
    page.on(
        "request", lambda request: sent.append(request.post_data) if request.url.endswith("/autosave") else None
    )
    page.goto(f"{home}infusions/new")
    let_pass(page)
    assert sent == [], "nothing is typed yet"
    type_half(page)
    let_pass(page)
    page.wait_for_selector(f"#autosaved >> text={SAVED[language]}")
    look(page, "autosaved", language)
    assert len(sent) >= 1 and not any(NUMBER in data or "patient_id" in data for data in sent)
    assert page.evaluate("document.activeElement.name") == "infused_on", "whoever types is not disturbed"
    page.context.close()
    page = open_window(open_browser, live_server, viewport=size)
    page.goto(home)
    look(page, "autosaved-start", language)
    tab_to(page, "#drafts a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/drafts/*/")
    assert page.input_value("[name=product]") == "Kymriah" and page.input_value("[name=infused_on]") == "2020-0"
    assert page.input_value("[name=patient_id]") == ""
    page.fill("[name=patient_id]", NUMBER)
    page.fill("[name=infused_on]", "2020-05-05")
    tab_to(page, "button[value=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/persons/*/")
    let_pass(page)
    assert Infusion.objects.count() == 1 and not Draft.objects.exists()


def test_a_page_that_is_left_is_saved_at_once_and_deleted_from_its_own_button(live_server, open_browser, nurse):
    page = open_window(open_browser, live_server)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    type_half(page)
    page.goto(f"{live_server.url}/en/clinic/")
    page.wait_for_timeout(500)
    page.reload()
    page.click("#drafts a")
    page.wait_for_url("**/drafts/*/")
    page.keyboard.press("End")
    page.fill("[name=batch]", "B-1") if page.is_visible("[name=batch]") else page.fill(
        "[name=infused_on]", "2020-"
    )
    let_pass(page)
    page.wait_for_selector("#autosaved button")
    with page.expect_navigation():
        page.click("#autosaved button")
    let_pass(page)
    assert not Draft.objects.exists() and page.url.endswith("/en/clinic/")


def test_what_comes_back_with_an_error_is_saved_too(live_server, open_browser, nurse):
    page = open_window(open_browser, live_server)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    type_half(page)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_selector("#errors:focus")
    let_pass(page)
    page.wait_for_selector(f"#autosaved >> text={SAVED['en']}")
    assert Draft.objects.count() == 1


def test_when_the_session_has_ended_the_page_goes_on_and_saves_again_after_the_sign_in(
    live_server, open_browser, nurse
):
    page = open_window(open_browser, live_server)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    page.context.clear_cookies()
    type_half(page)
    let_pass(page)
    assert not Draft.objects.exists() and page.input_value("[name=infused_on]") == "2020-0"
    sign_in(page, live_server.url)
    other = page.context.new_page()
    other.goto(f"{live_server.url}/en/clinic/")
    other.close()
    page.keyboard.type("5")
    page.keyboard.press("Tab")
    let_pass(page)
    page.wait_for_selector(f"#autosaved >> text={SAVED['en']}")
    assert Draft.objects.count() == 1
