"""Batch numbers written like a person's number: a true batch is stored, nobody's number ever is."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client

from registry.batch_numbers import read_batch
from registry.models import AccessLog, Draft, Infusion
from tests import factories
from tests.calling import Program
from tests.chance import Chance
from tests.exchange_files import import_row

INFUSED = date(2024, 3, 1)
ROW = {"centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0",
       "infused_on": INFUSED.isoformat(), "kind": "first"}  # fmt: skip
PERSON = factories.number(date(1970, 6, 15), 980)
OTHER = factories.number(date(1981, 4, 7), 983)
INFANT = factories.number(date(2023, 11, 3), 984)
CODE = "identifier_in_text"


def made_on(day: date, serial: str = "980") -> str:
    """A batch number of a day and four digits, the last of them a person's check digit by chance."""
    short = f"{day:%y%m%d}{serial}"
    return f"{day:%Y%m%d}-{serial}{factories.check_digit(short)}"


@pytest.fixture
def nurse(lists):
    centre = lists.centres["UPP"]
    centre.county_code = "03"
    centre.save()
    return factories.user("nurse", centre)


def by_form(row, nurse, **_others) -> set[str]:
    client = Client()
    client.force_login(nurse)
    answer = client.post("/en/clinic/infusions/new", row | {"do": "submit"})
    if answer.status_code == 302:
        return set()
    proposal = answer.context["proposal"]
    if proposal and proposal.warnings and not answer.context["form"].errors.get("batch"):
        confirmation = answer.context["confirmation"]
        answer = client.post("/en/clinic/infusions/new", row | {"do": "submit", "confirmed": confirmation})
        if answer.status_code == 302:
            return set()
    return {error.code for error in answer.context["form"].errors.as_data().get("batch", [])} or {"?"}


def by_interface(row, nurse, **_others) -> set[str]:
    answer = Program(nurse).call("POST", "infusions", row)
    return set() if answer.status_code == 201 else {one["code"] for one in answer.json()["errors"]}


def by_file(row, manage, tmp_path, **_others) -> set[str]:
    code, out = import_row(row, manage, tmp_path)
    return set() if code == 0 else {CODE} if f"batch: {CODE}" in out else {"?"}


WAYS = [by_form, by_interface, by_file]


@pytest.fixture(params=WAYS)
def store(request, nurse, manage, tmp_path):
    def store(batch: str, **changes: str) -> set[str]:
        row = ROW | {"patient_id": PERSON, "batch": batch} | changes
        return request.param(row, nurse=nurse, manage=manage, tmp_path=tmp_path)

    return store


@pytest.mark.parametrize("days", [0, 366])
def test_a_batch_that_holds_the_day_it_was_made_on_is_stored(store, days):
    batch = made_on(INFUSED - timedelta(days=days))
    assert store(batch) == set()
    assert Infusion.objects.get().batch == batch


@pytest.mark.parametrize("written", ["AB{}", "AB-{}/2"])
def test_it_may_stand_with_letters_and_marks(store, written):
    assert store(written.format(made_on(INFUSED - timedelta(days=40)))) == set()


@pytest.mark.parametrize("batch", [
    made_on(INFUSED - timedelta(days=367)), made_on(INFUSED + timedelta(days=1)), OTHER, OTHER[2:],
    f"{made_on(INFUSED)} {OTHER}", factories.number(date(2024, 2, 3), 982, coordination=True),
])  # fmt: skip
def test_what_may_be_a_persons_is_refused_and_the_way_on_is_named(store, batch):
    assert store(batch) == {CODE}
    assert not Infusion.objects.exists()


def test_it_passes_where_it_is_said_to_be_the_batchs(store):
    batch = "lot:" + OTHER
    assert store(batch) == set()
    assert Infusion.objects.get().batch == batch
    history = Infusion.pgh_event_model.objects.get()
    assert history.batch == batch  # who said so, and when
    assert history.acted_by in {"nurse", "operator"}


@pytest.mark.parametrize("prefix", ["lot:", " Batch : "])
def test_what_needs_no_such_word_is_stored_without(store, prefix):
    assert store(prefix + "AB123456") == set()
    assert Infusion.objects.get().batch == "AB123456"


SPELLED = [str, lambda number: number[2:], lambda number: number.replace("-", ""),
           " ".join, lambda number: f"B17/{number}"]  # fmt: skip


def test_the_rows_own_person_is_never_named(store):
    for spelled in SPELLED:
        assert store("lot:" + spelled(PERSON)) == {CODE}
        assert store(spelled(INFANT), patient_id=INFANT) == {CODE}
    assert not Infusion.objects.exists()


def test_a_reserve_number_of_the_rows_own_person_is_not_either(store):
    number = "22950606FH20"
    assert store(f"lot:{number}", patient_id=number, age_at_infusion="50") == {CODE}
    assert store("lot:19810829DA1B", patient_id="810829DA1B", age_at_infusion="50") == {CODE}


def test_nobody_in_the_registry_is_named_and_asking_is_logged(lists, store):
    factories.record(lists, OTHER, centre="STO")
    before = AccessLog.objects.filter(action="search").count()
    assert store("lot:" + OTHER) == {CODE}
    assert AccessLog.objects.filter(action="search").count() > before + 1  # the person's, and the batch's
    assert Infusion.objects.count() == 1
    assert store("lot:" + made_on(date(1999, 3, 4))) == set()


def test_a_budget_that_is_spent_is_spent_for_batches_too(lists, nurse, settings):
    settings.LOOKUPS_PER_HOUR = 2  # one is the person's
    row = ROW | {"patient_id": PERSON, "batch": "lot:" + OTHER}
    assert Program(nurse).call("POST", "infusions", row).status_code == 201
    row = row | {"batch": "lot:" + made_on(date(1999, 3, 4)), "infused_on": "2024-06-01", "kind": "reinfusion"}
    answer = Program(nurse).call("POST", "infusions", row)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
    assert Infusion.objects.count() == 1


def test_a_correction_is_judged_alike(lists, nurse):
    infusion = factories.record(lists, PERSON, infused_on=ROW["infused_on"])
    program = Program(nurse)

    def correct(batch: str) -> int:
        where = f"infusions/{infusion.pk}"
        etag = program.call("GET", where).headers["ETag"]
        body = {"batch": batch, "reason": "mistyped"}
        return program.call("PATCH", where, body, if_match=etag).status_code

    assert correct(made_on(INFUSED - timedelta(days=9))) == 200
    assert correct(OTHER) == 400
    assert correct("lot:" + PERSON) == 400
    assert correct("lot:" + OTHER) == 200
    factories.record(lists, factories.number(date(1990, 1, 1), 981), batch="A1", age_at_infusion=None)


def test_a_known_persons_row_is_held_against_all_their_numbers(lists, nurse):
    patient = factories.record(lists, INFANT, infused_on="2024-02-01", kind="first").patient
    row = {name: value for name, value in ROW.items() if name != "patient_id"} | {
        "patient": patient.registry_number, "age_at_infusion": 0, "kind": "reinfusion", "batch": INFANT,
    }  # fmt: skip
    answer = Program(nurse).call("POST", "infusions", row)
    assert (answer.status_code, answer.json()["code"]) == (422, "infusion_refused") or answer.status_code == 400
    assert Infusion.objects.count() == 1


def test_a_draft_keeps_a_batch_and_no_number(nurse):
    client = Client()
    client.force_login(nurse)
    row = {name: ROW[name] for name in ("centre", "infused_on")}
    for batch, kept in ((made_on(INFUSED), True), ("lot:" + OTHER, True), (OTHER, False)):
        client.post("/en/clinic/infusions/new", row | {"batch": batch, "do": "draft"})
        assert (Draft.objects.filter(fields__batch=batch).count() == 1) == kept


# Both error rates, over the forms that batch numbers have.

RANDOM = Chance(41)


def made() -> date:
    return INFUSED - timedelta(days=RANDOM.randint(10, 300))


FORMS: dict[str, tuple[Callable[[], str], float]] = {  # and how many in a hundred may be refused at most
    **{f"{a} letters, {n} digits": (lambda a=a, n=n: RANDOM.letters(a) + RANDOM.digits(n), 1.5 if n == 10 else 0.7)
       for a in range(4) for n in range(6, 13)},
    "day and 4 digits": (lambda: f"{made():%Y%m%d}{RANDOM.digits(4)}", 0),
    "day - 4 digits": (lambda: f"{made():%Y%m%d}-{RANDOM.digits(4)}", 0),
    "short day and 4 digits": (lambda: f"{made():%y%m%d}{RANDOM.digits(4)}", 0.1),
    "letters, day, 4 digits": (lambda: f"{RANDOM.letters(2)}-{made():%Y%m%d}-{RANDOM.digits(4)}", 0.1),
    "day, letter, 3 digits": (lambda: f"{made():%Y%m%d}{RANDOM.letters(1)}{RANDOM.digits(3)}", 0.1),
    "6-2-2 digits": (lambda: f"{RANDOM.digits(6)}-{RANDOM.digits(2)}-{RANDOM.digits(2)}", 1.5),
    "4-4-4 digits": (lambda: f"{RANDOM.digits(4)}-{RANDOM.digits(4)}-{RANDOM.digits(4)}", 0.7),
    "a donation's": (lambda: f"W{RANDOM.digits(4)}{RANDOM.randint(15, 26)}{RANDOM.digits(6)}", 0.7),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_true_batch_is_seldom_refused_and_never_for_good(form):
    make, most = FORMS[form]
    made_up = [make() for _ in range(2_000)]
    refused = [batch for batch in made_up if read_batch(batch, infused_on=INFUSED, precision="day")[1]]
    assert len(refused) <= 20 * most
    for batch in refused:
        assert read_batch("lot:" + batch, infused_on=INFUSED, precision="day") == ("lot:" + batch, None)


def test_no_number_of_anyone_older_passes_as_a_batch():
    for _ in range(2_000):
        born = date(1905, 1, 1) + timedelta(days=RANDOM.randint(0, 42_000))
        number = factories.number(born, RANDOM.randint(980, 999), coordination=RANDOM.random() < 0.2)
        short = number[2:].replace("-", "+") if born < INFUSED - timedelta(days=36_500) else number[2:]
        for written in (number, short, number.replace("-", "")):
            assert read_batch(written, infused_on=INFUSED, precision="day")[1], born
