"""How many keys and pages the clinic's tasks take with the keyboard alone, counted in a browser and printed."""

from datetime import date

import pytest

from registry.entry.questions.questions import ask
from registry.models import Infusion, Question
from tests import factories
from tests.browsing import sign_in
from tests.test_keyboard_browser import (
    MOST_KEYS,
    Keys,
    nurse,  # noqa: F401 (a fixture)
    to_the_form_of_a_next_infusion,
)

pytestmark = pytest.mark.browser
NUMBER = factories.number()
# From the start page; a correction and a further dose from the person's page.
MOST = {"new person": 35, "further dose": MOST_KEYS, "correction": 20, "answer": 8}
SENT = "The answer is stored."


class Task(Keys):
    """A task's keys, and the pages that it went through."""

    def __init__(self, page, name: str):
        super().__init__(page)
        self.name, self.pages = name, 0
        page.on("load", lambda _page: setattr(self, "pages", self.pages + 1))

    def done(self, sentence: str) -> None:
        self.page.wait_for_selector(f"text={sentence}")
        print(f"\n{self.name}: {self.pressed} keys of {MOST[self.name]}, {self.pages} pages")  # noqa: T201
        assert self.pressed <= MOST[self.name]


def begin(open_browser, live_server, path: str, name: str) -> Task:
    page = open_browser()
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/{path}")
    return Task(page, name)


@pytest.mark.usefixtures("nurse")
def test_a_new_person_in_standard_care(live_server, open_browser):
    task = begin(open_browser, live_server, "", "new person")
    task.press("n")
    task.page.wait_for_selector("[name=patient_id]:focus")
    task.type(NUMBER.replace("-", ""))
    task.press("Tab", "Space")
    task.page.wait_for_selector("text=New in the registry.")
    task.press("Tab")
    if task.page.evaluate("document.activeElement.name") == "trial":
        task.press("Tab")
    task.type("K")
    task.press("Tab", "Tab")
    task.type("200505")
    task.press("Tab")
    task.page.wait_for_selector("text=Counts as a new patient in SOC at UPP")
    task.press("Enter")
    task.done("The infusion is registered.")
    assert Infusion.objects.get().product.name == "Kymriah"


@pytest.mark.usefixtures("nurse")
def test_a_further_dose_from_the_persons_page(live_server, open_browser, committed_lists):
    stored = factories.record(committed_lists, factories.number(date(1970, 1, 1), 981), category="ACT")
    task = begin(open_browser, live_server, f"persons/{stored.patient.registry_number}/", "further dose")
    to_the_form_of_a_next_infusion(task.page, task)
    task.type("200514")
    task.press("Tab")
    task.page.wait_for_selector("text=Counts as a further dose in ACT at UPP")
    task.press("Enter")
    task.done("The infusion is registered.")
    assert Infusion.objects.filter(kind="further_dose").count() == 1


@pytest.mark.usefixtures("nurse")
def test_a_correction_from_the_persons_page(live_server, open_browser, committed_lists):
    stored = factories.record(committed_lists, NUMBER)
    task = begin(open_browser, live_server, f"persons/{stored.patient.registry_number}/", "correction")
    task.press("Tab", "Enter", "Tab", "Tab", "Enter")  # over the menu and the button for a new infusion
    task.page.wait_for_url("**/correct")
    task.page.wait_for_selector("main form :focus")
    for _press in range(12):
        if task.page.evaluate("document.activeElement.name") == "indication":
            break
        task.press("Tab")
    task.type("d")
    for _press in range(12):
        if task.page.evaluate("document.activeElement.name") == "why":
            break
        task.press("Tab")
    task.press("ArrowDown", "Tab", "Tab", "Enter")
    task.done("The infusion is corrected.")
    assert Infusion.objects.get().indication.key == "dlbcl"


@pytest.mark.usefixtures("nurse")
def test_an_answer_from_the_start_page(live_server, open_browser, committed_lists):
    stored = factories.record(committed_lists, NUMBER)
    steward = factories.user("steward", national_role="steward")
    ask(infusion_id=stored.pk, text="Is the date right?", by=steward)
    task = begin(open_browser, live_server, "", "answer")
    task.press("q")
    task.page.wait_for_url("**/clinic/questions/")
    task.page.wait_for_load_state()
    task.press("/")
    task.page.wait_for_selector("main textarea:focus")
    task.type("Yes")
    task.press("Tab", "Enter")
    task.done(SENT)
    assert Question.objects.get().answer == "Yes"
