"""The warning before a session ends, in a real browser: seen, heard, pressed, and nothing typed is lost."""

import re
import time

import pytest
from playwright.sync_api import expect

from registry.pages.accounts import session_limits
from tests import factories
from tests.browsing import LANGUAGES, WIDTH_OF, look, sign_in

pytestmark = pytest.mark.browser
WORDS = {
    "sv": ("Du loggas ut om två minuter.", "Fortsätt vara inloggad", "Du är utloggad."),
    "en": ("You will be signed out in two minutes.", "Stay signed in", "You are signed out."),
}


@pytest.fixture
def nurse(committed_lists):
    return factories.user("nurse", committed_lists.centres["UPP"])


@pytest.fixture
def pass_time(monkeypatch):
    """Let both clocks go on, the server's and the page's."""
    past = [0]
    monkeypatch.setattr(session_limits, "clock", lambda: time.time() + past[0])

    def passed(page, minutes: int) -> None:
        past[0] += 60 * minutes
        page.clock.fast_forward(1000 * 60 * minutes)

    return passed


def open_form(browser_page, live_server, language: str):
    sign_in(browser_page, live_server.url)
    browser_page.clock.install()
    browser_page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/infusions/new")
    browser_page.fill("[name=patient_id]", "1970-å-7")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_warns_and_one_press_goes_on_where_one_was(live_server, open_browser, nurse, pass_time, language):
    page = open_browser(viewport={"width": WIDTH_OF[language], "height": 900})
    open_form(page, live_server, language)
    warning, words = page.locator("#session-warning"), WORDS[language]
    pass_time(page, 27)
    expect(warning).to_be_hidden()
    pass_time(page, 2)
    expect(warning).to_contain_text(words[0])
    expect(warning.get_by_role("button", name=words[1])).to_be_focused()
    look(page, "session-warning", language)
    page.keyboard.press("Enter")
    expect(warning).to_be_hidden()
    expect(page.locator("[name=patient_id]")).to_be_focused()
    pass_time(page, 27)
    expect(warning).to_be_hidden()
    assert page.input_value("[name=patient_id]") == "1970-å-7"


def test_the_focus_comes_back_to_a_field_that_was_drawn_anew_meanwhile(
    live_server, open_browser, nurse, pass_time
):
    page = open_browser()
    open_form(page, live_server, "en")
    pass_time(page, 29)
    expect(page.locator("#session-warning")).to_contain_text(WORDS["en"][0])
    page.evaluate(
        "field => field.replaceWith(field.cloneNode())", page.locator("[name=patient_id]").element_handle()
    )
    page.keyboard.press("Enter")
    expect(page.locator("[name=patient_id]")).to_be_focused()


def test_another_tab_that_is_used_keeps_the_warning_away(live_server, open_browser, nurse, pass_time):
    page = open_browser()
    open_form(page, live_server, "en")
    other = page.context.new_page()
    pass_time(page, 20)
    other.goto(f"{live_server.url}/en/clinic/")
    pass_time(page, 9)
    page.wait_for_timeout(300)
    expect(page.locator("#session-warning")).to_be_hidden()
    pass_time(page, 20)
    expect(page.locator("#session-warning")).to_contain_text(WORDS["en"][0])


def test_after_the_end_it_says_so_and_what_was_typed_is_sent_again(live_server, open_browser, nurse, pass_time):
    page = open_browser()
    open_form(page, live_server, "en")
    pass_time(page, 29)
    warning = page.locator("#session-warning")
    expect(warning).to_contain_text(WORDS["en"][0])
    pass_time(page, 2)
    expect(warning.get_by_text(WORDS["en"][2])).to_be_visible()
    expect(warning.get_by_role("button")).to_be_hidden()
    look(page, "session-ended", "en")
    assert page.input_value("[name=patient_id]") == "1970-å-7"
    page.locator("form.entry").evaluate("form => form.submit()")
    page.wait_for_url(re.compile("infusions/new"))
    expect(page.locator("[name=patient_id]")).to_have_value("1970-å-7")


def test_the_admin_warns_too(live_server, open_browser, committed_lists, pass_time):
    office = factories.user("office", national_role="administrator")
    office.is_staff = True
    office.save()
    page = open_browser()
    sign_in(page, live_server.url, "office")
    page.clock.install()
    page.goto(f"{live_server.url}/admin/registry/centre/")
    pass_time(page, 29)
    expect(page.get_by_role("alertdialog")).to_contain_text(WORDS["sv"][0])
    page.keyboard.press("Enter")
    expect(page.locator("#session-warning")).to_be_hidden()
