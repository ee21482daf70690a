"""Rows of a refused file that only the registry's steward can settle are sent to them from its report."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry.access import Operator
from registry.entry.importing.job import sweep_imports
from registry.entry.patients.erasure import erase_patient
from registry.entry.questions import referrals, settling
from registry.models import ImportJob, ImportRow, Infusion, Lookup, Referral
from tests import factories
from tests.desk import COORDINATION, MAN, SECOND_WOMAN, WOMAN, address, sign_in, text
from tests.test_import import ROW
from tests.test_import_jobs import everything_stored, receive, run

pytestmark = pytest.mark.usefixtures("unsent")

STRANGER = factories.number(birth_number=988)
FIRST = ROW | {"centre": "UPP", "kind": "first", "infused_on": "2020-03-04"}
# By line: two that nothing but another centre's rows refuses, one that has another fault too, one of a person
# who is new, one that is right.
ROWS = [
    FIRST | {"patient_id": WOMAN, "batch": "B17"},
    FIRST | {"patient_id": MAN, "kind": "", "infused_on": "2020-05", "date_precision": "month"},
    FIRST | {"patient_id": COORDINATION, "product": "Aspirin"},
    FIRST | {"patient_id": STRANGER, "infused_on": "2090-01-01"},
    FIRST | {"patient_id": SECOND_WOMAN},
]
ELSEWHERE = (WOMAN, MAN, COORDINATION)


@pytest.fixture
def persons(lists):
    dates = ("2021-05-05", "2019-07-07", "2021-01-02")
    return [
        factories.record(lists, who, centre="STO", infused_on=day).patient
        for who, day in zip(ELSEWHERE, dates, strict=True)
    ]


@pytest.fixture
def job(nurse, persons):
    return run(receive(nurse, ROWS))


def refer(client, job, **typed):
    return client.post(address("import-refer", job_id=job.pk), typed, follow=True)


def kept(job) -> set[int]:
    return set(ImportRow.objects.filter(job=job, staged__isnull=False).values_list("line", flat=True))


def test_only_what_the_steward_alone_can_settle_is_kept_and_offered(nurse, job):
    assert job.state == "refused"
    assert kept(job) == {2, 3}
    page = text(sign_in(nurse).get(address("import", job_id=job.pk)))
    assert page.count('name="line"') == 2
    assert "Send all 2 to the registry&#x27;s steward" in page or "Send all 2 to the registry's steward" in page
    for number in (*ELSEWHERE, STRANGER):
        assert number.replace("-", "") not in everything_stored()


@pytest.mark.usefixtures("neighbours")
def test_a_row_is_sent_as_it_was_read_and_released_for_whom_it_is(nurse, job, persons):
    client = sign_in(nurse)
    answer = text(refer(client, job, line="2"))
    sent = Referral.objects.get()
    assert (sent.centre.code, sent.code, sent.sent_by) == ("UPP", "known_elsewhere", "nurse")
    assert sent.fields["infused_on"] == "2020-03-04"
    assert (sent.fields["batch"], sent.fields["kind"]) == ("B17", "first")
    assert address("referral", referral_id=sent.pk) in answer
    assert kept(job) == {3}
    steward = factories.user("steward", national_role="steward")
    assert referrals.find_person(sent, by=steward) == persons[0]
    [theirs] = persons[0].infusions.all()
    answers = {settling.SENT: "first", str(theirs.pk): "reinfusion"}
    stated = settling.read_sent(sent, by=steward)
    seen = settling.Settlement([theirs], answers, stated).fingerprint()
    settling.release_referral(referral_id=sent.pk, answers=answers, by=steward, message="", shown=seen)
    assert [one.centre.code for one in persons[0].infusions.in_order()] == ["UPP", "STO"]


def test_all_are_sent_at_once_and_none_twice(nurse, job):
    client = sign_in(nurse)
    assert "2 rows are sent" in text(refer(client, job))
    assert sorted(one.fields["infused_on"] for one in Referral.objects.all()) == ["2020-03-04", "2020-05"]
    for typed in ({}, {"line": "2"}, {"line": "4"}, {"line": "5"}, {"line": "6"}):
        assert "is sent to" not in text(refer(client, job, **typed))
    assert kept(job) == set()
    again = run(receive(nurse, ROWS))
    refer(client, again)
    assert Referral.objects.count() == 2
    assert not Infusion.objects.filter(centre__code="UPP").exists()


@pytest.mark.usefixtures("neighbours")
def test_what_is_sent_is_judged_again(nurse, job, persons):
    for infusion in Infusion.objects.filter(patient=persons[0]):
        infusion.delete()
    answer = text(refer(sign_in(nurse), job))
    assert "1 row is sent" in answer
    assert "Line 2:" in answer
    assert Referral.objects.count() == 1


def test_a_look_up_is_counted_once_with_the_file_and_anew_an_hour_later(nurse, job, settings):
    client = sign_in(nurse)
    before = Lookup.objects.count()
    refer(client, job, line="2")
    assert Lookup.objects.count() == before
    settings.LOOKUPS_PER_HOUR = 0
    Lookup.objects.update(at=timezone.now() - timedelta(hours=2))
    answer = text(refer(client, job, line="3"))
    assert Referral.objects.count() == 1
    assert "rows are sent" not in answer
    assert kept(job) == {3}


@pytest.mark.parametrize("line", ["0", "-1", "x", "²", "9" * 30, "2\x00"])
def test_a_line_that_is_none_is_refused(nurse, job, line):
    assert refer(sign_in(nurse), job, line=line).status_code in (200, 404)
    assert not Referral.objects.exists()


def test_nobody_else_sends_them_and_an_erasure_and_a_day_take_them(nurse, job, persons, lists):
    for other in (factories.user("colleague", lists.centres["UPP"]), factories.user("s", national_role="steward")):
        assert refer(sign_in(other), job).status_code == 404
    erase_patient(patient=persons[1], by=Operator(), reason="asked for it")
    assert kept(job) == {2}
    ImportJob.objects.update(uploaded_at=timezone.now() - timedelta(hours=25))
    sweep_imports()
    assert not ImportRow.objects.exists()
    refer(sign_in(nurse), job)
    assert not Referral.objects.exists()


def test_a_key_that_has_come_since_loses_nobody(nurse, job, persons, settings):
    settings.IDENTITY_KEYS = {"new": b"n" * 32} | settings.IDENTITY_KEYS
    refer(sign_in(nurse), job, line="2")
    found = referrals.find_person(Referral.objects.get(), by=factories.user("steward", national_role="steward"))
    assert found == persons[0]
