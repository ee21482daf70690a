"""Whatever is entered, imported, merged and erased while keys come and a run is stopped: who is who stays.

The model knows which numbers are of one person, and which are erased; it shares nothing with the registry.
"""

import tempfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import transaction
from hypothesis import settings as Settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from registry.access import Operator
from registry.entry.importing.pipeline import import_infusions
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.lookup import PatientRefused
from registry.entry.patients.merge import merge_patients
from registry.entry.patients.rekeying import Left, count_left, rekey
from registry.identity import read_identifier
from registry.identity_keys import key_ids
from registry.models import Patient, PatientIdentifier, Refusal
from tests import factories
from tests.test_identity import KEYS
from tests.test_import import as_csv
from tests.test_lookups import row

BY = Operator()
BORN = date(1970, 1, 1)
NUMBERS = [factories.number(BORN, birth) for birth in (980, 982, 984, 986)]
ANY = st.sampled_from(NUMBERS)


class Stopped(Exception):
    """As by a kill between two transactions."""


class Rekeyed(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.lists = factories.store_lists()
        self.known = 1  # keys
        self.persons: dict[str, int] = {}  # by number
        self.erased: set[str] = set()
        self.day = date(2010, 1, 1)
        self.put_keys()

    def teardown(self):
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    def put_keys(self):
        configured.IDENTITY_KEYS = dict(reversed(list(KEYS.items())[: self.known]))

    def next_day(self) -> date:
        self.day += timedelta(days=1)
        return self.day

    @precondition(lambda self: self.known < len(KEYS))
    @rule()
    def bring_key(self):
        self.known += 1
        self.put_keys()

    @rule(number=ANY)
    def enter(self, number):
        kind = "reinfusion" if number in self.persons else None
        try:
            infusion = factories.record(self.lists, number, infused_on=self.next_day(), kind=kind)
        except PatientRefused:
            assert number in self.erased
        else:
            assert number not in self.erased
            assert self.persons.setdefault(number, infusion.patient.pk) == infusion.patient.pk

    @rule(numbers=st.sets(ANY, min_size=1))
    def bring_file(self, numbers):
        kinds = {number: {"kind": "reinfusion"} if number in self.persons else {} for number in sorted(numbers)}
        rows = [row(number, infused_on=str(self.next_day()), **kind) for number, kind in kinds.items()]
        with tempfile.NamedTemporaryFile(suffix=".csv") as file:
            Path(file.name).write_bytes(as_csv(rows))
            done = import_infusions(path=Path(file.name), by=BY)
        if numbers & self.erased:
            assert done.refused == len(numbers & self.erased)  # and nothing is stored, see the invariant
            return
        assert done.stored == len(numbers)
        for number in numbers:
            found = factories.find_person(read_identifier(number, centre="")).pk
            assert self.persons.setdefault(number, found) == found

    @rule(one=ANY, other=ANY)
    def merge(self, one, other):
        keep, absorb = self.persons.get(one), self.persons.get(other)
        if keep is None or absorb is None or keep == absorb:
            return
        merge_patients(keep=Patient.objects.get(pk=keep), absorb=Patient.objects.get(pk=absorb), by=BY,
                       reason="one person", explanation="by their record")  # fmt: skip
        self.persons = {number: keep if person == absorb else person for number, person in self.persons.items()}

    @rule(number=ANY)
    def erase(self, number):
        if person := self.persons.get(number):
            erase_patient(patient=Patient.objects.get(pk=person), by=BY, reason="asked for it")
            self.erased |= {one for one, theirs in self.persons.items() if theirs == person}
            self.persons = {one: theirs for one, theirs in self.persons.items() if theirs != person}

    @rule(batches=st.integers(1, 3))
    def rekey_and_stop(self, batches):
        left = [batches]

        def stop(_kind, _rows):
            left[0] -= 1
            if not left[0]:
                raise Stopped

        try:
            assert rekey(batch=1, after_batch=stop) == []
        except Stopped:
            pass
        else:
            assert count_left() == Left(0, 0, 0, 0)

    @rule()
    def rekey(self):
        assert rekey() == []
        assert count_left() == Left(0, 0, 0, 0)
        for model in (PatientIdentifier, Refusal):
            assert set(model.objects.values_list("key_id", flat=True)) <= {key_ids()[-1]}

    @invariant()
    def who_is_who_stays(self):
        assert PatientIdentifier.objects.count() == len(self.persons)
        assert Patient.objects.count() == len(set(self.persons.values()))
        for number in NUMBERS:
            found = factories.find_person(read_identifier(number, centre=""))
            assert (found and found.pk) == self.persons.get(number)


@pytest.mark.django_db
def test_who_is_who_stays_while_keys_come_and_runs_are_stopped(settings):
    settings.IDENTITY_KEYS = settings.IDENTITY_KEYS  # put back afterwards
    run(Rekeyed, settings=Settings(max_examples=12, stateful_step_count=25))
