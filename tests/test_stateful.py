"""Any sequence of recording, correcting, withdrawing, merging, erasing and publishing.

A plain model says what each call must do, and the oracle (oracle.py) what is then published.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import permutations

from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from registry.access import Operator
from registry.choices import Category, Kind
from registry.entry.infusions.record import correct_infusion, record_infusion, withdraw_infusion
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.merge import merge_patients
from registry.errors import RegistryError
from registry.identity import read_identifier
from registry.models import Infusion, Patient, PatientIdentifier, Revision, Snapshot
from registry.publishing.publish import publish
from registry.publishing.verification import verify
from tests import factories, oracle
from tests.test_oracle_counts import assert_counts_agree, assert_map_agrees, every_dimension_alone

# Of one day of birth, so that any two may be one person; who comes of age between the days.
BORN_ON = date(2004, 1, 10)
BORN = {
    factories.number(BORN_ON, 980): "female",
    factories.number(BORN_ON, 981): "male",
    factories.number(BORN_ON, 982, coordination=True): "female",
    factories.number(BORN_ON, 983): "male",
}
NUMBERS = tuple(BORN)
DAYS = tuple(date(2021, 12, 20) + timedelta(days=9 * step) for step in range(5))
EARLIEST = min(DAYS)
FEWEST_REFUSALS = 5  # which ones is chance; test_small_cases.py has each of them


@dataclass(frozen=True)
class Row:
    """An infusion as the model knows it; `person` is a number of the model's own."""

    person: int
    centre: str
    category: str
    product: str
    kind: str
    infused_on: date
    sequence: int
    age: int
    sex: str
    status: str = "submitted"

    @property
    def place(self):
        return self.infused_on, self.sequence

    def plain(self) -> dict:
        return factories.plain_row(**vars(self))


def refusal(kind: str | None, row_place: tuple, product: str, course: list[Row]) -> str | None:
    """The code by which an infusion beside the others of a course must be refused, else None."""
    for other in course:
        if other.place == row_place:
            return "duplicate" if other.product == product else "sequence_taken"
    firsts = [other for other in course if other.kind == "first"]
    if any(row_place < other.place for other in firsts):
        return "kind_unclear"
    if kind is None:
        return "kind_unclear" if any(other.place < row_place for other in course) else None
    has_earlier = any(other.place < row_place for other in course)
    if kind == "first":
        return "second_first" if firsts else "first_not_earliest" if has_earlier else None
    return "further_dose_without_earlier" if kind == "further_dose" and not has_earlier else None


def age_on(number: str, day: date) -> int:
    """Whole years, from the digits of the number."""
    month, birthday = int(number[4:6]), int(number[6:8]) % 60
    return day.year - int(number[:4]) - ((day.month, day.day) < (month, birthday))


SUMMED = ("patients", "infusions", "reinfusions", "further_doses", "children")


class Registry(RuleBasedStateMachine):
    """The real functions beside the model."""

    infusions = Bundle("infusions")
    lists: factories.Lists
    done: Counter

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.rows: dict = {}
        self.person_of: dict[str, int] = {}
        self.refused: set[str] = set()
        self.printed: dict = {}
        self.persons_made = 0
        self.moved = False  # since the last publication

    def teardown(self):
        try:
            # Which rules a run tries is chance: two persons become one at the end of each.
            for pair in self.pairs(apart=True)[:1]:
                self.merge_two(*pair)
            self.publish()
        finally:
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    # What is called, and what must come of it.

    def read_revision(self) -> int:
        return Revision.objects.get().number

    def call(self, expected: str | None, function, *, changes_something: bool = True, **arguments):
        """The result, or None where the call is refused as expected.

        The revision moves where something has changed, and only there.
        """
        before = self.read_revision()
        try:
            result = function(by=Operator(), **arguments)
        except RegistryError as error:
            assert error.code == expected, f"refused as {error.code}, expected {expected}"
            assert self.read_revision() == before
            self.done[f"{function.__name__}: {expected}"] += 1
            return None
        assert expected is None, f"accepted, expected {expected}"
        assert (self.read_revision() > before) is changes_something
        self.moved |= changes_something
        self.done[function.__name__] += 1
        return result

    def course(self, person: int | None, without=None) -> list[Row]:
        return [
            row
            for key, row in self.rows.items()
            if row.person == person and row.status == "submitted" and key != without
        ]

    @rule(
        target=infusions,
        number=st.sampled_from(NUMBERS),
        centre=st.sampled_from(("UPP", "STO", "UME")),
        category=st.sampled_from(list(Category)),
        product=st.sampled_from(("Kymriah", "Yescarta")),
        kind=st.sampled_from((None, None, "first", "further_dose", "reinfusion")),
        answer=st.sampled_from((None, None, None, "further_dose", "reinfusion")),
        day=st.sampled_from(DAYS),
        sequence=st.sampled_from((1, 1, 2)),
    )
    def record(self, number, centre, category, product, kind, answer, day, sequence):
        person = self.person_of.get(number)
        course = self.course(person)
        # Only of a first that the new one comes before is it asked what it becomes.
        asked = kind == "first" and [row for row in course if row.kind == "first" and (day, sequence) < row.place]
        answered = [replace(row, kind=answer) if answer and asked and row in asked else row for row in course]
        expected = refusal(kind, (day, sequence), product, answered)
        if person is None and number in self.refused:
            expected = "do_not_register"
        stated = factories.stated(
            self.lists, number, centre=centre, category=category, product=product, kind=kind,
            infused_on=day, sequence=sequence,
        )  # fmt: skip
        answered_by = answer and Kind(answer)
        stored = self.call(expected, record_infusion, stated=stated, former_first_becomes=answered_by)
        if stored is None:
            return multiple()
        if person is None:
            self.persons_made += 1
            person = self.person_of[number] = self.persons_made
        for key, row in self.rows.items():
            if row in course and row.kind == "first" and answer and kind == "first":
                self.rows[key] = replace(row, kind=answer)
        self.rows[stored.pk] = Row(
            person, centre, category.value, product, kind or "first", day, sequence,
            age_on(number, day), self.sex_of(person, BORN[number]),
        )  # fmt: skip
        return stored.pk

    def sex_of(self, person: int, default: str) -> str:
        """A person's sex stays what it was when the person was first recorded."""
        return next((row.sex for row in self.rows.values() if row.person == person), default)

    @rule(
        key=infusions,
        changes=st.fixed_dictionaries(
            {},
            optional={
                "kind": st.sampled_from(list(Kind)),
                "infused_on": st.sampled_from(DAYS),
                "sequence": st.sampled_from((1, 2)),
                "centre": st.sampled_from(("UPP", "STO")),
                "product": st.sampled_from(("Kymriah", "Yescarta")),
                "batch": st.sampled_from(("", "A1")),
            },
        ),
    )
    def correct(self, key, changes):
        row = self.rows.get(key)
        if "infused_on" in changes:  # an age is stated with the date: test_ages.py has what comes without
            changes = changes | {"age_at_infusion": age_on(NUMBERS[0], changes["infused_on"])}
        batch = Infusion.objects.filter(pk=key).values_list("batch", flat=True).first() or ""
        expected, something = "not_found", False
        if row and row.status == "submitted":
            same = {"age_at_infusion": "age"}
            new = replace(
                row, **{same.get(name, name): value for name, value in changes.items() if name != "batch"}
            )
            moved = (new.kind, new.place, new.product) != (row.kind, row.place, row.product)
            course = self.course(row.person, without=key)
            expected = refusal(new.kind, new.place, new.product, course) if moved else None
            something = new != row or changes.get("batch", batch) != batch
        looked_up = dict(changes)
        if "centre" in changes:
            looked_up["centre"] = self.lists.centres[changes["centre"]]
        if "product" in changes:
            looked_up["product"] = self.lists.products[changes["product"]]
        call = {"infusion_id": key, "changes": looked_up, "reason": "misread"}
        if self.call(expected, correct_infusion, changes_something=something, **call):
            self.rows[key] = replace(new, kind=str(new.kind))

    @rule(key=infusions)
    def withdraw(self, key):
        row = self.rows.get(key)
        expected = None if row and row.status == "submitted" else "not_found"
        if self.call(expected, withdraw_infusion, infusion_id=key, reason="entered twice"):
            self.rows[key] = replace(row, status="withdrawn")

    def clash(self, *persons) -> bool:
        """Whether two persons have an infusion on one day with one sequence."""
        ours, theirs = ({row.place for row in self.course(person)} for person in persons)
        return bool(ours & theirs)

    @precondition(lambda self: len(set(self.person_of.values())) > 1)
    @rule(data=st.data())
    def merge(self, data):
        self.merge_two(*data.draw(st.sampled_from(self.pairs())))

    def pairs(self, *, apart: bool = False) -> list[tuple[int, int]]:
        """Two persons each, or only those that may be merged."""
        pairs = permutations(sorted(set(self.person_of.values())), 2)
        return [pair for pair in pairs if not (apart and self.clash(*pair))]

    def merge_two(self, keep: int, absorb: int) -> None:
        ours, theirs = self.course(keep), self.course(absorb)
        clash = self.clash(keep, absorb)
        before = oracle.total(self.plain_rows())
        patients = {"keep": self.stored_person(keep), "absorb": self.stored_person(absorb)}
        expected = "merge_impossible" if clash else None
        effect = self.call(expected, merge_patients, **patients, reason="same person")
        if effect is None:
            return
        # The plain reading: one person, whose infusions but the earliest are no longer the first.
        both = sorted(ours + theirs, key=lambda row: row.place)
        late_firsts = [row for row in both[1:] if row.kind == "first"]
        # What a personal identity number says beats a coordination number, else the kept person's stays.
        better = keep if self.is_known_personally(keep) or not self.is_known_personally(absorb) else absorb
        sex = self.sex_of(better, patients["keep" if better == keep else "absorb"].sex)
        for key, row in self.rows.items():
            if row.person in (keep, absorb):
                kind = "reinfusion" if row in late_firsts else row.kind
                self.rows[key] = replace(row, person=keep, kind=kind, sex=sex)
        self.person_of = {n: keep if p == absorb else p for n, p in self.person_of.items()}
        after = oracle.total(self.plain_rows())
        national = {row.cell.by: row.moves for row in effect}.get((), dict.fromkeys(SUMMED, 0))
        assert national == {name: after[name] - before[name] for name in SUMMED}
        assert not Patient.objects.filter(pk=patients["absorb"].pk).exists()

    def is_known_personally(self, person: int) -> bool:
        """Whether one of a person's numbers is a personal identity number."""
        return any(holder == person and int(number[6:8]) < 32 for number, holder in self.person_of.items())

    @precondition(lambda self: self.person_of)
    @rule(data=st.data(), refuses=st.booleans())
    def erase(self, data, refuses):
        person = data.draw(st.sampled_from(sorted(set(self.person_of.values()))))
        stored = self.stored_person(person)
        self.call(None, erase_patient, patient=stored, reason="asked for", refuses=refuses)
        numbers = {number for number, holder in self.person_of.items() if holder == person}
        self.refused |= numbers if refuses else set()
        self.person_of = {n: p for n, p in self.person_of.items() if p != person}
        self.rows = {key: row for key, row in self.rows.items() if row.person != person}

    @rule()
    def publish(self):
        snapshot = publish()
        assert (snapshot is not None) is (self.moved or not self.printed)
        if snapshot:
            self.printed[snapshot.number] = (snapshot.hash, snapshot.map_document)
            self.done["published"] += 1
        self.moved = False
        assert verify().differences == []
        rows = self.plain_rows()
        for as_of in (None, EARLIEST, DAYS[2]):
            assert_map_agrees(rows, as_of)
        for question in every_dimension_alone():
            assert_counts_agree(rows, question)
        kept = {one.number: (one.hash, one.map_document) for one in Snapshot.objects.all()}
        assert kept == self.printed, "a published snapshot has changed"

    @invariant()
    def stored_rows_are_the_models(self):
        stored = Counter(_facts_of(row) for row in factories.read_rows())
        assert stored == Counter(_facts_of(row) for row in self.plain_rows())
        persons = {infusion.pk: infusion.patient_id for infusion in Infusion.objects.all()}
        pairs = {(row.person, persons[key]) for key, row in self.rows.items()}
        assert len(pairs) == len({mine for mine, _theirs in pairs}) == len({one for _mine, one in pairs})

    @invariant()
    def the_nations_patients_are_its_distinct_persons(self):
        rows = oracle.counted(self.plain_rows())
        assert oracle.total(rows)["patients"] == Infusion.objects.counted().values("patient").distinct().count()
        assert Patient.objects.count() == len(set(self.person_of.values()))
        assert PatientIdentifier.objects.count() == len(self.person_of)

    def plain_rows(self) -> list[dict]:
        return [row.plain() for row in self.rows.values()]

    def stored_person(self, person: int) -> Patient:
        number = next(number for number, holder in self.person_of.items() if holder == person)
        return factories.find_person(read_identifier(number, centre=""))


def _facts_of(row: dict) -> tuple:
    return tuple(
        str(row[name])
        for name in ("centre", "category", "kind", "product", "infused_on", "sequence", "age", "sex", "status")
    )


def test_any_sequence_of_calls_does_what_the_model_says(lists):
    done = Counter()

    class Machine(Registry):
        pass

    Machine.lists, Machine.done = lists, done
    profile = settings.default
    steps = settings(max_examples=profile.max_examples // 3, stateful_step_count=30)
    run_state_machine_as_test(Machine, settings=steps)
    wanted = {
        "record_infusion", "correct_infusion", "withdraw_infusion", "merge_patients", "erase_patient", "published",
    }  # fmt: skip
    assert wanted <= done.keys(), f"never tried: {sorted(wanted - done.keys())}"
    refusals = [call for call in done if ": " in call]
    assert len(refusals) >= FEWEST_REFUSALS, f"too few refusals: {refusals}"
