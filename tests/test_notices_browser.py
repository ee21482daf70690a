"""A notice goes once it is answered, on every page of the form, in a real browser."""

import pytest

from registry.models import Infusion
from tests import factories
from tests.browsing import follow, sign_in
from tests.desk import MAN, SECOND_WOMAN, WOMAN

pytestmark = pytest.mark.browser


@pytest.fixture
def world(live_server, open_browser, committed_lists):
    """Opens a page of Uppsala's nurse. Stockholm knows a man and a woman, Uppsala her and a second woman."""
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    for who in (WOMAN, MAN):
        factories.record(committed_lists, who, centre="STO", infused_on="2021-05-05")
    factories.record(committed_lists, WOMAN, infused_on="2022-03-04", kind="reinfusion", by=nurse)
    factories.record(committed_lists, SECOND_WOMAN, infused_on="2020-05-14", by=nurse)

    def open_page(ending: str, width: int = 1280):
        page = open_browser(viewport={"width": width, "height": 900})
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/en/clinic/{ending}")
        return page

    return open_page


def fill(page, number: str, day: str, kind: str) -> None:
    page.fill("[name=patient_id]", number)
    page.check("[name=category][value=SOC]")
    page.select_option("[name=product]", "Kymriah")
    page.fill("[name=infused_on]", day)
    page.check(f"[name=kind][value={kind}]")
    page.wait_for_selector("#person .notice")
    page.wait_for_load_state("networkidle")


def gone(page, selector: str) -> None:
    page.wait_for_selector(selector, state="detached")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_offer_of_the_steward_goes_once_a_correction_states_another_kind(world, width):
    row = Infusion.objects.get(centre__code="UPP", infused_on="2022-03-04")
    page = world(f"infusions/{row.pk}/correct", width)
    page.check("[name=kind][value=first]")
    page.select_option("[name=why]", "better_source")
    follow(page, "main form .actions button:not([value])")
    assert page.locator("button[value=refer]").count() == 1
    page.check("[name=kind][value=further_dose]")
    for selector in ("button[value=refer]", "#refer .notice", "#errors", ".wrong", "p.error"):
        gone(page, selector)
    follow(page, "main form .actions button:not([value])")
    page.wait_for_selector("text=The infusion is corrected.")


@pytest.mark.parametrize("width", [390, 1280])
def test_another_person_answers_what_was_said_of_the_first(world, width):
    page = world("infusions/new", width)
    fill(page, MAN, "210505", "first")
    follow(page, "button[value=submit]")
    assert "another centre" in page.inner_text("#errors")
    page.fill("[name=patient_id]", factories.nth_number(3))
    page.press("[name=patient_id]", "Tab")
    page.wait_for_selector("#person >> text=New in the registry.")
    for selector in ("#errors", "button[value=refer]", ".wrong"):
        gone(page, selector)


def test_what_is_said_of_the_whole_goes_with_a_change_and_is_judged_anew(world):
    page = world("infusions/new")
    fill(page, SECOND_WOMAN, "14/5/2020", "further_dose")
    follow(page, "button[value=submit]")
    assert "is already registered" in page.inner_text("#errors")
    page.fill("[name=infused_on]", "25/5/2020")
    page.press("[name=infused_on]", "Tab")
    gone(page, "#errors")
    follow(page, "button[value=submit]")
    assert "is already registered" not in page.inner_text("main")


def test_what_is_improbable_goes_once_it_is_confirmed_or_changed(world):
    number = factories.nth_number(3)
    page = world("infusions/new")
    fill(page, number, "2016-05-14", "first")  # before the product's authorisation, on a Saturday
    follow(page, "button[value=submit]")
    assert "Some of it is improbable" in page.inner_text("#errors")
    page.check("[name=confirmed]")
    gone(page, "#errors")
    page.fill("[name=infused_on]", "2020-05-14")
    page.press("[name=infused_on]", "Tab")
    gone(page, "[name=confirmed]")
    follow(page, "button[value=submit]")
    page.wait_for_selector("text=The infusion is registered.")
    assert Infusion.objects.get(infused_on="2020-05-14", patient=factories.find_person(
        factories.read_identifier(number, centre="UPP"))).kind == "first"  # fmt: skip


def test_a_field_that_is_still_wrong_keeps_its_line(world):
    page = world("infusions/new")
    follow(page, "button[value=submit]")
    before = page.locator("#errors li").count()
    assert before > 2
    page.check("[name=category][value=SOC]")
    page.wait_for_load_state("networkidle")
    assert page.locator("#errors li").count() == before - 1
    assert page.locator(".wrong [name=product]").count() == 1
