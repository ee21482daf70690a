"""The way to the registry's steward and back in a real browser: by keyboard, accessible, on a telephone."""

from io import BytesIO

import pytest

from registry.entry.importing import job as import_job
from registry.entry.importing.job import receive_file, run_import
from registry.entry.questions.questions import ask_steward
from registry.models import Referral, User
from registry.publishing.publish import publish
from tests import factories
from tests.browsing import LANGUAGES, WIDTH_OF, look, sign_in, tab_to
from tests.desk import MAN, SECOND_WOMAN, WOMAN
from tests.test_import import ROW, as_csv

pytestmark = pytest.mark.browser


@pytest.fixture
def world(committed_lists):
    """Three persons whom Stockholm knows, one of them at Uppsala too; a nurse and a steward."""
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    factories.user("steward", national_role="steward")
    for who in (WOMAN, MAN, SECOND_WOMAN):
        factories.record(committed_lists, who, centre="STO", infused_on="2021-05-05", product="Yescarta")
    ours = factories.record(committed_lists, WOMAN, infused_on="2022-03-04", kind="reinfusion", by=nurse)
    ask_steward(centre=committed_lists.centres["UPP"], text="May a batch be left empty?", by=nurse)
    publish()
    return ours


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_infusion_goes_to_the_steward_and_back_by_keyboard_alone(live_server, open_browser, world, language):
    clinic = f"{live_server.url}{LANGUAGES[language]}/clinic"
    viewport = {"width": WIDTH_OF[language], "height": 844}
    nurse, steward = open_browser(viewport=viewport), open_browser(viewport=viewport)
    sign_in(nurse, live_server.url, "nurse")
    sign_in(steward, live_server.url, "steward")
    # The clinic is refused, and sends it.
    nurse.goto(f"{clinic}/infusions/new")
    nurse.keyboard.type(MAN)
    nurse.keyboard.press("Tab")
    nurse.wait_for_selector("#person .notice")
    for selector, keys in (
        ("[name=category]", ["Space"]), ("[name=product]", ["K", "y"]), ("[name=indication]", ["C"]),
        ("[name=infused_on]", [*"200304"]), ("[name=kind]", ["Space"]),
    ):  # fmt: skip
        tab_to(nurse, selector)
        for key in keys:
            nurse.keyboard.press(key)
    nurse.wait_for_selector("button[value=refer]")
    look(nurse, "refer-offered", language)
    tab_to(nurse, "[name=message]")
    nurse.keyboard.type("Our journal says March 2020.")
    press(nurse, "button[value=refer]")
    look(nurse, "referral-of-clinic", language)
    nurse.goto(f"{clinic}/referrals/")
    look(nurse, "referrals-of-clinic", language)
    # The steward looks at what it does to the numbers, and settles it.
    referral = Referral.objects.get()
    steward.goto(f"{clinic}/desk/")
    look(steward, "desk-with-referral", language)
    press(steward, f"a[href$='/referrals/{referral.pk}/']")
    look(steward, "referral-of-steward", language)
    press(steward, "a[href$='/settle']")
    look(steward, "settle", language)
    for select, keys in (
        ("#row-sent", ["Home", "ArrowDown"]),
        ("table select:not(#row-sent)", ["End", "ArrowUp"]),
    ):
        tab_to(steward, select)
        for key in keys:
            steward.keyboard.press(key)
    press(steward, "button[value=check]")
    look(steward, "settle-shown", language)
    tab_to(steward, "[name=text]")
    steward.keyboard.type("Yours was the first.")
    press(steward, "button[value=settle]")
    look(steward, "referral-released", language)
    # The clinic reads what became of it, and closes.
    nurse.goto(f"{clinic}/questions/")
    look(nurse, "questions-of-clinic", language)
    assert "Yours was the first." in nurse.inner_text("main")
    press(nurse, f"#question-{referral.question.pk} form[action$='/close'] button")
    referral.question.refresh_from_db()
    assert referral.question.closed_by == "nurse"
    kinds = [one.kind for one in Referral.objects.get().patient.infusions.in_order()]
    assert kinds == ["first", "reinfusion"]
    steward.goto(f"{clinic}/questions/")
    look(steward, "questions-of-steward", language)
    nurse.goto(f"{clinic}/questions/ask")
    look(nurse, "ask-steward", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refused_row_and_a_refused_correction_are_sent(live_server, open_browser, world, language, monkeypatch):
    monkeypatch.setattr(import_job, "send", lambda *message: None)
    rows = [ROW | {"patient_id": who, "infused_on": "2020-03-04", "kind": "first"} for who in (MAN, SECOND_WOMAN)]
    job = receive_file(file=BytesIO(as_csv(rows)), by=User.objects.get(username="nurse"))
    run_import(job.pk, language=language)
    page = open_browser(viewport={"width": WIDTH_OF[language], "height": 844})
    sign_in(page, live_server.url, "nurse")
    clinic = f"{live_server.url}{LANGUAGES[language]}/clinic"
    page.goto(f"{clinic}/imports/{job.pk}/")
    look(page, "import-to-send", language)
    press(page, "td form button")
    look(page, "import-one-sent", language)
    press(page, "section form button")
    look(page, "import-all-sent", language)
    assert Referral.objects.count() == 2
    page.goto(f"{clinic}/infusions/{world.pk}/correct")
    page.check("[name=kind][value=first]")
    page.select_option("[name=why]", "better_source")
    press(page, "main form .actions button:not([value])")
    look(page, "correct-refused", language)
    press(page, "button[value=refer]")
    look(page, "correct-sent", language)
    assert world.questions.filter(asks="clinic").count() == 1


def press(page, selector: str) -> None:
    """Go there by Tab, press Enter, and wait for the next page."""
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")
