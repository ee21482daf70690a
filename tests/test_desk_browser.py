"""The steward's and the auditor's pages in a real browser: accessible, on a telephone, in both languages."""

import pytest

from registry.access import Operator
from registry.entry.questions.questions import ask
from registry.models import Patient, Question
from registry.publishing.publish import publish
from tests import factories
from tests.browsing import LANGUAGES, WIDTH_OF, assert_in_sight, follow, look, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def double(committed_lists):
    """One person recorded twice, with a question; a steward, a reporter and an auditor."""
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    for name in ("steward", "auditor"):
        factories.user(name, national_role=name)
    coordination = factories.number(birth_number=982, coordination=True)
    infusion = factories.record(committed_lists, coordination, by=nurse)
    other = factories.record(committed_lists, infused_on="2020-05-25", centre="STO", by=Operator())
    ask(infusion_id=infusion.pk, text="Is the date right?", by=Operator())
    publish()
    return infusion, other


@pytest.fixture
def signed_in(open_browser):
    """Windows of the browser, each signed in as someone."""

    def open_window(address, name, **options):
        page = open_browser(**options)
        sign_in(page, address, name)
        return page

    return open_window


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_have_no_violation_and_fit_a_telephone(live_server, signed_in, double, language):
    infusion, other = double
    one, two = infusion.patient.registry_number, other.patient.registry_number
    clinic = f"{live_server.url}{LANGUAGES[language]}/clinic"
    pages = {
        "steward": [
            "questions/", f"infusions/{infusion.pk}/ask", "desk/", f"persons/{one}/", f"persons/{one}/merge/",
            f"persons/{one}/merge/{two}", f"persons/{one}/move", f"persons/{one}/erase",
        ],
        "nurse": ["questions/"],
        "auditor": ["access-log/", "access-log/extract/", f"access-log/extract/{one}/"],
    }  # fmt: skip
    width = WIDTH_OF[language]
    for name, endings in pages.items():
        page = signed_in(live_server.url, name, viewport={"width": width, "height": 844})
        for ending in endings:
            assert page.goto(f"{clinic}/{ending}").status == 200
            look(page, f"{name}-{ending.replace('/', '-').replace(str(infusion.pk), 'x')}", language)
            if ending == "desk/":
                assert_in_sight(page, "tbody a[aria-label]")
        if name == "steward":
            page.goto(f"{clinic}/persons/{one}/erase")
            follow(page, "button.danger")
            look(page, "erase-wrong", language)
            page.goto(f"{clinic}/persons/{one}/move")
            page.select_option("[name=to_centre]", "STO")
            page.fill("[name=text]", "Entered at the wrong centre.")
            follow(page, "main form button")
            look(page, "move-shown", language)


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_double_person_is_found_compared_and_merged(live_server, signed_in, double, scripts):
    page = signed_in(live_server.url, "steward", java_script_enabled=scripts)
    page.goto(f"{live_server.url}/en/clinic/desk/")
    follow(page, "main table a:has-text('Compare')")
    assert page.locator("table").first.locator("td", has_text="2 → 1").count() == 1
    follow(page, "button.danger")
    assert page.locator("#id_text_error").inner_text() == "This field is required."
    page.fill("[name=text]", "The coordination number was replaced.")
    page.click("button.danger")
    page.wait_for_url(f"**/persons/{double[0].patient.registry_number}/")
    assert "The two persons are now one" in page.inner_text("main")
    assert Patient.objects.count() == 1


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_question_is_answered_and_closed(live_server, signed_in, double, scripts):
    question = Question.objects.get(rule="")
    page = signed_in(live_server.url, "nurse", java_script_enabled=scripts)
    page.goto(f"{live_server.url}/en/clinic/questions/")
    page.fill(f"#question-{question.pk} textarea", "Yes, it is.")
    page.click(f"#question-{question.pk} button:has-text('Reply')")
    page.wait_for_selector("text=The answer is stored.")
    page = signed_in(live_server.url, "steward", java_script_enabled=scripts)
    page.goto(f"{live_server.url}/en/clinic/questions/")
    page.click(f"#question-{question.pk} button:has-text('Close')")
    page.wait_for_selector("text=The question is closed.")
    question.refresh_from_db()
    assert question.closed_by == "steward"


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_the_log_is_filtered_and_downloaded(live_server, signed_in, double, scripts):
    page = signed_in(live_server.url, "auditor", java_script_enabled=scripts)
    page.goto(f"{live_server.url}/en/clinic/access-log/")
    page.fill("[name=actor]", "nurse")
    page.click("button:has-text('Show')")
    page.wait_for_url("**/access-log/?actor=nurse")
    assert page.locator("main tbody tr").count() == 1
    with page.expect_download() as download:
        page.click("text=All of these lines as a file")
    assert download.value.suggested_filename == "access-log.csv"
