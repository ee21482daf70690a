"""Both sides of what a clinic may not settle, played through in a real browser with the keyboard alone, each from
its own start page: an infusion, a correction, a row of a file. After each step the map is what the oracle counts.
"""

from types import SimpleNamespace

import pytest

from registry.entry.importing import job as import_job
from registry.models import ImportJob, Infusion, Question, Referral
from registry.publishing.publish import publish
from tests import factories, oracle
from tests.browsing import LANGUAGES, WIDTH_OF, look, sign_in, tab_to
from tests.desk import MAN, SECOND_WOMAN, WOMAN
from tests.test_import import ROW, as_csv

pytestmark = pytest.mark.browser
IN_BOTH_LANGUAGES = pytest.mark.parametrize("language", LANGUAGES)


class Side:
    """Someone at a browser without a mouse."""

    def __init__(self, name: str, world):
        self.page = world.open_browser(viewport={"width": WIDTH_OF[world.language], "height": 844})
        self.language, self.home = world.language, world.home
        sign_in(self.page, world.address, name)

    def start(self, ending: str = "") -> None:
        """Where a side's work begins: its start page, or the steward's desk."""
        self.page.goto(f"{self.home}{ending}")

    def press(self, selector: str, picture: str = "") -> None:
        """Go there by Tab, press Enter, wait for the next page; picture: a name under which it is looked at."""
        tab_to(self.page, selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        if picture:
            look(self.page, picture, self.language)

    def write(self, selector: str, text: str) -> None:
        tab_to(self.page, selector)
        self.page.keyboard.type(text)

    def choose(self, selector: str, *keys: str) -> None:
        tab_to(self.page, selector)
        for key in keys:
            self.page.keyboard.press(key)

    def reads(self, *words: str) -> None:
        shown = self.page.inner_text("main")
        assert [one for one in words if one not in shown] == []


@pytest.fixture
def world(live_server, open_browser, committed_lists, language):
    """Three persons whom Stockholm knows, one of them at Uppsala too, with two rows there."""
    world = SimpleNamespace(lists=committed_lists, open_browser=open_browser, language=language)
    world.address, world.home = live_server.url, f"{live_server.url}{LANGUAGES[language]}/clinic/"
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    factories.user("steward", national_role="steward")
    world.theirs = {
        who: factories.record(committed_lists, who, centre="STO", infused_on="2021-05-05", product="Yescarta")
        for who in (WOMAN, MAN, SECOND_WOMAN)
    }
    for day in ("2020-03-04", "2022-03-04"):
        factories.record(committed_lists, WOMAN, infused_on=day, kind="reinfusion", by=nurse)
    Question.objects.all().delete()
    world.nurse, world.steward = Side("nurse", world), Side("steward", world)
    world.map = open_browser(viewport={"width": 1280, "height": 900})
    return world


def see_map(world) -> dict[str, str]:
    """The national figures of the public map, which are what the oracle counts of the rows."""
    publish()
    world.map.goto(f"{world.address}{LANGUAGES[world.language]}/")
    world.map.reload()  # a browser keeps the page for a minute
    counted = oracle.total(factories.read_rows())
    names = ("patients", "infusions", "reinfusions")
    shown = {name: world.map.inner_text(f".figure-{name} .number") for name in names}
    assert shown == {name: str(counted[name]) for name in names}
    return shown


def ask_back_and_answer(world, link: str, question: Question) -> None:
    """The steward asks, the clinic finds that on its start page and answers, the steward reads it."""
    nurse, steward, field = world.nurse, world.steward, f"[name=answer-{question.pk}-text]"
    steward.write(field, "Which page of the journal?")
    steward.press(f"form:has({field}) button")
    nurse.start()
    nurse.reads("2020-03-04")
    nurse.press(f"main a[href$='#question-{question.pk}'], nav a[href$='/questions/']", "asked-back")
    nurse.reads("Which page of the journal?")
    assert nurse.page.locator(f"#question-{question.pk} .badge.warn").count() == 1, "their turn"
    nurse.write(f"#question-{question.pk} textarea", "Page 17, signed.")
    nurse.press(f"#question-{question.pk} form:has(textarea) button")
    steward.start("desk/" if question.referral else "questions/")
    if question.referral:
        steward.press(link)
    steward.reads("Page 17, signed.")


def settle(steward: Side, answers: dict[str, tuple[str, ...]], words: str) -> None:
    """Say of each infusion what it is, look at the effect, store it."""
    for select, keys in answers.items():
        steward.choose(select, *keys)
    steward.press("button[value=check]", "settle-shown-walk")
    steward.write("[name=text]", words)
    steward.press("button[value=settle]", "settled-walk")


FIRST, REINFUSION = (
    ("Home", "ArrowDown"),
    ("End", "ArrowUp"),
)  # of the list for a sent row, of one for a stored row


def course(who: str) -> list[tuple[str, str]]:
    patient = factories.find_person(factories.read_identifier(who, centre="UPP"))
    return [(one.centre.code, one.kind) for one in patient.infusions.counted().in_order()]


@IN_BOTH_LANGUAGES
def test_an_infusion_is_sent_asked_about_answered_settled_and_counted(world, language):
    nurse, steward, before = world.nurse, world.steward, see_map(world)
    nurse.start()
    nurse.press("nav a[href$='/infusions/new']")
    nurse.page.wait_for_selector("[name=patient_id]:focus")
    nurse.page.keyboard.type(MAN)
    nurse.page.keyboard.press("Tab")
    nurse.page.wait_for_selector("#person .notice")
    for selector, keys in (
        ("[name=category]", ["Space"]), ("[name=product]", ["K", "y"]), ("[name=indication]", ["C"]),
        ("[name=infused_on]", [*"200304"]), ("[name=kind]", ["Space"]),
    ):  # fmt: skip
        nurse.choose(selector, *keys)
    nurse.press(".actions button[value=submit]", "refused-walk")
    assert Infusion.objects.filter(patient=world.theirs[MAN].patient).count() == 1
    nurse.write("[name=message]", "Our journal says March 2020.")
    nurse.press("button[value=refer]", "sent-walk")
    referral = Referral.objects.get()
    nurse.reads(str(referral.kept_until))
    assert see_map(world) == before
    link = f"a[href$='/referrals/{referral.pk}/']"
    steward.start("desk/")
    steward.press(link, "sent-to-steward-walk")
    steward.reads("Our journal says March 2020.", str(referral.kept_until))
    ask_back_and_answer(world, link, referral.question)
    steward.press("a[href$='/settle']")
    settle(steward, {"#row-sent": FIRST, "table select:not(#row-sent)": REINFUSION}, "Yours was the first.")
    assert course(MAN) == [("UPP", "first"), ("STO", "reinfusion")]
    counted = {"patients": 0, "infusions": 1, "reinfusions": 1}
    assert see_map(world) == {name: str(int(before[name]) + more) for name, more in counted.items()}
    nurse.start("questions/")
    nurse.reads("Yours was the first.")
    nurse.press(f"#question-{referral.question.pk} form[action$='/close'] button")
    nurse.start("referrals/")
    nurse.press(link)
    nurse.press("main a[href*='/persons/']", "released-walk")
    nurse.reads("2020-03-04", "Kymriah")
    assert "2021-05-05" not in nurse.page.inner_text("main"), "nothing of Stockholm's"


@IN_BOTH_LANGUAGES
def test_a_correction_is_sent_asked_about_answered_settled_and_counted(world, language):
    nurse, steward, before = world.nurse, world.steward, see_map(world)
    earliest = Infusion.objects.get(centre__code="UPP", infused_on="2020-03-04")
    nurse.start()
    nurse.press(f"main a[href*='/persons/{earliest.patient.registry_number}/']")
    nurse.press(f"a[href$='/{earliest.pk}/correct']")
    nurse.choose("[name=kind]", "ArrowUp", "ArrowUp")
    nurse.choose("[name=why]", "ArrowDown", "ArrowDown")
    nurse.press("main form .actions button:not([value])", "correction-refused-walk")
    assert course(WOMAN)[0] == ("UPP", "reinfusion")
    nurse.press("button[value=refer]", "correction-sent-walk")
    question = Question.objects.get(asks="clinic")
    assert see_map(world) == before
    steward.start("questions/")
    ask_back_and_answer(world, "", question)
    steward.press(f"#question-{question.pk} h2 a")
    steward.press("a[href$='/settle']")
    rows = {str(one.centre.code + str(one.infused_on)): one for one in earliest.patient.infusions.all()}
    said = {f"#row-{rows['UPP2020-03-04'].pk}": ("Home",), f"#row-{rows['STO2021-05-05'].pk}": REINFUSION}
    settle(steward, said, "As the journal has it.")
    assert course(WOMAN) == [("UPP", "first"), ("STO", "reinfusion"), ("UPP", "reinfusion")]
    assert see_map(world) == before, "the same persons and infusions, in another order"
    nurse.start("questions/")
    nurse.press(f"#question-{question.pk} form[action$='/close'] button")
    assert Question.objects.get(pk=question.pk).closed_by == "nurse"


@IN_BOTH_LANGUAGES
def test_a_row_of_a_file_is_sent_asked_about_answered_settled_and_counted(world, language, monkeypatch):
    monkeypatch.setattr(import_job, "send", lambda *message: None)
    nurse, steward, before = world.nurse, world.steward, see_map(world)
    rows = [
        ROW | {"patient_id": SECOND_WOMAN, "infused_on": "2020-03-04", "kind": "first"},
        ROW | {"patient_id": factories.number(birth_number=985), "infused_on": "2020-04-04", "kind": "first"},
    ]
    file = {"name": "rows.csv", "mimeType": "text/csv", "buffer": as_csv(rows)}

    def upload(name: str) -> ImportJob:
        nurse.start("imports/")
        nurse.page.set_input_files("[name=file]", file)  # chosen in a window of the system's, not of the page's
        nurse.press("main form[enctype] button")
        job = ImportJob.objects.latest("uploaded_at")
        import_job.run_import(job.pk, language=language)
        factories.drop_import_tables()
        nurse.page.reload()
        look(nurse.page, name, language)
        return job

    upload("row-refused-walk")
    nurse.press("td form button", "row-sent-walk")
    referral = Referral.objects.get()
    assert see_map(world) == before
    link = f"a[href$='/referrals/{referral.pk}/']"
    steward.start("desk/")
    steward.press(link)
    ask_back_and_answer(world, link, referral.question)
    steward.press("a[href$='/settle']")
    settle(steward, {"#row-sent": FIRST, "table select:not(#row-sent)": REINFUSION}, "")
    assert course(SECOND_WOMAN) == [("UPP", "first"), ("STO", "reinfusion")]
    after = see_map(world)
    assert after["reinfusions"] == str(int(before["reinfusions"]) + 1)
    upload("file-again-walk")  # the row may stay in the file
    nurse.press("#state form button")
    import_job.run_import(ImportJob.objects.latest("uploaded_at").pk, language=language)
    assert see_map(world) == {
        "patients": str(int(before["patients"]) + 1),
        "infusions": str(int(before["infusions"]) + 2),
        "reinfusions": str(int(before["reinfusions"]) + 1),
    }
    assert ImportJob.objects.latest("uploaded_at").stored == 1
