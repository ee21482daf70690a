"""Concurrent actions, with real threads and transactions: one waits for the other, and both are right."""

import csv
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import connection, transaction

from registry.access import Operator
from registry.choices import Category, Kind, Status
from registry.entry.importing.pipeline import import_infusions
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.locks import lock_entry
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.lookup import PatientRefused
from registry.entry.patients.merge import merge_patients
from registry.errors import Busy, InfusionRefused, NotFound
from registry.identity import read_identifier
from registry.models import Infusion, Patient, PatientIdentifier, Snapshot
from registry.publishing import verification
from registry.publishing.old_facts import prune_facts
from registry.publishing.publish import LOCKED, publish
from registry.publishing.verification import verify
from tests import factories
from tests.desk import address, sign_in

LIMIT = 30  # seconds until a test gives up
WOMAN, ALIAS = factories.number(date(1970, 1, 1), 980), factories.number(date(1970, 1, 1), 982)
BY = Operator()


class Other(threading.Thread):
    """Another user's work in a thread with its own connection."""

    def __init__(self, work: Callable):
        super().__init__(daemon=True)
        self.work = work
        self.outcome: object = None

    def run(self):
        try:
            self.outcome = self.work()
        except Exception as fault:
            self.outcome = fault
        finally:
            connection.close()

    def result(self):
        """What the work returned or raised."""
        self.join(LIMIT)
        assert not self.is_alive(), "the other one waits for ever"
        return self.outcome


def count_waiting() -> int:
    """The number of connections to this database that wait for a lock."""
    with connection.cursor() as cursor:
        # Inside a transaction the view would stay as at the first query.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "what was waited for has not come"
        time.sleep(0.005)


@contextmanager
def before_commit(work: Callable) -> Iterator[Other]:
    """Start other work after ours; it must be waiting before we commit."""
    other = Other(work)
    with transaction.atomic():
        yield other
        other.start()
        wait_for(lambda: count_waiting() == 1)


def at_once(*works: Callable) -> list:
    """Start all at the same moment; return what each returned or raised."""
    gate = threading.Barrier(len(works))

    def begin(work: Callable):
        def begun():
            gate.wait(LIMIT)
            return work()

        return begun

    others = [Other(begin(work)) for work in works]
    for other in others:
        other.start()
    return [other.result() for other in others]


def code_of(outcome: object) -> str:
    """The code of a refusal, or `stored`; anything else fails the test."""
    if isinstance(outcome, InfusionRefused):
        return outcome.code
    assert isinstance(outcome, Infusion), repr(outcome)
    return "stored"


@pytest.fixture
def lists(committed_lists):
    return committed_lists


@pytest.fixture
def record(lists):
    """Record an infusion of the woman; tests look at the refusals."""

    def recorded(patient: str = WOMAN, **fields):
        return factories.record(lists, patient, **fields)

    return recorded


@pytest.fixture
def bring(lists, tmp_path):
    """Import one row of the woman."""

    def imported(**fields):
        row = {
            "centre": "UPP", "patient_id": WOMAN, "category": "SOC", "product": "Kymriah",
            "indication": "C91.0", "infused_on": "2021-06-06",
        } | fields  # fmt: skip
        path = tmp_path / "exchange.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, row)
            writer.writeheader()
            writer.writerow(row)
        problems = []
        summary = import_infusions(path=path, by=BY, report=lambda line, problem: problems.append(problem.code))
        return summary, problems

    return imported


def assert_sound() -> None:
    """Every person has an identifier and one first infusion, none is stored twice, and the recount agrees."""
    assert Patient.objects.count() == Patient.objects.filter(identifiers__isnull=False).distinct().count()
    firsts = list(Infusion.objects.counted().filter(kind=Kind.FIRST).values_list("patient", flat=True))
    assert len(firsts) == len(set(firsts))
    publish()
    assert verify().differences == []


# Two record the same new person.


@pytest.mark.parametrize(
    ("kind", "day", "expected"),
    [
        (None, "2021-06-06", "kind_unclear"),
        ("first", "2021-06-06", "second_first"),
        ("reinfusion", "2021-06-06", "stored"),
        ("first", "2020-05-05", "duplicate"),
        ("first", "2019-01-01", "kind_unclear"),
    ],
)
def test_the_second_to_record_a_new_person_finds_the_person_and_the_first_infusion(record, kind, day, expected):
    with before_commit(lambda: record(kind=kind, infused_on=day)) as other:
        record(infused_on="2020-05-05")
    assert code_of(other.result()) == expected
    assert Patient.objects.count() == PatientIdentifier.objects.count() == 1
    assert Infusion.objects.filter(kind=Kind.FIRST).count() == 1
    assert_sound()


def test_the_second_to_record_is_first_if_the_other_was_rolled_back(record):
    other = Other(lambda: record(infused_on="2021-06-06"))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(infused_on="2020-05-05")
        other.start()
        wait_for(lambda: count_waiting() == 1)
        raise ZeroDivisionError
    assert code_of(other.result()) == "stored"
    assert Infusion.objects.get().kind == Kind.FIRST


def test_many_who_record_the_same_new_person_store_one_person_with_one_first(record):
    days = ("2020-05-05", "2020-06-06", "2020-07-07", "2020-08-08")
    outcomes = at_once(*(lambda day=day: record(infused_on=day) for day in days))
    codes = [code_of(outcome) for outcome in outcomes]
    assert sorted(codes) == ["kind_unclear"] * 3 + ["stored"]
    assert Patient.objects.count() == Infusion.objects.count() == 1
    assert_sound()


def test_different_persons_recorded_at_once_are_all_stored(record):
    numbers = [factories.nth_number(place) for place in range(4)]
    outcomes = at_once(*(lambda number=number: record(number) for number in numbers))
    assert [code_of(outcome) for outcome in outcomes] == ["stored"] * 4
    assert Patient.objects.count() == 4
    assert_sound()


def test_two_infusions_cannot_take_the_same_place_by_correction(record):
    one = record(infused_on="2020-05-05")
    two = record(infused_on="2021-06-06", kind="reinfusion")

    def move(infusion, day):
        changes = {"infused_on": day, "age_at_infusion": day.year - 1970}
        return correct_infusion(infusion_id=infusion.pk, changes=changes, by=BY, reason="typo")

    with before_commit(lambda: move(two, date(2020, 7, 7))) as other:
        move(one, date(2020, 7, 7))
    assert code_of(other.result()) == "duplicate"
    assert_sound()


# Two publish.


def test_concurrent_publications_publish_once(record):
    record()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {LOCKED} IN SHARE ROW EXCLUSIVE MODE")
        others = [Other(publish), Other(publish)]
        for other in others:
            other.start()
        wait_for(lambda: count_waiting() == 2)
    outcomes = [other.result() for other in others]
    assert sorted(map(str, outcomes)) == ["1", "None"]
    assert Snapshot.objects.count() == 1


def test_an_infusion_recorded_during_a_publication_is_in_the_next_snapshot(record):
    record()
    with transaction.atomic():
        record(ALIAS)
        other = Other(publish)
        other.start()
        snapshot = other.result()
    assert snapshot.map_document["national"]["patients"] == 1
    assert publish().map_document["national"]["patients"] == 2
    assert publish() is None


# A person is merged or erased meanwhile.


@pytest.fixture
def pair(record):
    """Two records of one person, each with an infusion: the one to keep, the one to merge into it."""
    return record(ALIAS, infused_on="2020-05-05").patient, record(WOMAN, infused_on="2021-06-06").patient


def merge(pair) -> None:
    keep, absorb = (Patient.objects.get(pk=person.pk) for person in pair)
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")


def test_recording_a_person_who_is_being_merged_records_the_merged_person(record, pair):
    with before_commit(lambda: record(WOMAN, infused_on="2022-07-07", kind="reinfusion")) as other:
        merge(pair)
    assert code_of(other.result()) == "stored"
    assert set(Infusion.objects.values_list("patient", flat=True)) == {pair[0].pk}
    assert Infusion.objects.count() == 3
    assert_sound()


def test_recording_a_first_of_a_person_who_is_being_merged_reports_the_earlier_one(record, pair):
    withdraw_infusion(infusion_id=Infusion.objects.get(patient=pair[1]).pk, by=BY, reason="a mistake")
    with before_commit(lambda: record(WOMAN, infused_on="2022-07-07", kind="first")) as other:
        merge(pair)
    assert code_of(other.result()) == "second_first"
    assert_sound()


def test_a_merge_includes_an_infusion_being_recorded(record, pair):
    with before_commit(lambda: merge(pair)) as other:
        record(WOMAN, infused_on="2022-07-07", kind="reinfusion")
    assert other.result() is None
    assert Infusion.objects.filter(patient=pair[0]).count() == 3
    assert not Patient.objects.filter(pk=pair[1].pk).exists()
    assert_sound()


def test_an_infusion_is_withdrawn_though_its_person_is_being_merged(pair):
    infusion = Infusion.objects.get(patient=pair[1])
    with before_commit(lambda: withdraw_infusion(infusion_id=infusion.pk, by=BY, reason="a mistake")) as other:
        merge(pair)
    assert other.result() == infusion
    infusion.refresh_from_db()
    assert (infusion.status, infusion.patient_id) == (Status.WITHDRAWN, pair[0].pk)
    assert_sound()


def test_a_merge_waits_for_a_withdrawal(pair):
    infusion = Infusion.objects.get(patient=pair[0])  # the first of the two
    with before_commit(lambda: merge(pair)) as other:
        withdraw_infusion(infusion_id=infusion.pk, by=BY, reason="a mistake")
    assert other.result() is None
    left = Infusion.objects.counted().get()
    assert (left.kind, left.patient_id) == (Kind.FIRST, pair[0].pk)
    assert_sound()


def test_an_infusion_is_corrected_though_its_person_is_being_merged(pair):
    infusion = Infusion.objects.get(patient=pair[1])

    def correct():
        return correct_infusion(infusion_id=infusion.pk, changes={"batch": "B"}, by=BY, reason="typo")

    with before_commit(correct) as other:
        merge(pair)
    assert other.result() == infusion
    infusion.refresh_from_db()
    assert (infusion.batch, infusion.patient_id) == ("B", pair[0].pk)
    assert infusion.kind == Kind.REINFUSION, "the merge made it one, and the correction is not to undo that"
    assert_sound()


ACTS = {
    "merge": {"text": "One person."},
    "move": {"from_centre": "UPP", "to_centre": "STO", "text": "Wrong centre.", "shown": "UPP>STO"},
    "erase": {"refuses": "no", "confirmed": "yes", "text": "Asked for."},
}


@pytest.mark.parametrize("changes", [{"category": Category.CUP}, {"age_at_infusion": 49}], ids=str)
@pytest.mark.parametrize("action", ACTS)
def test_a_correction_between_page_and_submission_is_shown_first(record, pair, action, changes):
    """The request waits for the correction, and finds that what the page showed has changed."""
    client = sign_in(factories.user("steward", national_role="steward"))
    others = {"other": pair[1].registry_number} if action == "merge" else {}
    where = address(action, number=pair[0].registry_number, **others)
    shown = client.post(where, ACTS["move"] | {"shown": ""}) if action == "move" else client.get(where)
    sent = ACTS[action] | {"seen": shown.context["seen"]}
    infusion = Infusion.objects.get(patient=pair[0])
    with before_commit(lambda: client.post(where, sent)) as other:
        correct_infusion(infusion_id=infusion.pk, changes=changes, by=BY, reason="meanwhile")
    answer = other.result()
    if "category" in changes:
        assert answer.status_code == 200, answer
        assert "The records have changed meanwhile" in answer.content.decode()
        assert set(Infusion.objects.values_list("patient", "centre__code")) == {
            (person.pk, "UPP") for person in pair
        }
        assert client.post(where, ACTS[action] | {"seen": answer.context["seen"]}).status_code == 302
    else:  # no published number moves by it
        assert answer.status_code == 302
    assert_sound()


def test_two_merges_of_the_same_pair_in_both_directions_merge_once(pair):
    outcomes = at_once(lambda: merge(pair), lambda: merge(pair[::-1]))
    faults = [outcome for outcome in outcomes if outcome is not None]
    assert len(faults) == 1
    assert isinstance(faults[0], NotFound | Patient.DoesNotExist), repr(faults[0])
    assert Patient.objects.count() == 1
    assert_sound()


def erase(person: Patient, *, refuses: bool) -> None:
    erase_patient(patient=Patient.objects.get(pk=person.pk), by=BY, reason="asked for it", refuses=refuses)


def test_recording_a_person_who_is_being_erased_is_refused(record):
    person = record().patient
    with before_commit(lambda: record(infused_on="2022-07-07", kind="reinfusion")) as other:
        erase(person, refuses=True)
    assert isinstance(other.result(), PatientRefused)
    assert not Patient.objects.exists()


def test_recording_a_person_who_is_erased_but_not_blocked_records_a_new_person(record):
    person = record().patient
    with before_commit(lambda: record(infused_on="2022-07-07")) as other:
        erase(person, refuses=False)
    assert code_of(other.result()) == "stored"
    assert Infusion.objects.get().patient_id != person.pk
    assert_sound()


def test_an_erasure_includes_an_infusion_being_recorded(record):
    person = record().patient
    with before_commit(lambda: erase(person, refuses=True)) as other:
        record(infused_on="2022-07-07", kind="reinfusion")
    assert other.result() is None
    assert not Infusion.objects.exists()
    assert not Infusion._meta.get_field("history_rows").related_model.objects.exists()


def test_the_infusion_of_a_person_who_is_being_erased_is_not_found(record):
    infusion = record()
    with before_commit(lambda: withdraw_infusion(infusion_id=infusion.pk, by=BY, reason="a mistake")) as other:
        erase(infusion.patient, refuses=True)
    assert isinstance(other.result(), NotFound)


def test_a_person_who_is_being_erased_is_not_merged(pair):
    with before_commit(lambda: merge_patients(keep=pair[0], absorb=pair[1], by=BY, reason="one person")) as other:
        erase(pair[1], refuses=False)
    assert isinstance(other.result(), NotFound)
    assert Infusion.objects.get().patient_id == pair[0].pk
    assert_sound()


# A file is imported meanwhile.


@pytest.mark.parametrize(
    ("kind", "day", "expected"),
    [
        ("", "2021-06-06", ["kind_unclear"]),
        ("first", "2021-06-06", ["second_first"]),
        ("reinfusion", "2021-06-06", []),
        ("first", "2020-05-05", []),
    ],
)
def test_an_import_waits_for_an_entry_and_finds_its_person(record, bring, kind, day, expected):
    with before_commit(lambda: bring(kind=kind, infused_on=day)) as other:
        record(infused_on="2020-05-05")
    summary, problems = other.result()
    assert problems == expected
    assert summary.unchanged == (day == "2020-05-05")
    assert Patient.objects.count() == PatientIdentifier.objects.count() == 1
    assert_sound()


@pytest.mark.parametrize(
    ("kind", "expected"), [(None, "kind_unclear"), ("first", "second_first"), ("reinfusion", "stored")]
)
def test_an_entry_waits_for_an_import_and_finds_its_person(record, bring, kind, expected):
    with before_commit(lambda: record(infused_on="2022-07-07", kind=kind)) as other:
        assert bring()[1] == []
    assert code_of(other.result()) == expected
    assert Patient.objects.count() == PatientIdentifier.objects.count() == 1
    assert_sound()


def test_two_imports_of_one_file_store_it_once(bring):
    with before_commit(bring) as other:
        assert bring()[0].stored == 1
    assert (other.result()[0].stored, other.result()[0].unchanged) == (0, 1)
    assert Infusion.objects.count() == 1


def test_an_import_of_a_person_who_is_being_erased_is_refused(record, bring):
    person = record().patient
    with before_commit(bring) as other:
        erase(person, refuses=True)
    summary, problems = other.result()
    assert (summary.refused, problems) == (1, ["do_not_register"])
    assert not Patient.objects.exists()


def test_waiting_too_long_for_an_import_gives_busy(record):
    begun, ended = threading.Event(), threading.Event()

    def import_slowly():
        with transaction.atomic():
            lock_entry(alone=True)
            begun.set()
            return ended.wait(LIMIT)

    other = Other(import_slowly)
    other.start()
    assert begun.wait(LIMIT)
    with pytest.raises(Busy), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20ms'")
        record()
    ended.set()
    assert other.result() is True
    assert code_of(record()) == "stored"


def test_an_import_and_an_entry_at_once_store_one_of_the_two(record, bring):
    entry, brought = at_once(lambda: record(infused_on="2020-05-05", kind="first"), lambda: bring(kind="first"))
    stored = [code_of(entry) == "stored", brought[0].refused == 0]
    assert sorted(stored) == [False, True]
    assert factories.find_person(read_identifier(WOMAN, centre="UPP")) == Patient.objects.get()
    assert_sound()


def test_a_verification_during_a_publication_verifies_the_new_snapshot(record, monkeypatch):
    record()
    publish()
    compare, others = verification.compare_with_records, []

    def compare_slowly(document):
        if not others:
            others.append(Other(lambda: (record(ALIAS), publish(), prune_facts())))
            others[0].start()
            assert others[0].result()[2] == 1
        return compare(document)

    monkeypatch.setattr(verification, "compare_with_records", compare_slowly)
    verified = verify()
    assert (verified.number, verified.differences, verified.behind) == (2, [], False)
