"""A form that is sent twice, as by a double press without scripts, is carried out once, and the second answer
leads where the first one led.
"""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection, connections
from django.utils.html import escape

from registry.entry.importing import job as import_job
from registry.entry.importing.job import receive_file, run_import
from registry.entry.patients.erasure import count_traces, erase_patient
from registry.entry.questions import questions
from registry.models import AccessLog, IdempotencyKey, Infusion, Patient, Referral, User
from registry.pages.clinic import new_infusion
from tests import factories
from tests.browsing import sign_in as sign_in_browser
from tests.desk import BY, COORDINATION, MAN, SECOND_WOMAN, WOMAN, address, sign_in, text
from tests.test_import import ROW, as_csv

TWICE = "You sent this form more than once: it was carried out once."
NEW = {
    "centre": "UPP", "patient_id": MAN, "category": "SOC", "product": "Kymriah", "indication": "C91.0",
    "infused_on": "2020-03-04", "kind": "first", "batch": "B17",
}  # fmt: skip
# Written with each request, whatever comes of it.
LOGS = {"AccessLog", "Session", "IdempotencyKey", "AccessAttempt", "Context", "RecordsRevision", "Lookup"}


def fill_world(lists):
    """Two women whom Stockholm knows too, one of them with a row at Uppsala; someone for every page."""
    users = {
        "nurse": factories.user("nurse", lists.centres["UPP"], role="lead"),
        "steward": factories.user("steward", national_role="steward"),
    }
    world = SimpleNamespace(lists=lists, users=users, pages={name: sign_in(one) for name, one in users.items()})
    for who in (WOMAN, SECOND_WOMAN):
        factories.record(lists, who, centre="STO", infused_on="2021-05-05")
    factories.record(lists, COORDINATION, centre="LIN", infused_on="2023-07-07")
    world.row = factories.record(lists, WOMAN, infused_on="2022-03-04", kind="reinfusion", by=users["nurse"])
    world.asked = questions.ask(infusion_id=world.row.pk, text="Is the date right?", by=users["steward"])
    world.own = questions.ask_steward(centre=lists.centres["UPP"], text="May we?", by=users["nurse"])
    return world


@pytest.fixture
def world(lists):
    return fill_world(lists)


def refer(world, number=SECOND_WOMAN) -> Referral:
    answer = world.pages["nurse"].post(address("record"), NEW | {"patient_id": number, "do": "refer"})
    assert answer.status_code == 302
    return Referral.objects.latest("sent_at")


def hidden_of(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this address."""
    for form in re.findall(r"<form.*?</form>", page, re.S):
        sent_to = re.search(r'action="([^"]*)"', form)
        if (sent_to and sent_to[1]) == escape(action):
            return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    raise AssertionError(f"no form for {action}")


def rows() -> dict[str, int]:
    """How many rows each table holds, and how often a row was changed."""
    found = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    return {model.__name__: model._default_manager.count() for model in found if model.__name__ not in LOGS}


# Each: who, the page with the form, the address that the form is sent to, and what is typed.
def _record(world):
    return "nurse", address("record"), None, NEW | {"do": "submit"}


def _record_next(world):
    page = address("record-for", number=world.row.patient.registry_number)
    typed = {
        "patient_id": "",
        "infused_on": "2023-01-02",
        "kind": "reinfusion",
        "age_at_infusion": "53",
        "batch": "",
    }
    return "nurse", page, None, NEW | typed | {"do": "submit"}


def _draft(world):
    return "nurse", address("record"), None, NEW | {"do": "draft"}


def _discard(world):
    saved = world.pages["nurse"].post(address("record"), NEW | {"do": "draft"})
    assert saved.status_code == 302
    draft = apps.get_model("registry", "Draft").objects.get()
    return "nurse", address("draft", draft_id=draft.pk), address("draft-discard", draft_id=draft.pk), {}


def _refer(world):
    return "nurse", address("record"), None, NEW | {"patient_id": SECOND_WOMAN, "do": "refer", "message": "Ours?"}


def _correct(world):
    typed = {
        "patient_id": "",
        "infused_on": "2022-03-05",
        "kind": "reinfusion",
        "age_at_infusion": "52",
        "batch": "",
    }
    typed |= {"why": "typing_error"}
    return "nurse", address("correct", infusion_id=world.row.pk), None, NEW | typed


def _correct_refer(world):
    typed = {"patient_id": "", "infused_on": "2022-03-04", "kind": "first", "age_at_infusion": "52", "batch": ""}
    typed |= {"why": "better_source", "do": "refer"}
    return "nurse", address("correct", infusion_id=world.row.pk), None, NEW | typed


def _withdraw(world):
    return "nurse", address("withdraw", infusion_id=world.row.pk), None, {"why": "never_given"}


def _answer(world):
    action = address("question-answer", question_id=world.asked.pk)
    return "nurse", address("questions"), action, {f"answer-{world.asked.pk}-text": "It is right."}


def _write(world):
    action = address("question-write", question_id=world.own.pk)
    return "nurse", address("questions"), action, {f"answer-{world.own.pk}-text": "And one more thing."}


def _close(world):
    return "nurse", address("questions"), address("question-close", question_id=world.own.pk), {}


def _ask_steward(world):
    return "nurse", address("ask-steward"), None, {"text": "May a batch be left empty?"}


def _ask_steward_about(world):
    return "nurse", address("ask-steward-about", infusion_id=world.row.pk), None, {"text": "Is this a first?"}


def _ask_clinic(world):
    return "steward", address("question-ask", infusion_id=world.row.pk), None, {"text": "Which batch?"}


def _take_back(world):
    sent = refer(world)
    page, action = (address(one, referral_id=sent.pk) for one in ("referral", "referral-take-back"))
    return "nurse", page, action, {}


def _decline(world):
    sent = refer(world)
    page, action = (address(one, referral_id=sent.pk) for one in ("referral", "referral-decline"))
    return "steward", page, action, {"decline-text": "It is registered already."}


def _settle_referral(world):
    page = address("referral-settle", referral_id=refer(world).pk)
    theirs = Infusion.objects.get(patient__infusions__centre__code="STO", patient=_patient(SECOND_WOMAN, world))
    said = {"row-sent": "first", f"row-{theirs.pk}": "reinfusion", "text": "Yours was."}
    shown = world.pages["steward"].post(page, said | {"do": "check"}).context["shown"]
    return "steward", page, None, said | {"do": "settle", "shown": shown}


def _settle_course(world):
    page = address("settle", number=world.row.patient.registry_number)
    said = {f"row-{one.pk}": "reinfusion" for one in world.row.patient.infusions.all()} | {
        "text": "As told by both."
    }
    shown = world.pages["steward"].post(page, said | {"do": "check"}).context["shown"]
    return "steward", page, None, said | {"do": "settle", "shown": shown}


def _upload(world):
    return "nurse", address("imports"), None, {"file": lambda: named(as_csv([ROW | {"patient_id": MAN}]))}


def named(content: bytes) -> BytesIO:
    file = BytesIO(content)
    file.name = "rows.csv"
    return file


def _checked(world, row) -> str:
    job = receive_file(file=BytesIO(as_csv([ROW | row])), by=User.objects.get(username="nurse"))
    run_import(job.pk, language="en")
    factories.drop_import_tables()
    return job.pk


def _store_file(world):
    job = _checked(world, {"patient_id": MAN})
    return "nurse", address("import", job_id=job), address("import-store", job_id=job), {}


def _refer_rows(world):
    job = _checked(world, {"patient_id": SECOND_WOMAN, "infused_on": "2020-03-04", "kind": "first"})
    return "nurse", address("import", job_id=job), address("import-refer", job_id=job), {}


def _coverage(world):
    return "nurse", address("coverage"), None, {"centre": "UPP", "complete_through": "2023-01-31"}


def _erase(world):
    page = address("erase", number=world.row.patient.registry_number)
    seen = world.pages["steward"].get(page).context["seen"]
    return "steward", page, None, {"text": "asked for it", "refuses": "no", "confirmed": "yes", "seen": seen}


def _merge(world):
    keep, absorb = (_patient(who, world).registry_number for who in (WOMAN, COORDINATION))
    page = address("merge", number=keep, other=absorb)
    seen = world.pages["steward"].get(page).context["seen"]
    return "steward", page, None, {"text": "one person", "explanation": "a new number", "seen": seen}


def _patient(who, world) -> Patient:
    return factories.find_person(factories.stated(world.lists, who).identifier)


FORMS = [
    _record, _record_next, _draft, _discard, _refer, _correct, _correct_refer, _withdraw, _answer, _write, _close,
    _ask_steward, _ask_steward_about, _ask_clinic, _take_back, _decline, _settle_referral, _settle_course, _upload,
    _store_file, _refer_rows, _coverage, _erase, _merge,
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__.strip("_"))
def test_the_second_answer_leads_where_the_first_led_and_nothing_is_stored_twice(world, monkeypatch, form):
    monkeypatch.setattr(import_job, "send", lambda *message: None)
    who, page, action, typed = form(world)
    client = world.pages[who]
    sent = hidden_of(text(client.get(page)), action or page) | typed

    def press():
        return client.post(action or page, {name: one() if callable(one) else one for name, one in sent.items()})

    first = press()
    assert first.status_code == 302, re.findall(r'class="error"[^>]*>([^<]*)', text(first))
    assert not any(one.level_tag == "error" for one in first.wsgi_request._messages)
    stored = rows()
    second = press()
    assert (second.status_code, second.url) == (302, first.url)
    assert rows() == stored
    assert TWICE in text(client.get(second.url))


def test_the_page_of_the_stored_infusion_says_that_it_is_stored(world):
    client = world.pages["nurse"]
    sent = hidden_of(text(client.get(address("record"))), address("record")) | NEW | {"do": "submit"}
    for _press in range(3):
        answer = client.post(address("record"), sent)
    page = text(client.get(answer.url))
    stored = Infusion.objects.get(batch="B17")
    assert answer.url == address("person", number=stored.patient.registry_number)
    assert page.count("The infusion is registered. Counts as a new patient in SOC at UPP, and nationally.") == 3, (
        "once for each answer that nobody has read"
    )
    assert page.count("Register the next</a>") == 3


def test_what_was_refused_or_is_another_form_is_carried_out(world):
    client, page = world.pages["nurse"], address("record")
    sent = hidden_of(text(client.get(page)), page) | NEW | {"do": "submit"}
    refused = client.post(page, sent | {"infused_on": "2090-01-01"})
    assert refused.status_code == 200
    assert client.post(page, sent | {"infused_on": "2090-01-01"}).status_code == 200
    assert client.post(page, sent).status_code == 302
    later = {"infused_on": "2020-09-09", "kind": "reinfusion"}
    assert client.post(page, sent | later).status_code == 302, "what is typed anew is another infusion"
    assert client.post(page, sent | hidden_of(text(client.get(page)), page)).status_code == 200, (
        "another form finds the first one"
    )
    colleague = sign_in(factories.user("colleague", world.lists.centres["UPP"]))
    assert colleague.post(page, sent).status_code == 200, "and so does someone else"
    assert Infusion.objects.filter(patient=_patient(MAN, world)).count() == 2


def test_a_search_is_made_and_logged_each_time(world):
    client, page = world.pages["nurse"], address("infusions")
    sent = hidden_of(text(client.get(page)), page) | {"who": WOMAN}
    searches = AccessLog.objects.filter(action="search")
    before = searches.count()
    for _press in range(2):
        assert client.post(page, sent).status_code == 302
    assert searches.count() == before + 2
    assert not IdempotencyKey.objects.exists()


def test_what_is_kept_holds_no_number_and_goes_with_the_person(world):
    client, page = world.pages["nurse"], address("record")
    client.post(page, hidden_of(text(client.get(page)), page) | NEW | {"do": "submit"})
    kept = IdempotencyKey.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(one)::text FROM registry_idempotencykey AS one")
        assert re.sub(r"\D", "", MAN) not in re.sub(r"[^\d]", "", cursor.fetchone()[0].replace("-", ""))
    patient = _patient(MAN, world)
    assert kept.body["patient"] == str(patient.registry_number)
    assert count_traces(patient).responses == 1
    erase_patient(patient=patient, by=BY, reason="asked for it")
    assert not IdempotencyKey.objects.exists()


def test_two_presses_at_the_same_moment_are_one(committed_lists):
    world = fill_world(committed_lists)
    client, page = world.pages["nurse"], address("record")
    sent = hidden_of(text(client.get(page)), page) | NEW | {"do": "submit"}

    def press(_which) -> tuple[int, str]:
        try:
            one = sign_in(world.users["nurse"])
            answer = one.post(page, sent)
            return answer.status_code, answer.headers.get("Location", "")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as threads:
        answers = set(threads.map(press, range(3)))
    stored = Infusion.objects.get(batch="B17")
    assert answers == {(302, address("person", number=stored.patient.registry_number))}


def slowly(work):
    """So that a second press comes before the first one's answer."""

    def work_slowly(**fields):
        time.sleep(1)
        return work(**fields)

    return work_slowly


@pytest.mark.browser
@pytest.mark.parametrize("language", ["", "/en"])
def test_a_double_press_without_scripts_ends_on_the_stored_infusions_page(
    live_server, open_browser, committed_lists, language, monkeypatch
):
    monkeypatch.setattr(new_infusion, "record_infusion", slowly(new_infusion.record_infusion))
    factories.user("nurse", committed_lists.centres["UPP"])
    page = open_browser(java_script_enabled=False)
    sign_in_browser(page, live_server.url)
    page.goto(f"{live_server.url}{language}/clinic/infusions/new")
    page.fill("[name=patient_id]", MAN)
    page.check("[name=category][value=SOC]")
    page.select_option("[name=product]", "Kymriah")
    page.fill("[name=infused_on]", "200514")
    page.check("[name=kind][value=first]")
    asked = []
    page.on("request", lambda request: asked.append(request) if request.method == "POST" else None)
    page.focus("button[value=submit]")
    for _press in range(2):
        page.keyboard.press("Enter")
        page.wait_for_timeout(200)
    page.wait_for_selector(".timeline")
    assert len(asked) == 2, "the browser has sent it twice"
    stored = Infusion.objects.get()
    assert page.url.endswith(f"{language}/clinic/persons/{stored.patient.registry_number}/")
    said = {"": "Infusionen är registrerad.", "/en": "The infusion is registered."}[language]
    assert said in page.inner_text(".messages")
    assert page.locator(".errors").count() == 0
