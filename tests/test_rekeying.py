"""A key is replaced while the service goes on: nobody is registered twice or lost, and nothing stays behind."""

import random
import threading
import time
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import BinaryField

from registry.access import Operator
from registry.entry.importing.job import receive_file
from registry.entry.importing.pipeline import import_infusions
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.key_in_use import IdentityKeyUnknown
from registry.entry.patients.locked import claim_identifier
from registry.entry.patients.lookup import PatientRefused
from registry.entry.patients.merge import merge_patients
from registry.entry.patients.rekeying import Left, count_left, rekey
from registry.entry.questions import referrals
from registry.errors import Busy, InfusionRefused
from registry.identity import read_identifier
from registry.keyed_digests import SealedIdentifier, chain_of, split_chain
from registry.models import IdentityKeyInUse, ImportJob, Patient, PatientIdentifier, Referral, Refusal
from swecar.postgresql.roles import CLINIC
from tests import factories
from tests.database_roles import acting_for
from tests.rekeying import start_rekeying
from tests.test_identity import KEYS, chained, put_in_front
from tests.test_import import as_csv
from tests.test_lookups import row
from tests.test_races import Other, count_waiting, wait_for

WOMAN, MAN = factories.number(date(1970, 6, 15), 980), factories.number(date(1970, 6, 15), 981)
OTHER = factories.number(date(1980, 7, 16), 982)
NONE_LEFT = Left(0, 0, 0, 0)
BY = Operator()
AGAIN = {"infused_on": "2021-05-05", "kind": "reinfusion"}


def message(number: str) -> bytes:
    return f"person:{number.replace('-', '')}".encode()


def put_three(settings) -> None:
    put_in_front(settings, "2026", "2025", "2024")


def test_every_number_is_carried_on_to_the_newest_key(lists, settings):
    put_in_front(settings, "2024")
    woman = factories.record(lists, WOMAN).patient
    put_in_front(settings, "2025", "2024")
    man = factories.record(lists, MAN).patient
    put_three(settings)
    assert count_left() == Left(2, 0, 0, 0)
    assert rekey() == []
    assert count_left() == NONE_LEFT
    for patient, number in ((woman, WOMAN), (man, MAN)):
        [stored] = patient.identifiers.all()
        assert (stored.key_id, bytes(stored.digest)) == ("2026", chained(message(number), "2024", "2025", "2026"))
        assert bytes(stored.birth_digest) == chained(b"birth-date:1970-06-15", "2024", "2025", "2026")
        assert factories.record(lists, number, **AGAIN).patient == patient
    history = PatientIdentifier.pgh_event_model.objects.filter(reason="the key of the digests was replaced")
    assert (history.count(), set(history.values_list("acted_by", flat=True))) == (2, {"operator"})


def test_a_process_without_the_key_in_use_registers_nobody(lists, settings, tmp_path):
    put_in_front(settings, "2025", "2024")
    factories.record(lists, WOMAN)
    put_in_front(settings, "2024")
    for number in (WOMAN, MAN):
        with pytest.raises(IdentityKeyUnknown):
            factories.record(lists, number, **AGAIN)
    with pytest.raises(IdentityKeyUnknown):
        rekey()
    put_three(settings)
    factories.record(lists, MAN)
    assert IdentityKeyInUse.objects.get().newest == "2026"
    assert Patient.objects.count() == 2


def test_one_who_refused_is_known_by_every_number_after_each_replacement(lists, settings):
    put_in_front(settings, "2024")
    erase_patient(patient=factories.record(lists, WOMAN).patient, by=BY, reason="asked for it")
    put_in_front(settings, "2025", "2024")
    erase_patient(patient=factories.record(lists, MAN).patient, by=BY, reason="asked for it")
    stands = factories.record(lists, OTHER).patient
    put_three(settings)
    for carried in (False, True):
        if carried:
            assert rekey() == []
        for number in (WOMAN, MAN):
            with pytest.raises(PatientRefused):
                factories.record(lists, number)
    assert set(Refusal.objects.values_list("key_id", flat=True)) == {"2026"}
    erase_patient(patient=stands, by=BY, reason="asked for it")
    with pytest.raises(PatientRefused):
        factories.record(lists, OTHER)
    assert count_left() == NONE_LEFT


def test_what_waits_is_found_through_the_run_and_keeps_no_older_digest(lists, settings):
    """A referral and a checked file: sent again it is known, its person is found, it is stored, and erased."""
    put_in_front(settings, "2024")
    nurse = factories.user("nurse", lists.centres["UPP"])
    person = factories.record(lists, WOMAN, centre="STO").patient
    stated = factories.stated(lists, WOMAN, infused_on="2019-05-05", kind="first")
    sent = referrals.send_referral(stated=stated, by=nurse, patient=person)
    put_in_front(settings, "2025", "2024")
    content = as_csv([row(MAN)])
    job = receive(nurse, content)
    assert count_left() == Left(1, 0, 1, 1)
    for _each in range(2):
        assert rekey() == []
        assert count_left() == NONE_LEFT
        newest = chain_of(read_identifier(WOMAN, centre="UPP").digests())[-32:]
        sent.refresh_from_db()
        assert [step for step in split_chain(sent.chain) if any(step)] == [newest]
        assert referrals.send_referral(stated=stated, by=nurse, patient=person) == sent
        assert referrals.find_person(sent, by=factories.user(f"s{_each}", national_role="steward")) == person
        put_three(settings)
    # What is kept from now on holds the newest alone from the beginning.
    stated = factories.stated(lists, WOMAN, infused_on="2018-05-05", kind="first")
    later = referrals.send_referral(stated=stated, by=nurse, patient=person)
    receive(nurse, content)
    assert count_left() == NONE_LEFT
    assert Referral.objects.filter(pk=later.pk).exists()
    erase_patient(patient=person, by=BY, reason="asked for it")
    assert not Referral.objects.exists()
    assert job.pk


def receive(nurse, content: bytes) -> ImportJob:
    return receive_file(file=BytesIO(content), by=nurse)


def test_a_number_that_stands_twice_stands_once_or_is_the_stewards(lists, settings):
    """Before the key in use stood in the database, two processes could store one number under two keys."""
    put_in_front(settings, "2024")
    keep = factories.record(lists, WOMAN).patient
    PatientIdentifier.objects.all().update(key_id="hidden")
    put_in_front(settings, "2025", "2024")
    absorb = factories.record(lists, WOMAN, **AGAIN).patient
    PatientIdentifier.objects.filter(key_id="hidden").update(key_id="2024")
    assert keep != absorb
    refused = factories.record(lists, MAN).patient
    assert rekey() == [keep.registry_number]
    assert count_left() == Left(1, 0, 0, 0)
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")
    assert rekey() == []
    assert [one.key_id for one in keep.identifiers.all()] == ["2025"]
    assert factories.record(lists, WOMAN, infused_on="2022-05-05", kind="reinfusion").patient == keep
    assert refused.identifiers.count() == 1


def test_the_command_says_what_is_left(lists, settings, capsys):
    put_in_front(settings, "2024")
    factories.record(lists, WOMAN)
    put_in_front(settings, "2025", "2024")
    with pytest.raises(SystemExit) as left:
        call_command("rotate_identity_key", "--check")
    assert left.value.code == 1
    assert "identifiers: 1 under an older key than 2025" in capsys.readouterr().out
    call_command("rotate_identity_key")
    assert "Carried on to 2025: 1 identifiers, 0 refusals" in capsys.readouterr().out
    call_command("rotate_identity_key", "--check")
    put_in_front(settings, "2024")
    with pytest.raises(CommandError) as behind:
        call_command("rotate_identity_key")
    assert behind.value.returncode == 75


def test_the_check_sees_all_persons_whoevers_connection_it_has(lists, settings):
    """What it did not see, it would call done, and the old key be destroyed."""
    factories.record(lists, factories.nth_number(1))
    factories.record(lists, factories.nth_number(2), centre="STO")
    put_in_front(settings, "2026")
    with acting_for(CLINIC):
        assert count_left().identifiers == 2


# What is carried on, and why the rest is not.
CARRIED = {
    "PatientIdentifier": {"digest", "birth_digest"},
    "Refusal": {"token"},
    "Referral": {"chain", "birth_digest"},
    "ImportRow": {"chain", "birth_digest"},
}
NOT_CARRIED = {
    "Referral": {"place"},  # of a date, a sequence and a product, which stand in the open elsewhere
    "Lookup": {"token"},  # under SECRET_KEY, for an hour
    "SealedUpload": {"content"},  # under SECRET_KEY, for a day
    "Draft": {"sealed"},  # under SECRET_KEY, for a week
    "IdentityKeyInUse": {"mark"},  # of a text that is no number; made anew with each key
    "IdempotencyKey": {"request_digest", "secret_mark"},  # these are of no person
    "ChainLink": {"hash"},  # salted
    "Invitation": {"token_digest"},
    "ReleaseFile": {"content"},
    "Token": {"digest"},
}


def test_every_column_that_may_hold_a_digest_is_carried_on_or_says_why_not():
    found = {
        (model.__name__, column.name)
        for model in apps.get_app_config("registry").get_models()
        for column in model._meta.get_fields()
        if isinstance(column, BinaryField)
    }
    tables = [*CARRIED.items(), *NOT_CARRIED.items()]
    assert found == {(model, name) for model, names in tables for name in names}


# While others work, and killed.


class Mixed(threading.local):
    """Settings of a process that has a key more than another, as threads."""

    IDENTITY_KEEPER = None

    def __init__(self):
        self.be_level()

    def be_level(self) -> None:
        self.IDENTITY_KEYS = {name: KEYS[name] for name in ("2025", "2024")}

    def be_behind(self) -> None:
        self.IDENTITY_KEYS = {"2024": KEYS["2024"]}


@pytest.mark.django_db(transaction=True)
def test_a_process_that_waited_for_one_with_the_new_key_registers_nobody_again(committed_lists, monkeypatch):
    """It has seen the old key in use, and waits for the number's lock; what it finds then is the new one."""
    mixed = Mixed()
    monkeypatch.setattr("registry.identity_keys.settings", mixed)

    def enter_behind():
        mixed.be_behind()
        return factories.record(committed_lists, WOMAN, infused_on="2021-05-05", kind="reinfusion")

    mixed.be_behind()
    factories.record(committed_lists, OTHER)
    mixed.be_level()
    with transaction.atomic():
        first = factories.record(committed_lists, WOMAN)
        behind = Other(enter_behind)
        behind.start()
        wait_for(lambda: count_waiting() == 1)
    assert isinstance(behind.result(), IdentityKeyUnknown), behind.outcome
    assert [one.patient for one in PatientIdentifier.objects.filter(key_id="2025")] == [first.patient]
    assert Patient.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_released_referral_and_an_entry_of_one_new_person_wait_for_each_other(committed_lists, settings):
    """After a run a referral holds the newest digest alone, and is locked by it as an entry is."""
    put_in_front(settings, "2025", "2024")
    factories.record(committed_lists, OTHER)  # the key is in use already: its introduction is waited for as well
    whole = read_identifier(MAN, centre="UPP")
    sealed = SealedIdentifier(type=whole.type, chain=chain_of(whole.digests(), newest_alone=True))
    with transaction.atomic():
        claim_identifier(whole)

        def claim_sealed():
            with transaction.atomic():
                claim_identifier(sealed)

        other = Other(claim_sealed)
        other.start()
        wait_for(lambda: count_waiting() == 1)
    assert other.result() is None


@pytest.mark.django_db(transaction=True)
def test_killed_again_and_again_it_loses_and_doubles_nobody(committed_lists, settings, tmp_path):
    """Entries, a file, merges and erasures by other threads, which know both keys; the command is a process."""
    lists, chance = committed_lists, random.Random(0)
    numbers = [factories.nth_number(place) for place in range(80)]
    put_in_front(settings, "2024")
    days = [date(2019, 1, 1) + timedelta(days=place) for place in range(60)]
    known = {
        number: factories.record(lists, number, infused_on=day).patient.pk
        for number, day in zip(numbers, days, strict=False)
    }
    put_in_front(settings, "2025", "2024")
    erased, merged, faults = set(numbers[30:34]), {numbers[34]: numbers[35], numbers[36]: numbers[37]}, []
    stop = threading.Event()

    def enter() -> int:
        entered = 0
        for round_ in range(1_000):
            if stop.is_set():
                break
            number = chance.choice(numbers[:30] + numbers[60:70])
            try:
                factories.record(lists, number, infused_on=str(date(2021, 1, 1) + timedelta(days=round_)),
                                 kind="reinfusion" if number in known else None)  # fmt: skip
                entered += 1
            except (Busy, InfusionRefused):  # two threads at one day, or at one new person
                continue
            except Exception as fault:
                faults.append(fault)
        return entered

    def administer() -> None:
        for number in erased:
            erase_patient(patient=Patient.objects.get(pk=known[number]), by=BY, reason="asked for it")
            time.sleep(0.2)
        for one, other in merged.items():
            merge_patients(keep=Patient.objects.get(pk=known[one]), absorb=Patient.objects.get(pk=known[other]),
                           by=BY, reason="one person", explanation="by their record")  # fmt: skip
            time.sleep(0.2)

    def bring_file() -> object:
        path = tmp_path / "file.csv"
        path.write_bytes(as_csv([row(number) for number in numbers[70:]]))
        while True:
            try:
                return import_infusions(path=path, by=BY).stored
            except Busy:
                time.sleep(0.1)

    at_work = [Other(work) for work in (enter, enter, administer, bring_file)]
    for other in at_work:
        other.start()
    keys = {name: KEYS[name] for name in ("2025", "2024")}
    for _kill in range(5):
        process, before = start_rekeying(keys, "--batch", "1"), count_left().identifiers
        wait_for(lambda before=before: count_left().identifiers < before - 3)
        time.sleep(chance.uniform(0, 0.01))
        process.kill()
        process.communicate()
        assert count_left().identifiers > 5, "killed when it was done"
    process = start_rekeying(keys, "--batch", "1")
    said, _nothing = process.communicate(timeout=120)
    stop.set()
    results = [other.result() for other in at_work]
    assert (process.returncode, faults) == (0, []), said
    assert results[0] + results[1] > 20 and results[2:] == [None, 10], results
    assert count_left() == NONE_LEFT
    holders = {number: holder(number) for number in numbers}
    for number in numbers:
        if number in erased:
            assert holders[number] is None
            with pytest.raises(PatientRefused):
                factories.record(lists, number)
        elif number in merged.values():
            assert holders[number] == known[next(one for one, other in merged.items() if other == number)]
        elif number in known:
            assert holders[number] == known[number]
    living = [holder for holder in holders.values() if holder]
    assert PatientIdentifier.objects.count() == len(living)
    assert Patient.objects.count() == len(set(living))


def holder(number: str) -> int | None:
    found = factories.find_person(read_identifier(number, centre=""))
    return found and found.pk
