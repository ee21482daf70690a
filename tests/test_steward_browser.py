"""The steward's start page and what it leads to in a browser: two widths, both languages, by keyboard alone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from registry.access import Operator
from registry.choices import Outcome
from registry.entry.coverage import due_through, state_coverage
from registry.entry.questions.questions import ask, ask_steward
from registry.models import Infusion, KeptApart, Lookup, Question, Run
from registry.publishing.publish import publish
from tests import factories
from tests.browsing import EXAMINED, LANGUAGES, WIDTH_OF, look, sign_in, tab_to
from tests.desk import COORDINATION, WOMAN

pytestmark = pytest.mark.browser
KINDS = (
    "threads", "unsettled", "doubted", "doubles", "behind", "runs", "askers", "release-due", "awaited",
)  # fmt: skip
NOTHING = {"sv": "Inget väntar på dig.", "en": "Nothing is waiting for you."}


@pytest.fixture
def lists(committed_lists, settings):
    """Everything waits for the steward but what a clinic has sent (test_referral_browser.py)."""
    centres = committed_lists.centres
    nurse = factories.user("nurse", centres["UPP"])
    steward = factories.user("steward", national_role="steward")
    factories.record(committed_lists, COORDINATION)
    mine = factories.record(committed_lists, WOMAN, infused_on="2020-05-06", centre="STO")
    factories.record(committed_lists, factories.nth_number(2), infused_on="2021-05-02")
    person = factories.nth_number(4)
    factories.record(committed_lists, person, infused_on="2021-05-05", centre="STO", product="Yescarta")
    late = factories.record(
        committed_lists, person, infused_on="2022-05-04", kind="reinfusion", product="Yescarta"
    )
    Infusion.objects.filter(pk=late.pk).update(infused_on="2020-05-04")
    ask(infusion_id=mine.pk, text="Is the product right?", by=steward)
    ask_steward(centre=centres["UPP"], text="May we register a further dose late?", by=nurse)
    for centre in centres.values():
        if centre.status == "active":
            through = due_through(timezone.localdate())
            late_by = timedelta(days=1 if centre.code == "UPP" else 0)
            state_coverage(centre=centre, complete_through=through - late_by, by=Operator())
    now = timezone.now()
    times = {"queued_at": now, "started_at": now, "heartbeat_at": now, "finished_at": now}
    Run.objects.create(task="registry.verify_snapshot", outcome=Outcome.PROOF_FAILED, **times)
    Lookup.objects.bulk_create(Lookup(user=nurse) for _place in range(settings.LOOKUPS_PER_HOUR))
    publish()
    return committed_lists


def open_start(live_server, open_browser, language: str, width: int, **options):
    page = open_browser(viewport={"width": width, "height": 900}, **options)
    sign_in(page, live_server.url, "steward")
    page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/")
    return page


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kind_is_there_and_each_page_it_leads_to_is_accessible(live_server, open_browser, lists, language):
    for width in (390, 1280):
        page = open_start(live_server, open_browser, language, width)
        home = page.url
        look(page, "steward-start", language, examine=width == WIDTH_OF[EXAMINED])
        for kind in KINDS:
            page.goto(home)
            tab_to(page, f"#{kind} a")
            with page.expect_navigation():
                page.keyboard.press("Enter")
            assert page.locator("h1").count() == 1, kind
            look(page, f"steward-{kind}", language, examine=width == WIDTH_OF[EXAMINED])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_work_is_done_by_keyboard_and_its_line_leaves(live_server, open_browser, lists, language, scripts):
    page = open_start(live_server, open_browser, language, WIDTH_OF[language], java_script_enabled=scripts)
    home = page.url

    def press(selector: str) -> None:
        tab_to(page, selector)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    press("#threads a")
    thread = f"#{page.url.partition('#')[2]}"
    tab_to(page, f"{thread} textarea")
    page.keyboard.type("Yes, you may.")
    press(f"{thread} form:has(textarea) button")
    page.goto(home)
    assert page.locator("#threads").count() == 0

    press("#doubles a")
    press("tbody a")
    if scripts:  # axe is one
        look(page, "steward-pair", language)
    tab_to(page, "[name=apart-text]")
    page.keyboard.type("Two sisters.")
    press("button[name=do][value=keep]")
    expect(page.locator(".messages .success")).to_be_visible()
    assert KeptApart.objects.get().reason == "Two sisters."
    press("a[href$='/kept-apart/']")
    if scripts:
        look(page, "steward-kept-apart", language)
    press("main li a")
    tab_to(page, "[name=apart-text]")
    page.keyboard.type("One after all.")
    press("button[name=do][value=end]")
    assert KeptApart.objects.get().ended_reason == "One after all."
    page.goto(home)
    assert page.locator("#doubles").count() == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_row_is_corrected_for_its_clinic_by_keyboard(live_server, open_browser, lists, language):
    row = Infusion.objects.get(infused_on="2021-05-02")
    page = open_start(live_server, open_browser, language, WIDTH_OF[language])
    page.goto(f"{page.url}persons/{row.patient.registry_number}/")
    look(page, "steward-person", language)
    tab_to(page, "a[href$='/correct-for']")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    look(page, "steward-correct-for", language)
    tab_to(page, "[name=batch]")
    page.keyboard.type("B-77")
    tab_to(page, "[name=why]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    tab_to(page, "form.entry .actions button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".messages .success")).to_be_visible()
    row.refresh_from_db()
    assert row.batch == "B-77"
    assert Question.objects.filter(infusion=row, rule="", asks="steward").count() == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_release_is_previewed_by_keyboard(live_server, open_browser, lists, language):
    for width in (390, 1280):
        page = open_start(live_server, open_browser, language, width)
        for selector in ("#release-due a", "button[name=do][value=preview]"):
            tab_to(page, selector)
            with page.expect_navigation():
                page.keyboard.press("Enter")
        assert page.locator("#preview").count() == 1
        look(page, "steward-preview", language, examine=width == WIDTH_OF[EXAMINED])
