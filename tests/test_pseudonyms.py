"""A pseudonym is its centre's, and names whom the centre has an infusion of; else it is used up.

The model: which (centre, pseudonym) was given to whom, and where each person's infusions lie.
"""

import csv
import io
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from registry.access import Operator
from registry.entry.importing.pipeline import import_infusions
from registry.entry.infusions.record import correct_infusion, record_infusion, withdraw_infusion
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.identifiers import IdentifierKnown, IdentifierTaken, add_identifier
from registry.entry.patients.lookup import find_patient
from registry.entry.patients.merge import merge_patients
from registry.entry.patients.move import move_patient
from registry.errors import MergeImpossible, RegistryError
from registry.identity import read_identifier
from registry.models import Infusion, Patient, PatientIdentifier
from tests import factories
from tests.calling import Program, errors_of, refused

pytestmark = pytest.mark.django_db
BY = Operator()
CENTRES = ("UPP", "STO", "UME")
NAMES = ("local:7", "local:8")
FIRST_DAY = date(2019, 1, 1)
AGE = {"age_at_infusion": 40}
SENTENCE = "This pseudonym has been used before and cannot be used again at your centre"


def import_row(by, **row) -> list[str]:
    """Check a file of one row: the codes of what is refused."""
    text, found = io.StringIO(), []

    def report(_line, problem) -> None:
        if not problem.warning:
            found.append(problem.code)

    row = {"category": "CUP", "product": "Kymriah", "indication": "C91.0", "age_at_infusion": "40"} | row
    writer = csv.DictWriter(text, list(row))
    writer.writeheader()
    writer.writerow(row)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "row.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        try:
            import_infusions(path=path, by=by, dry_run=True, report=report)
        finally:
            factories.drop_import_tables()
    return found


class Pseudonyms(RuleBasedStateMachine):
    """Recording, correcting, moving, merging, withdrawing and erasing, beside the model."""

    rows = Bundle("rows")

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.given: dict[tuple[str, str], int] = {}  # (centre, pseudonym) -> person
        self.where: dict = {}  # infusion -> (person, centre)
        self.keys: dict[int, int] = {}  # person -> key
        self.made = 0
        self.days = 0
        self.calls, self.compared = 0, -1  # how many of the registry, and at which all was last compared

    def teardown(self):
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    @initialize()
    def store_lists(self):
        self.lists = factories.store_lists()
        self.reporters = {code: factories.user(code.lower(), self.lists.centres[code]) for code in CENTRES}

    def named(self, centre: str, name: str) -> int | None:
        """Whom a pseudonym names at its centre."""
        person = self.given.get((centre, name))
        return person if (person, centre) in self.where.values() else None

    def patient(self, person: int) -> Patient:
        return Patient.objects.get(pk=self.keys[person])

    def next_day(self) -> date:
        self.days += 1
        return FIRST_DAY + timedelta(days=self.days)

    @rule(target=rows, centre=st.sampled_from(CENTRES), name=st.sampled_from(NAMES))
    def enter(self, centre, name):
        """By a clinic. The answer is by the model, and the same dry, by form, program and file."""
        self.calls += 1
        person, by = self.named(centre, name), self.reporters[centre]
        used_up = person is None and (centre, name) in self.given
        day, kind = self.next_day(), "first" if person is None else "reinfusion"
        codes = import_row(by, centre=centre, patient_id=name, infused_on=str(day), kind=kind)
        assert codes == (["pseudonym_used"] if used_up else [])
        stated = factories.stated(
            self.lists, name, centre=centre, category="CUP", kind=kind, infused_on=day, **AGE
        )
        before = Infusion.objects.count(), Patient.objects.count()
        try:
            stored = record_infusion(stated=stated, by=by)
        except RegistryError as error:
            assert used_up
            assert (error.code, Infusion.objects.count(), Patient.objects.count()) == ("pseudonym_used", *before)
            return multiple()
        assert not used_up
        if person is None:
            self.made += 1
            person = self.given[centre, name] = self.made
            self.keys[person] = stored.patient_id
        assert stored.patient_id == self.keys[person]
        self.where[stored.pk] = person, centre
        return stored.pk

    @rule(key=rows, centre=st.sampled_from(CENTRES))
    def correct(self, key, centre):
        if self.is_there(key):
            self.calls += 1
            changes = {"centre": self.lists.centres[centre]}
            correct_infusion(infusion_id=key, changes=changes, by=BY, reason="another centre's")
            self.where[key] = self.where[key][0], centre

    @rule(key=rows)
    def withdraw(self, key):
        if self.is_there(key):
            self.calls += 1
            withdraw_infusion(infusion_id=key, by=BY, reason="never given")

    def is_there(self, key) -> bool:
        return Infusion.objects.filter(pk=key, status="submitted").exists()

    @rule(key=rows, centre=st.sampled_from(CENTRES))
    def move(self, key, centre):
        person, origin = self.where.get(key, (None, centre))
        if origin == centre:
            return
        self.calls += 1
        centres = {"from_centre": self.lists.centres[origin], "to_centre": self.lists.centres[centre]}
        move_patient(patient=self.patient(person), by=BY, reason="another centre's", **centres)
        moved = (person, origin)
        self.where = {one: (person, centre) if at == moved else at for one, at in self.where.items()}

    @rule(one=rows, other=rows)
    def merge(self, one, other):
        if one not in self.where or other not in self.where or self.where[one][0] == self.where[other][0]:
            return
        self.calls += 1
        keep, absorb = self.where[one][0], self.where[other][0]
        try:
            merge_patients(keep=self.patient(keep), absorb=self.patient(absorb), by=BY, reason="one person")
        except MergeImpossible:
            raise AssertionError("every infusion has a day of its own") from None
        self.where = {key: (keep if at[0] == absorb else at[0], at[1]) for key, at in self.where.items()}
        self.given = {name: keep if person == absorb else person for name, person in self.given.items()}

    @rule(key=rows)
    def erase(self, key):
        """Then the pseudonym is free: nothing is left of whom it named."""
        if key not in self.where:
            return
        self.calls += 1
        person = self.where[key][0]
        erase_patient(patient=self.patient(person), by=BY, reason="asked for", refuses=False)
        self.where = {one: at for one, at in self.where.items() if at[0] != person}
        self.given = {name: holder for name, holder in self.given.items() if holder != person}

    @invariant()
    def the_registry_is_as_the_model(self):
        """Compared after each step that has asked something of the registry."""
        if self.compared != self.calls:
            self.compared = self.calls
            self.compare_answers()
            self.compare_rows()

    def compare_answers(self):
        """A clinic is answered about whom it has."""
        for centre, reporter in getattr(self, "reporters", {}).items():
            for name in NAMES:
                identifier = read_identifier(name, centre=centre)
                with transaction.atomic():
                    found = find_patient(identifier=identifier, by=reporter)
                person = self.named(centre, name)
                assert (found and found.pk) == (person and self.keys[person])

    def compare_rows(self):
        """Nobody is stored twice."""
        assert {pk: (person, centre) for pk, person, centre in self.stored()} == {
            key: (self.keys[person], centre) for key, (person, centre) in self.where.items()
        }
        assert PatientIdentifier.objects.count() == len(self.given)

    def stored(self):
        return Infusion.objects.values_list("pk", "patient", "centre__code")


def test_any_sequence_leaves_each_pseudonym_to_whom_its_centre_has(db, settings):
    settings.LOOKUPS_PER_HOUR = settings.LOOKUPS_PER_HOUR_IMPORT = 100_000
    examples = max(hypothesis_settings().max_examples // 2, 1)  # of fifty steps each
    run_state_machine_as_test(Pseudonyms, settings=hypothesis_settings(max_examples=examples))


@pytest.fixture
def uppsala(lists):
    return factories.user("upp", lists.centres["UPP"])


def lose(lists, how: str) -> None:
    """Uppsala's only infusion of local:7 becomes another centre's."""
    infusion = factories.record(lists, "local:7", infused_on="2020-05-05", category="CUP", **AGE)
    other = factories.record(
        lists, "local:9", centre="STO", infused_on="2021-06-06", category="CUP", age_at_infusion=41
    )
    centres = {"from_centre": lists.centres["UPP"], "to_centre": lists.centres["STO"]}
    if how == "corrected":
        correct_infusion(infusion_id=infusion.pk, changes={"centre": lists.centres["STO"]}, by=BY, reason="wrong")
    else:
        move_patient(patient=infusion.patient, by=BY, reason="wrong", **centres)
    if how == "moved and merged":
        merge_patients(keep=other.patient, absorb=infusion.patient, by=BY, reason="one")


HOW = ["corrected", "moved", "moved and merged"]


@pytest.mark.parametrize("how", HOW)
def test_form_program_and_file_refuse_alike_whatever_became_of_the_person(lists, uppsala, how):
    """The very infusion, and any other: the same sentence, nothing more, and nothing stored."""
    lose(lists, how)
    before = Infusion.objects.count(), Patient.objects.count()
    client = Client()
    client.force_login(uppsala)
    for day, kind in (
        ("2020-05-05", "first"),
        ("2022-02-02", "reinfusion"),
        ("2022-02-02", ""),
        ("2019-01-01", "first"),
    ):
        row = {"centre": "UPP", "patient_id": "local:7", "category": "CUP", "product": "Kymriah",
               "indication": "C91.0", "infused_on": day, "kind": kind, "age_at_infusion": "40"}  # fmt: skip
        assert import_row(uppsala, **row) == ["pseudonym_used"]
        problem = refused(
            Program(uppsala).call("POST", "infusions", row | {"age_at_infusion": 40}), 400, "infusion_refused"
        )
        assert errors_of(problem) == {("patient_id", "pseudonym_used")}
        for do in ("check", "submit", "draft"):
            shown = client.post("/en/clinic/infusions/new", row | {"do": do})
            errors = shown.context["form"].errors.as_data()
            assert [error.code for error in errors.pop("patient_id")] == ["pseudonym_used"]
            assert SENTENCE in shown.content.decode()
            assert "already in the registry" not in shown.content.decode()
    search = client.post("/en/clinic/infusions/", {"who": "local:7"})
    assert "No patient at your centre has this number." in search.content.decode()
    assert (Infusion.objects.count(), Patient.objects.count()) == before


@pytest.mark.parametrize("how", HOW)
def test_it_names_the_person_again_whom_the_centre_has_again(lists, uppsala, how):
    lose(lists, how)
    moved = Infusion.objects.get(infused_on=date(2020, 5, 5))
    correct_infusion(infusion_id=moved.pk, changes={"centre": lists.centres["UPP"]}, by=BY, reason="it was right")
    later = factories.record(lists, "local:7", infused_on="2023-05-05", kind="reinfusion", category="CUP",
                             age_at_infusion=43)  # fmt: skip
    assert later.patient_id == Infusion.objects.get(pk=moved.pk).patient_id


def test_a_withdrawn_infusion_keeps_its_pseudonym(lists, uppsala):
    infusion = factories.record(lists, "local:7", infused_on="2020-05-05", category="CUP", **AGE)
    withdraw_infusion(infusion_id=infusion.pk, by=BY, reason="never given")
    again = factories.record(lists, "local:7", infused_on="2020-06-05", category="CUP", by=uppsala, **AGE)
    assert again.patient_id == infusion.patient_id


@pytest.mark.parametrize("how", HOW)
def test_the_steward_gives_it_to_nobody_else(lists, how):
    lose(lists, how)
    holder = Infusion.objects.get(infused_on=date(2020, 5, 5)).patient
    other = factories.record(lists, "local:8", infused_on="2022-05-05", category="CUP", **AGE).patient
    identifier = read_identifier("local:7", centre="UPP")
    for patient, refusal in ((other, IdentifierTaken), (holder, IdentifierKnown)):
        with pytest.raises(refusal):
            add_identifier(patient=patient, identifier=identifier, by=BY, reason="known by it")


def test_the_same_pseudonym_of_another_centre_is_somebody_else(lists):
    lose(lists, "moved")
    assert import_row(BY, centre="STO", patient_id="local:7", infused_on="2022-01-01", kind="first") == []
