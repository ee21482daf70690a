"""A look-up of a person by number is logged, and of whom one's centres do not know it has a budget."""

from datetime import timedelta
from threading import Thread
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F

from registry.entry.importing.job import run_import, sweep_imports
from registry.entry.patients.lookup_budget import forget_lookups
from registry.identity import read_identifier
from registry.models import AccessLog, ImportJob, ImportRow, Infusion, Lookup
from tests import factories
from tests.calling import Program, refused
from tests.desk import address, sign_in, text
from tests.test_erasure import tables_that_name
from tests.test_import import ROW, as_csv

pytestmark = pytest.mark.usefixtures("unsent")

FORM = {
    "centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0", "infused_on": "2020-05-05",
    "sequence": "1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def small_budget(settings):
    settings.LOOKUPS_PER_HOUR = 5
    settings.LOOKUPS_PER_HOUR_IMPORT = 8


@pytest.fixture
def uppsala(lists):
    return factories.user("upp", lists.centres["UPP"])


def ask_form(user, number: str, do="check"):
    return sign_in(user).post(address("record"), FORM | {"patient_id": number, "do": do})


def ask_guidance(user, number: str):
    return sign_in(user).post(address("record-person"), FORM | {"patient_id": number})


def ask_search(user, number: str):
    return sign_in(user).post(address("infusions"), {"who": number})


def ask_api(user, number: str):
    """A request that is refused for its kind: a dry question."""
    return Program(user).enter(patient_id=number, kind="further_dose")


def row(number: str, **fields) -> dict:
    return ROW | {"patient_id": number, "age_at_infusion": "", "sex": ""} | fields


def upload(user, numbers: list[str], **fields) -> dict:
    """A file of these persons, checked."""
    return worked(Program(user), as_csv([row(number, **fields) for number in numbers]), dry_run="true")


def worked(program: Program, content: bytes, **options) -> dict:
    """The job as it is told once it has ended."""
    job = program.upload(content, **options).json()
    run_import(UUID(job["id"]), language="en")
    factories.drop_import_tables()
    return program.get(f"imports/{job['id']}").json()


def digests_of(number: str) -> list[bytes]:
    return [digest for _key, digest in read_identifier(number, centre="UPP").digests()]


WAYS = (ask_form, ask_guidance, ask_search, ask_api)


def lines(user) -> list:
    found = AccessLog.objects.filter(action="search", actor=user.username).order_by("pk")
    return list(found.values_list("patient", flat=True))


def later(**passed) -> None:
    Lookup.objects.update(at=F("at") - timedelta(**passed))


def test_the_default_is_sixty_an_hour(settings, uppsala):
    settings.LOOKUPS_PER_HOUR = 60
    for place in range(60):
        assert WAYS[place % 4](uppsala, factories.nth_number(place)).status_code != 429, place
    answers = [ask(uppsala, factories.nth_number(60 + place)) for place, ask in enumerate(WAYS)]
    assert {answer.status_code for answer in answers} == {429}
    assert all(0 < int(answer["Retry-After"]) <= 3600 for answer in answers)
    assert len(lines(uppsala)) == 64
    assert not Infusion.objects.exists()


@pytest.mark.parametrize("ask", WAYS)
def test_beyond_the_budget_known_elsewhere_and_unknown_are_one_answer(lists, uppsala, ask):
    elsewhere = factories.record(lists, factories.nth_number(40), centre="STO").patient
    for place in range(5):
        ask(uppsala, factories.nth_number(place))
    first, second = (ask(uppsala, factories.nth_number(place)) for place in (40, 41))
    assert first.status_code == second.status_code == 429
    assert str(elsewhere.registry_number) not in text(first)
    assert "hourly limit" in text(first) and "hourly limit" in text(second)
    assert lines(uppsala)[-2:] == [None, None]


def test_the_interface_says_so_as_a_problem(uppsala):
    for place in range(5):
        ask_api(uppsala, factories.nth_number(place))
    assert (
        "Try again in 60 minutes"
        in refused(ask_api(uppsala, factories.nth_number(5)), 429, "too_many_lookups")["detail"]
    )


@pytest.mark.parametrize("ask", [ask_form, ask_search])
def test_nothing_typed_is_lost(uppsala, ask):
    for place in range(6):
        answer = ask(uppsala, factories.nth_number(place))
    assert answer.status_code == 429 and f'value="{factories.nth_number(5)}"' in text(answer)


def test_the_same_person_counts_once_an_hour_however_asked(uppsala):
    number = factories.nth_number(1)
    for ask in WAYS * 3:
        assert ask(uppsala, number).status_code != 429
    assert ask_form(uppsala, number, do="draft").status_code == 302
    assert ask_form(uppsala, number, do="submit").status_code == 302
    assert Infusion.objects.count() == 1
    assert Lookup.objects.count() == 1
    assert len(lines(uppsala)) == 14


def test_persons_of_ones_own_centre_are_free_and_logged(lists, uppsala):
    own = [factories.record(lists, factories.nth_number(place)).patient.registry_number for place in range(9)]
    for place in range(9):
        assert ask_guidance(uppsala, factories.nth_number(place)).status_code == 200
    assert lines(uppsala) == own and not Lookup.objects.exists()


def test_the_budget_is_ones_own_and_comes_back(lists, uppsala):
    other = factories.user("other", lists.centres["UPP"])
    for place in range(5):
        ask_api(uppsala, factories.nth_number(place))
        later(minutes=5)
    late = ask_api(uppsala, factories.nth_number(5))
    assert late.status_code == 429 and 2000 < int(late["Retry-After"]) <= 2100
    assert ask_api(other, factories.nth_number(5)).status_code != 429
    later(minutes=36)
    assert ask_api(uppsala, factories.nth_number(5)).status_code != 429
    assert ask_api(uppsala, factories.nth_number(6)).status_code == 429


def test_a_request_that_fails_is_no_free_question(uppsala):
    """Unreadable beside the number, refused, replayed: each is asked, and each counts."""
    wrong = ({"product": "Aspirin"}, {"infused_on": "2999-01-01"}, {"kind": "reinfusion", "category": "ACT"})
    for place, fields in enumerate(wrong):
        assert Program(uppsala).enter(patient_id=factories.nth_number(place), **fields).status_code == 400
    for place in (3, 4):
        Program(uppsala).enter({"idempotency_key": "one"}, patient_id=factories.nth_number(place))
    assert Lookup.objects.filter(refused=False).count() == 5 and len(lines(uppsala)) == 5


@pytest.mark.parametrize("role", ["steward", "auditor"])
def test_whoever_sees_the_nation_is_logged_and_has_no_budget(lists, role):
    user = factories.user(role, national_role=role)
    where = address("desk" if role == "steward" else "extract")
    for place in range(8):
        assert sign_in(user).post(where, {"who": factories.nth_number(place)}).status_code == 200
    assert lines(user) == [None] * 8 and not Lookup.objects.exists()


def test_who_refused_registration_is_told_at_once_and_nothing_else(uppsala):
    factories.refuse_registration(factories.nth_number(1))
    answer = Program(uppsala).enter(patient_id=factories.nth_number(1), product="Aspirin", infused_on="2999-01-01")
    problem = refused(answer, 409, "do_not_register")
    assert "errors" not in problem
    page = ask_form(uppsala, factories.nth_number(1), do="submit")
    assert page.context["form"].errors.keys() == {"__all__"}
    assert lines(uppsala) == [None, None]


def test_whom_a_look_up_was_of_is_forgotten_after_an_hour_and_that_it_was_after_a_day(uppsala):
    ask_api(uppsala, factories.nth_number(1))
    later(minutes=61)
    forget_lookups()
    assert Lookup.objects.get().token is None
    later(hours=24)
    forget_lookups()
    assert not Lookup.objects.exists()


def test_a_file_has_a_budget_of_its_own_counted_by_new_persons(lists, uppsala):
    for place in range(3):
        factories.record(lists, factories.nth_number(place))
    whole = [number for number in map(factories.nth_number, range(11)) for _row in range(2)]
    assert [upload(uppsala, whole)["message"] for _again in range(2)] == ["", ""]
    assert Lookup.objects.filter(by_import=True, refused=False).count() == 8
    one_more = worked(
        Program(uppsala),
        as_csv([row(factories.nth_number(11)), row(factories.nth_number(1), product="Aspirin")]),
        dry_run="true",
    )
    assert (one_more["state"], one_more["problems"], one_more["stored"]) == ("refused", [], 0)
    assert "more persons" in one_more["message"]
    assert not ImportRow.objects.filter(job=one_more["id"]).exists()
    assert ask_api(uppsala, factories.nth_number(12)).status_code != 429
    later(minutes=61)
    assert upload(uppsala, [factories.nth_number(11)])["message"] == ""


def test_every_person_of_a_file_is_a_line_also_in_one_that_is_checked_or_refused(lists, uppsala):
    known = factories.record(lists, factories.nth_number(1), centre="STO").patient.registry_number
    numbers = [factories.nth_number(place) for place in (1, 2, 3, 3)]
    upload(uppsala, numbers)
    upload(uppsala, [*numbers, "19700101-9801"], product="Aspirin")
    found = AccessLog.objects.filter(action="search").values_list("actor", "unit", "detail", "patient")
    assert {line[:3] for line in found} == {("upp", "UPP", "from a file")}
    assert len(found) == 6
    assert [line[3] for line in found].count(known) == 2
    assert Lookup.objects.count() == 3


def test_a_command_in_someones_name_has_their_budget_and_the_operators_has_none(lists, uppsala, manage, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(as_csv([row(factories.nth_number(place)) for place in range(9)]))
    code, _out, err = manage("import_infusions", path, "--by", "upp", "--dry-run")
    assert code == 75 and "too_many_lookups" in err
    assert not Infusion.objects.exists()
    assert manage("import_infusions", path)[0] == 0
    assert Infusion.objects.count() == 9
    assert AccessLog.objects.filter(action="search", actor="operator").count() == 9


def test_of_who_refused_registration_a_file_tells_that_and_nothing_else(uppsala):
    factories.refuse_registration(factories.nth_number(1))
    rows = [row(factories.nth_number(1)), row(factories.nth_number(1), product="Aspirin", infused_on="2999-01-01")]
    rows += [row(factories.nth_number(2), product="Aspirin")]
    job = worked(Program(uppsala), as_csv(rows))
    assert [(one["line"], one["code"]) for one in job["problems"]] == [
        (2, "do_not_register"), (3, "do_not_register"), (4, "unknown_product"),
    ]  # fmt: skip
    assert job["refused"] == 3


@pytest.mark.parametrize("way", ["refused", "failed", "expired"])
def test_a_file_that_is_not_stored_keeps_no_digest_of_whom_the_registry_does_not_know(lists, uppsala, way):
    factories.record(lists, factories.nth_number(1), centre="STO", infused_on="2019-05-05")
    again = {"kind": "reinfusion", "infused_on": "2021-05-05"}
    rows = [row(factories.nth_number(1), **again), *(row(factories.nth_number(place)) for place in (2, 3))]
    if way == "refused":
        factories.refuse_registration(factories.nth_number(3))
        rows = [one | {"batch": "B" * 300} for one in rows] + [row(factories.nth_number(4), kind="further_dose")]
    job = ImportJob.objects.get(pk=worked(Program(uppsala), as_csv(rows), dry_run="true")["id"])
    assert job.state == ("refused" if way == "refused" else "checked")
    assert way == "refused" or job.rows.exclude(chain=None).count() == 3
    if way == "failed":
        ImportJob.objects.filter(pk=job.pk).update(state="running")
    if way == "expired":
        ImportJob.objects.filter(pk=job.pk).update(uploaded_at=job.uploaded_at - timedelta(hours=25))
    sweep_imports()
    known = {2} if way == "refused" else set()
    assert set(job.rows.exclude(chain=None).values_list("line", flat=True)) == known
    unknown = [digest for place in (2, 3, 4) for digest in digests_of(factories.nth_number(place))]
    assert not [table for digest in unknown for table in tables_that_name(digest.hex())]


def test_the_steward_sees_who_came_near_the_budget(lists, uppsala):
    quiet = factories.user("sto", lists.centres["STO"], lists.centres["FAL"])
    factories.user("nobody", lists.centres["UPP"])
    for place in range(7):
        ask_api(uppsala, factories.nth_number(place))
    upload(uppsala, [factories.nth_number(place) for place in (20, 21, 22)])
    ask_api(quiet, factories.nth_number(1))
    later(minutes=90)
    ask_api(quiet, factories.nth_number(2))
    client = sign_in(factories.user("steward", national_role="steward"))
    page = client.get(address("desk"))
    assert [(one.username, one.centres, one.most, one.hour, one.day, one.in_files, one.refused, one.near)
            for one in page.context["askers"]] == [
        ("upp", "UPP", 5, 0, 5, 3, 2, True), ("sto", "FAL, STO", 1, 1, 2, 0, 0, False),
    ]  # fmt: skip
    assert text(page).count("Near the limit") == 1
    later(days=1)
    assert client.get(address("desk")).context["askers"] == []
    assert sign_in(uppsala).get(address("desk")).status_code == 404


def test_neither_a_draft_nor_a_kept_answer_nor_a_look_up_holds_a_digest(uppsala):
    number = factories.nth_number(1)
    ask_form(uppsala, number, do="draft")
    ask_guidance(uppsala, number)
    Program(uppsala).enter({"idempotency_key": "one"}, patient_id=number, kind="further_dose")
    assert Lookup.objects.exists()
    assert not [table for digest in digests_of(number) for table in tables_that_name(digest.hex())]


@pytest.mark.django_db(transaction=True)
def test_at_the_edge_eight_at_once_never_get_more(committed_lists):
    user = factories.user("upp", committed_lists.centres["UPP"])
    for place in range(3):
        ask_api(user, factories.nth_number(place))
    programs, answers = [Program(user) for _one in range(8)], []

    def ask(place: int) -> None:
        try:
            answers.append(
                programs[place].enter(patient_id=factories.nth_number(10 + place), kind="further_dose").status_code
            )
        finally:
            connection.close()

    threads = [Thread(target=ask, args=[place]) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [400, 400, *[429] * 6]
    assert AccessLog.objects.filter(action="search").count() == 11
