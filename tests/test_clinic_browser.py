"""The clinic in a real browser: the keyboard alone, no JavaScript, a telephone, two at once, both languages."""

import re
from contextlib import contextmanager

import pytest
from django.contrib.sessions.models import Session

from registry.access import Operator
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.models import Infusion, Publication
from tests import factories, working
from tests.browsing import LANGUAGES, WIDTH_OF, assert_accessible, assert_in_sight, follow, look, sign_in, tab_to

pytestmark = pytest.mark.browser
NUMBER = factories.number()


@pytest.fixture
def nurse(committed_lists):
    """A reporter of Uppsala."""
    return factories.user("nurse", committed_lists.centres["UPP"])


def fill_infusion(page, **fields) -> None:
    """Fill the form of an infusion, and leave the last field so that what is typed is looked at."""
    typed = {"patient_id": NUMBER, "category": "SOC", "product": "Kymriah", "infused_on": "2020-05-05"} | fields
    for name, value in typed.items():
        field = page.locator(f"[name={name}]").first
        if field.evaluate("field => field.type") == "radio":
            page.check(f"[name={name}][value={value}]")
        elif field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.keyboard.press("Tab")


@contextmanager
def publishing():
    """A real worker, that publishes what is entered."""
    with working.worker():
        yield


def test_from_sign_in_to_the_map_with_the_keyboard_alone(live_server, open_browser, nurse):
    page = open_browser()
    keyboard = page.keyboard
    with publishing():
        page.goto(f"{live_server.url}/en/accounts/login/")
        tab_to(page, "[name=login]")
        keyboard.type("nurse")
        tab_to(page, "[name=password]")
        keyboard.type("not a secret")
        keyboard.press("Enter")
        page.wait_for_url(re.compile("/clinic/"))
        page.goto(f"{live_server.url}/en/clinic/")
        tab_to(page, "main a.button")
        keyboard.press("Enter")
        page.wait_for_url("**/infusions/new")
        tab_to(page, "[name=patient_id]")
        keyboard.type(NUMBER)
        keyboard.press("Tab")
        page.wait_for_selector("text=New in the registry.")
        tab_to(page, "[name=category]")
        keyboard.press("Space")
        tab_to(page, "[name=product]")
        keyboard.type("Kym")
        tab_to(page, "[name=infused_on]")
        keyboard.type("2020-05-05")
        keyboard.press("Tab")
        page.wait_for_selector("text=Counts as a new patient in SOC at UPP, and nationally.")
        tab_to(page, "button[value=submit]")
        keyboard.press("Enter")
        page.wait_for_url("**/persons/*/")
        working.wait_for(lambda: Publication.objects.get().snapshot_id, "a published snapshot")
        tab_to(page, 'header a[href="/en/"]')
        keyboard.press("Enter")
        page.wait_for_url(f"{live_server.url}/en/")
    assert page.locator(".figures .number").first.inner_text() == "1"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_what_is_wrong_improbable_or_open_is_said_before_it_is_stored(live_server, open_browser, nurse, scripts):
    page = open_browser(java_script_enabled=scripts)
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    fields = {"patient_id": NUMBER, "infused_on": "2020-05-02"}
    for name, value in fields.items():
        page.fill(f"[name={name}]", value)
    follow(page, "button[value=submit]")
    assert page.locator(".errors li").count() == 2  # category and product
    assert page.input_value("[name=patient_id]") == NUMBER
    page.check("[name=category][value=SOC]")
    page.select_option("[name=product]", "Kymriah")
    page.click("button[value=submit]")
    page.wait_for_selector("text=The date was a weekend day")
    assert not Infusion.objects.exists()
    page.check("[name=confirmed]")
    page.click("button[value=submit]")
    page.wait_for_url("**/persons/*/")
    follow(page, "text=New infusion for this person")
    page.check("[name=category][value=SOC]")
    page.select_option("[name=product]", "Kymriah")
    page.fill("[name=infused_on]", "2020-05-12")
    page.fill("[name=age_at_infusion]", "50")
    page.click("button[value=check]")
    page.wait_for_selector("text=Counts as a further dose")
    assert page.is_checked("[name=kind][value=further_dose]")
    page.click("button[value=submit]")
    page.wait_for_selector("text=The infusion is registered.")
    assert Infusion.objects.counted().count() == 2


@contextmanager
def held(page, selector: str):
    """Press something with the mouse; at the end let it go in the same place, which must be the same thing."""
    place = page.locator(selector)
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    with page.expect_response("**/infusions/new/person"):
        page.mouse.down()
    page.wait_for_timeout(120)
    yield
    assert place.bounding_box() == box
    page.mouse.up()


@pytest.mark.parametrize("width", WIDTH_OF.values())
def test_a_press_is_never_lost_because_the_form_moves(live_server, open_browser, nurse, width):
    page = open_browser(viewport={"width": width, "height": 900})
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    page.fill("[name=patient_id]", NUMBER)
    with held(page, "[name=category][value=SOC]"):
        assert page.locator("text=New in the registry.").count() == 0
    page.wait_for_selector("text=New in the registry.")
    assert page.is_checked("[name=category][value=SOC]")
    page.select_option("[name=product]", "Kymriah")
    page.fill("[name=infused_on]", "2020-05-05")
    with held(page, "button[value=submit]"):
        assert page.locator("text=Counts as a new patient").count() == 0
    page.wait_for_selector("text=The infusion is registered.")
    assert Infusion.objects.exists()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_session_that_ends_loses_nothing_that_is_typed(live_server, open_browser, nurse, scripts):
    page = open_browser(viewport={"width": 390, "height": 844}, java_script_enabled=scripts)
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/clinic/infusions/new")
    Session.objects.all().delete()
    fill_infusion(page)
    if scripts:
        page.wait_for_selector("text=Du är utloggad.")
        assert page.locator("h1").inner_text() == "Ny infusion"
        look(page, "clinic-signed-out", "sv")
    page.click("button[value=submit]")
    page.wait_for_selector("h1 >> text=Du är utloggad")
    if scripts:
        look(page, "clinic-again", "sv")
    tab = page.context.new_page()  # as the link does
    tab.goto(live_server.url + page.get_attribute("main a[target=_blank]", "href"))
    tab.fill("[name=login]", "nurse")
    tab.fill("[name=password]", "not a secret")
    follow(tab, "main button")
    page.click("text=Skicka igen")
    if not scripts:  # the form has the token of before
        page.wait_for_selector("h1 >> text=Formuläret är inaktuellt")
        page.click("text=Skicka igen")
    page.wait_for_selector("text=Infusionen är registrerad.")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_correct_and_withdraw(live_server, open_browser, nurse, committed_lists, scripts):
    infusion = factories.record(committed_lists)
    page = open_browser(java_script_enabled=scripts)
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/persons/{infusion.patient.registry_number}/")
    follow(page, "main >> text=Correct")
    page.fill("[name=batch]", "Å1")
    page.select_option("[name=why]", "typing_error")
    page.click("text=Store the correction")
    page.wait_for_selector("text=The infusion is corrected.")
    follow(page, "main >> text=Withdraw")
    follow(page, "main form button")
    assert page.locator(".errors").count() == 1  # no reason yet
    page.select_option("[name=why]", "recorded_twice")
    page.click("main form button")
    page.wait_for_selector("text=The infusion is withdrawn.")
    infusion.refresh_from_db()
    assert (infusion.batch, infusion.status) == ("Å1", "withdrawn")


def test_a_lost_race_is_shown_side_by_side(live_server, open_browser, nurse, committed_lists):
    infusion = factories.record(committed_lists)
    page = open_browser()
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/infusions/{infusion.pk}/correct")
    page.fill("[name=batch]", "ours")
    page.select_option("[name=why]", "typing_error")
    correct_infusion(infusion_id=infusion.pk, changes={"batch": "theirs"}, by=Operator(), reason="x")
    page.click("text=Store the correction")
    page.wait_for_selector("text=Side by side")
    assert page.locator("table tbody tr").inner_text().split() == ["Batch", "theirs", "ours"]
    assert_accessible(page)
    page.click("text=Store the correction")
    page.wait_for_selector("text=The infusion is corrected.")
    infusion.refresh_from_db()
    assert infusion.batch == "ours"


def test_a_draft_goes_on_where_it_was_left(live_server, open_browser, nurse):
    page = open_browser()
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    fill_infusion(page)
    page.click("button[value=draft]")
    page.wait_for_selector("text=The draft is saved")
    assert_accessible(page)
    follow(page, "main >> text=Kymriah")
    assert page.input_value("[name=patient_id]") == ""
    assert page.input_value("[name=infused_on]") == "2020-05-05"


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_have_no_violation_and_fit_a_telephone(live_server, open_browser, nurse, committed_lists, language):
    infusion = factories.record(committed_lists)
    withdrawn = factories.record(committed_lists, infused_on="2021-05-05", kind="reinfusion")
    withdraw_infusion(infusion_id=withdrawn.pk, by=Operator(), reason="x")
    number = infusion.patient.registry_number
    pages = [
        "", "infusions/new", "infusions/", f"persons/{number}/", f"persons/{number}/new",
        f"infusions/{infusion.pk}/correct", f"infusions/{infusion.pk}/withdraw",
    ]  # fmt: skip
    width = WIDTH_OF[language]
    page = open_browser(viewport={"width": width, "height": 900}, color_scheme="dark" if width > 390 else "light")
    sign_in(page, live_server.url)
    for ending in pages:
        answer = page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/{ending}")
        assert answer.status == 200
        look(page, f"clinic-{ending.replace('/', '-').replace(str(infusion.pk), 'x')}", language)
        if ending == "infusions/":
            assert_in_sight(page, "tbody .state")
    page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/infusions/new")
    page.click("button[value=submit]")
    page.wait_for_selector(".errors")
    look(page, "clinic-errors", language)


def test_who_has_looked_up_too_many_is_told_while_typing_and_loses_nothing(
    live_server, open_browser, nurse, settings
):
    settings.LOOKUPS_PER_HOUR = 1
    page = open_browser()
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    fill_infusion(page)
    page.wait_for_selector("text=New in the registry.")
    other = factories.nth_number(7)
    page.fill("[name=patient_id]", other)
    page.keyboard.press("Tab")
    page.wait_for_selector("text=Try again in 60 minutes.")
    assert page.locator("text=New in the registry.").count() == 0
    page.click("button[value=submit]")
    page.wait_for_selector(".errors >> text=Try again in 60 minutes.")
    assert page.input_value("[name=patient_id]") == other
    assert page.input_value("[name=infused_on]") == "2020-05-05"
    assert not Infusion.objects.exists()
