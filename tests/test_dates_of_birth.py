"""The date of birth in a number is kept as a keyed digest, to be compared and never read."""

import csv
from datetime import date

import pytest
from django.db import IntegrityError, transaction

from registry.access import Operator
from registry.entry.importing import job as import_job
from registry.entry.importing.job import store_checked
from registry.entry.importing.pipeline import import_infusions
from registry.entry.importing.referrals import send_rows
from registry.entry.infusions.record import withdraw_infusion
from registry.entry.patients.identifiers import add_identifier, replace_identifier
from registry.entry.patients.merge import merge_patients
from registry.entry.questions import settling
from registry.entry.questions.referrals import send_referral
from registry.errors import MergeImpossible, RegistryError
from registry.identity import read_identifier
from registry.keyed_digests import carry_birth_digest
from registry.models import IdentityKeyInUse, ImportJob, ImportRow, Patient, PatientIdentifier, Referral
from tests import factories
from tests.calling import Program
from tests.desk import address, number, sign_in, text
from tests.test_identity import put_in_front
from tests.test_import_jobs import receive, run

pytestmark = pytest.mark.django_db
BY = Operator()
BORN, OTHER = date(1970, 1, 1), date(1970, 2, 1)
PERSONAL = factories.number(BORN, 980)
SAME_DAY = factories.number(BORN, 986)
COORDINATION = factories.number(BORN, 982, coordination=True)
OTHER_DAY = factories.number(OTHER, 984)
OTHER_COORDINATION = factories.number(OTHER, 988, coordination=True)
PARTIAL = f"19700060-982{factories.check_digit('700060982')}"
RESERVE = "stockholm:991234567897"
LOCAL = "local:7"
EVERYWHERE = {  # how a number comes in, and whether a date comes with it
    PERSONAL: True, COORDINATION: True, PARTIAL: False, RESERVE: False, LOCAL: False,
}  # fmt: skip
ROW = {"centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0", "infused_on": "2020-05-05",
       "kind": "first"}  # fmt: skip


def person(lists, who, day="2020-05-05", **fields) -> Patient:
    age = {} if EVERYWHERE.get(who, True) else {"age_at_infusion": int(day[:4]) - 1970}
    return factories.record(lists, who, infused_on=day, **(age | fields)).patient


def merge(keep, absorb, **more):
    return merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person", **more)


@pytest.fixture
def steward(lists):
    return sign_in(factories.user("steward", national_role="steward"))


def kept_of(patient) -> list[bool]:
    found = patient.identifiers.order_by("pk").values_list("birth_digest", flat=True)
    return [digest is not None for digest in found]


# What a merge asks


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("one", "other"),
    [(PERSONAL, OTHER_DAY), (PERSONAL, OTHER_COORDINATION), (COORDINATION, OTHER_COORDINATION)],
)
def test_two_dates_in_one_year_need_a_why(lists, steward, one, other, turned):
    """The ages agree, on one date and on another: nothing but the dates themselves tells."""
    keep, absorb = person(lists, one), person(lists, other, "2021-05-05", centre="STO")
    if turned:
        keep, absorb = absorb, keep
    for blank in ("", "  "):
        with pytest.raises(MergeImpossible) as refused:
            merge(keep, absorb, explanation=blank)
        assert refused.value.code == "merge_unexplained"
    where = address("merge", number=number(keep), other=number(absorb))
    page = steward.get(where)
    assert 'name="explanation"' in text(page)
    assert "give different dates of birth" in text(page)
    sent = {"seen": page.context["seen"], "text": "One person."}
    assert "give different dates of birth" in text(steward.post(where, sent))
    assert Patient.objects.count() == 2
    assert steward.post(where, sent | {"explanation": "Corrected by the tax agency."}).status_code == 302
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(("one", "other"), [(PERSONAL, SAME_DAY), (PERSONAL, COORDINATION)])
def test_the_same_date_needs_none(lists, steward, one, other):
    """A coordination number's day has 60 added, and is the same day."""
    keep, absorb = person(lists, one), person(lists, other, "2021-05-05")
    page = steward.get(address("merge", number=number(keep), other=number(absorb)))
    assert 'name="explanation"' not in text(page)
    merge(keep, absorb)
    assert kept_of(Patient.objects.get()) == [True, True]


@pytest.mark.parametrize("other", [LOCAL, RESERVE])
def test_someone_without_a_date_needs_none(lists, other):
    merge(person(lists, PERSONAL), person(lists, other, "2021-05-05"))
    assert Patient.objects.count() == 1


def forget(patient) -> None:
    """A number as it was stored before its date was."""
    PatientIdentifier.objects.filter(patient=patient).update(birth_digest=None)


@pytest.mark.parametrize("forgotten", ["one", "other", "both"])
def test_dates_that_cannot_be_compared_need_a_why(lists, steward, forgotten):
    keep, absorb = person(lists, PERSONAL), person(lists, SAME_DAY, "2021-05-05")
    for name, patient in (("one", keep), ("other", absorb)):
        if forgotten in {name, "both"}:
            forget(patient)
    page = steward.get(address("merge", number=number(keep), other=number(absorb)))
    assert 'name="explanation"' in text(page)
    assert "cannot be compared" in text(page)
    with pytest.raises(MergeImpossible) as refused:
        merge(keep, absorb)
    assert refused.value.code == "merge_unexplained"
    assert "cannot be compared" in str(refused.value)
    merge(keep, absorb, explanation="seen in the population register")
    assert Patient.objects.count() == 1


def test_a_coordination_number_without_a_day_cannot_be_compared(lists):
    keep, absorb = person(lists, PERSONAL), person(lists, PARTIAL, "2021-05-05")
    with pytest.raises(MergeImpossible) as refused:
        merge(keep, absorb)
    assert refused.value.code == "merge_unexplained"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("numbers", "against", "asks"),
    [
        ((LOCAL, COORDINATION), SAME_DAY, False),
        ((LOCAL, COORDINATION), OTHER_DAY, True),
        ((COORDINATION, PERSONAL), OTHER_COORDINATION, True),
        ((PARTIAL, PERSONAL), SAME_DAY, False),  # one of the two is known, and the same
        ((PARTIAL, PERSONAL), OTHER_DAY, True),
        ((RESERVE, LOCAL), OTHER_DAY, False),
        ((PERSONAL, OTHER_DAY), SAME_DAY, True),
    ],
)
def test_any_number_of_several_counts(lists, numbers, against, asks, turned):
    keep = person(lists, numbers[0])
    known = read_identifier(numbers[1], centre="UPP")
    add_identifier(patient=keep, identifier=known, by=BY, reason="the same person", despite="it is right")
    absorb = person(lists, against, "2021-05-05")
    pair = (absorb, keep) if turned else (keep, absorb)
    if asks:
        with pytest.raises(MergeImpossible) as refused:
            merge(*pair)
        assert refused.value.code == "merge_unexplained"
    else:
        merge(*pair)


@pytest.mark.parametrize("who", [OTHER_DAY, OTHER_COORDINATION])
def test_a_number_that_is_added_with_another_date_needs_a_why(lists, who):
    patient = person(lists, PERSONAL)
    identifier = read_identifier(who, centre="UPP")
    with pytest.raises(RegistryError) as refused:
        add_identifier(patient=patient, identifier=identifier, by=BY, reason="new")
    assert (refused.value.code, kept_of(patient)) == ("identifier_contradicts", [True])
    assert "date of birth" in str(refused.value)
    wrong = patient.identifiers.get().pk
    replace_identifier(patient=patient, wrong=wrong, identifier=identifier, by=BY, reason="it was mistyped")
    assert kept_of(patient) == [True]


# Keys


@pytest.mark.parametrize(("other", "asks"), [(SAME_DAY, False), (OTHER_DAY, True)])
def test_dates_under_different_keys_are_compared(lists, settings, other, asks):
    put_in_front(settings, "2024")
    keep = person(lists, PERSONAL)
    put_in_front(settings, "2025", "2024")
    absorb = person(lists, other, "2021-05-05")
    put_in_front(settings, "2026", "2025", "2024")
    if asks:
        with pytest.raises(MergeImpossible):
            merge(keep, absorb)
    else:
        merge(keep, absorb)
        assert set(PatientIdentifier.objects.values_list("key_id", flat=True)) == {"2024", "2025"}


def test_dates_under_a_key_that_is_gone_cannot_be_compared(lists, settings):
    put_in_front(settings, "2024")
    keep = person(lists, PERSONAL)
    IdentityKeyInUse.objects.all().delete()  # a process without the key registers nobody otherwise
    put_in_front(settings, "2025")
    absorb = person(lists, SAME_DAY, "2021-05-05")
    with pytest.raises(MergeImpossible) as refused:
        merge(keep, absorb)
    assert "cannot be compared" in str(refused.value)


def test_a_digest_of_a_date_is_keyed_and_not_that_of_anything_else(settings):
    put_in_front(settings, "2024")
    one, other = (read_identifier(who, centre="UPP") for who in (PERSONAL, COORDINATION))
    digest = one.birth_digest()
    assert digest == other.birth_digest() != read_identifier(OTHER_DAY, centre="UPP").birth_digest()
    assert len(digest) == 32
    for text_ in ("1970-01-01", "19700101", "local:UPP:1970-01-01"):
        assert read_identifier(f"local:{text_[-10:]}", centre="UPP").digests()[0][1] != digest
    put_in_front(settings, "2025")
    assert one.birth_digest() != digest


# By every way in


def by_function(lists, who, user, folder):
    person(lists, who, by=user)


def by_program(lists, who, user, folder):
    row = ROW | {"patient_id": who, "age_at_infusion": None if EVERYWHERE[who] else 50}
    answer = Program(user).call("POST", "infusions", {name: value for name, value in row.items() if value})
    assert answer.status_code == 201, answer.content


def by_form(lists, who, user, folder):
    row = ROW | {"patient_id": who, "do": "submit"} | ({} if EVERYWHERE[who] else {"age_at_infusion": "50"})
    assert sign_in(user).post("/en/clinic/infusions/new", row).status_code == 302


def by_command(lists, who, user, folder):
    path = folder / "rows.csv"
    row = ROW | {"patient_id": who, "age_at_infusion": "" if EVERYWHERE[who] else "50"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    assert import_infusions(path=path, by=user).stored == 1
    factories.drop_import_tables()


def by_upload(lists, who, user, folder):
    row = ROW | {"patient_id": who, "age_at_infusion": "" if EVERYWHERE[who] else "50"}
    assert run(receive(user, [row])).state == "checked"
    store_checked(job_id=ImportJob.objects.get().pk, by=user)
    assert run(ImportJob.objects.get()).state == "stored"


def by_steward(lists, who, user, folder):
    patient = factories.record(lists, "local:18", infused_on="2020-05-05", age_at_infusion=50).patient
    PatientIdentifier.objects.filter(patient=patient).delete()
    add_identifier(patient=patient, identifier=read_identifier(who, centre="UPP"), by=BY, reason="known now")


WAYS = (by_function, by_program, by_form, by_command, by_upload, by_steward)


@pytest.mark.parametrize("who", EVERYWHERE)
@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_keeps_the_date_where_the_number_has_one(lists, settings, tmp_path, monkeypatch, way, who):
    monkeypatch.setattr(import_job, "send", lambda *message: None)
    put_in_front(settings, "2025", "2024")
    way(lists, who, factories.user("nurse", lists.centres["UPP"]), tmp_path)
    [stored] = PatientIdentifier.objects.all()
    expected = read_identifier(who, centre="UPP").birth_digest()
    assert (expected is not None) == EVERYWHERE[who]
    assert (stored.birth_digest and bytes(stored.birth_digest)) == expected
    put_in_front(settings, "2026", "2025", "2024")
    if expected:
        newer = read_identifier(SAME_DAY, centre="UPP").birth_digest()
        assert carry_birth_digest(stored.key_id, bytes(stored.birth_digest)) == newer


@pytest.mark.parametrize("how", ["from the form", "from a file"])
def test_what_is_sent_to_the_steward_carries_it_along(lists, settings, monkeypatch, how):
    """The person is erased before it is released, so that the number is stored anew, after a change of keys."""
    monkeypatch.setattr(import_job, "send", lambda *message: None)
    put_in_front(settings, "2024")
    theirs = factories.record(lists, PERSONAL, centre="STO", infused_on="2021-05-05")
    nurse = factories.user("nurse", lists.centres["UPP"])
    first = ROW | {"patient_id": PERSONAL, "kind": "first", "infused_on": "2020-03-04"}
    if how == "from a file":
        job = run(receive(nurse, [first]))
        assert ImportRow.objects.exclude(birth_digest=None).count() == 1
        send_rows(job=job, by=nurse)
        assert not ImportRow.objects.exclude(birth_digest=None).exists()
    else:
        stated = factories.stated(lists, PERSONAL, kind="first", infused_on="2020-03-04")
        send_referral(stated=stated, by=nurse, patient=theirs.patient)
    sent = Referral.objects.get()
    assert sent.birth_digest is not None
    put_in_front(settings, "2025", "2024")
    theirs.delete()
    theirs.patient.delete()
    steward = factories.user("steward", national_role="steward")
    stated = settling.read_sent(sent, by=steward)
    seen = settling.Settlement([], {settling.SENT: "first"}, stated).fingerprint()
    settling.release_referral(
        referral_id=sent.pk, answers={settling.SENT: "first"}, by=steward, message="", shown=seen
    )
    [stored] = PatientIdentifier.objects.all()
    assert bytes(stored.birth_digest) == read_identifier(SAME_DAY, centre="UPP").birth_digest()
    sent.refresh_from_db()
    assert (sent.chain, sent.birth_digest) == (None, None)


# What does not stay


def test_a_refused_file_keeps_no_date_of_anyone_who_is_not_there(lists, monkeypatch):
    monkeypatch.setattr(import_job, "send", lambda *message: None)
    factories.record(lists, PERSONAL, infused_on="2020-05-05")
    rows = [ROW | {"patient_id": PERSONAL, "infused_on": "2090-01-01"},
            ROW | {"patient_id": OTHER_DAY, "infused_on": "2020-05-06", "kind": "further_dose"},
            ROW | {"patient_id": COORDINATION, "infused_on": "2020-05-07", "kind": "further_dose"}]  # fmt: skip
    assert run(receive(factories.user("nurse", lists.centres["UPP"]), rows)).state == "refused"
    assert not ImportRow.objects.exclude(birth_digest=None).exists()


def test_neither_history_nor_a_pseudonym_has_one(lists):
    names = {field.name for field in PatientIdentifier.pgh_event_model._meta.fields}
    assert "patient" in names
    assert not {"digest", "birth_digest"} & names
    patient = person(lists, LOCAL)
    with pytest.raises(IntegrityError), transaction.atomic():
        patient.identifiers.update(birth_digest=b"\x00" * 32)


@pytest.mark.parametrize("way", ["function", "command"])
def test_what_the_number_says_of_the_sex_is_not_typed_over(lists, tmp_path, way):
    """By another of the person's numbers, at another centre, once all infusions there are withdrawn."""
    patient = person(lists, PERSONAL, centre="STO")
    reserve = read_identifier(RESERVE, centre="UPP")
    add_identifier(patient=patient, identifier=reserve, by=BY, reason="the same person")
    withdraw_infusion(infusion_id=patient.infusions.get().pk, by=BY, reason="never given")
    nurse = factories.user("nurse", lists.centres["UPP"])
    if way == "function":
        person(lists, RESERVE, "2021-05-05", by=nurse, sex="male", kind="first")
    else:
        path = tmp_path / "rows.csv"
        row = ROW | {"patient_id": RESERVE, "infused_on": "2021-05-05", "age_at_infusion": "51", "sex": "male"}
        path.write_text(f"{','.join(row)}\n{','.join(row.values())}\n", encoding="utf-8")
        assert import_infusions(path=path, by=nurse).stored == 1
        factories.drop_import_tables()
    assert patient.infusions.count() == 2
    assert Patient.objects.values_list("sex", "birth_year").get() == ("female", 1970)
