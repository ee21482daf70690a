"""The start page in a browser: at two widths and in both languages, by keyboard, from each line to its page."""

import re
from datetime import timedelta

import pytest
from axes.models import AccessLog as SignIn
from django.utils import timezone
from playwright.sync_api import expect

from registry.entry.coverage import due_through
from registry.entry.questions.questions import answer, ask, ask_steward
from registry.models import Coverage, Draft, ImportJob
from registry.publishing.publish import publish
from tests import factories
from tests.browsing import LANGUAGES, WIDTH_OF, look, sign_in, tab_to

pytestmark = pytest.mark.browser
KINDS = ("asked", "doubts", "due", "jobs", "drafts", "changes")


@pytest.fixture
def lists(committed_lists):
    """A lead of Uppsala, whom everything waits for; a nurse there, whom nothing does."""
    uppsala = committed_lists.centres["UPP"]
    lead = factories.user("lead", uppsala, role="lead")
    colleague = factories.user("colleague", uppsala)
    steward = factories.user("steward", national_role="steward")
    factories.user("idle", committed_lists.centres["FAL"])
    SignIn.objects.create(username="lead", ip_address="192.0.2.1", path_info="/")
    SignIn.objects.update(attempt_time=timezone.now() - timedelta(days=1))
    asked = factories.record(committed_lists, factories.nth_number(1), by=colleague)
    factories.record(committed_lists, factories.nth_number(2), infused_on="2021-05-02", by=colleague)
    factories.record(committed_lists, factories.nth_number(3), infused_on="2022-05-05", centre="STO")
    ask(infusion_id=asked.pk, text="Is the product right?", by=steward)
    question = ask_steward(centre=uppsala, text="May we register a further dose late?", by=lead)
    answer(question_id=question.pk, text="Yes.", by=steward)
    ImportJob.objects.create(uploaded_by=lead, state="checked", stored=2, read=2, finished_at=timezone.now())
    Draft.objects.create(centre=uppsala, saved_by=lead, fields={"product": "Kymriah", "infused_on": "2026-11-02"})
    publish()
    return committed_lists


def open_start(world, name: str, language: str, width: int, **options):
    live_server, open_browser = world
    page = open_browser(viewport={"width": width, "height": 900}, **options)
    sign_in(page, live_server.url, name)
    page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/")
    return page


@pytest.fixture
def world(live_server, open_browser, lists):
    return live_server, open_browser


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_waits_is_there_beside_the_numbers_and_axe_finds_nothing(world, language):
    for width in (390, 1280):
        page = open_start(world, "lead", language, width)
        for kind in KINDS:
            assert page.locator(f"#{kind} li").count() >= 1, kind
        work = page.locator("#asked").bounding_box()
        chart = page.locator(".chart.small").first.bounding_box()
        if width == 1280:
            assert chart["x"] > work["x"] + work["width"], "beside the list"
            assert chart["x"] + chart["width"] > 1280 * 2 / 3, "in the right third"
        else:
            assert chart["y"] > work["y"] and chart["x"] == work["x"], "below it"
        look(page, "start-lead", language)
    page = open_start(world, "idle", language, WIDTH_OF[language])
    expect(page.locator(".notice.good")).to_have_text(
        {"sv": "Inget väntar på dig.", "en": "Nothing is waiting for you."}[language]
    )
    look(page, "start-idle", language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_each_line_is_followed_and_the_work_done_by_keyboard_until_nothing_waits(world, lists, language, scripts):
    page = open_start(world, "lead", language, WIDTH_OF[language], java_script_enabled=scripts)
    home = page.url

    def press(selector: str) -> None:
        tab_to(page, selector)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    def back(*kinds: str) -> None:
        page.goto(home)
        assert [kind for kind in KINDS if page.locator(f"#{kind}").count()] == list(kinds)

    press("#asked li:last-child a")
    thread = re.search(r"#(question-\d+)", page.url)[1]
    tab_to(page, f"#{thread} textarea")
    page.keyboard.type("Yes, it is.")
    press(f"#{thread} form:has(textarea) button")
    page.goto(home)
    press("#asked a")
    page.goto(home)
    press("#doubts a")
    assert page.locator(f"#{re.search(r'#(question-[0-9]+)', page.url)[1]}").count() == 1
    page.goto(home)
    press("#due a")
    tab_to(page, "[name=complete_through]")
    page.keyboard.type(f"{due_through(timezone.localdate()):%Y-%m-%d}")
    page.keyboard.press("Enter")
    page.wait_for_selector(".messages .success")
    assert Coverage.objects.get().centre.code == "UPP"
    page.goto(home)
    press("#jobs a")
    assert "/imports/" in page.url
    page.goto(home)
    press("#drafts a")
    assert "/drafts/" in page.url
    page.goto(home)
    press("#changes li a")
    assert "#infusion-" in page.url and page.locator(page.url[page.url.index("#") :]).count() == 1
    page.goto(home)
    press("#changes button")
    Draft.objects.all().delete()
    back("asked", "doubts", "jobs")
