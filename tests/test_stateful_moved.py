"""Whatever is corrected, moved, merged, withdrawn and entered again, by whom it may: nothing is stored twice.

The model is a list of rows, each with every place that it ever had; it shares nothing with the registry.
"""

from datetime import date
from itertools import product

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run

from registry.access import Operator
from registry.entry.infusions.record import correct_infusion, record_infusion, withdraw_infusion
from registry.entry.patients.merge import merge_patients
from registry.entry.patients.move import move_patient
from registry.errors import RegistryError
from registry.models import Infusion, Patient
from tests import factories
from tests.test_pseudonyms import import_row

pytestmark = pytest.mark.django_db
BY = Operator()
CENTRES = ("UPP", "STO")
BORN = date(1970, 1, 1)
NUMBERS = (factories.number(BORN, 980), factories.number(BORN, 982, coordination=True))
DAYS = (date(2020, 5, 5), date(2020, 6, 6))
PRODUCTS = ("Kymriah", "Yescarta")
PLACES = tuple(product(DAYS, PRODUCTS))
ANY_PLACE, ANY_CENTRE = st.sampled_from(PLACES), st.sampled_from(CENTRES)


class Row:
    """What the model knows of an infusion."""

    def __init__(self, person, centre, place, kind="reinfusion"):
        self.person, self.centre, self.place, self.kind, self.counts = person, centre, place, kind, True
        self.was = {(centre, place)}

    def becomes(self, *, centre=None, place=None):
        self.centre, self.place = centre or self.centre, place or self.place
        self.was.add((self.centre, self.place))


class Moved(RuleBasedStateMachine):
    rows = Bundle("rows")

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.model: dict = {}
        self.persons = dict(zip(NUMBERS, "AB", strict=True))
        self.keys: dict = {}

    def teardown(self):
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    @initialize(target=rows, at=ANY_CENTRE)
    def two_persons_have_a_first(self, at):
        self.lists = factories.store_lists()
        self.reporters = {code: factories.user(code.lower(), self.lists.centres[code]) for code in CENTRES}
        made = []
        for number, day, centre in zip(NUMBERS, (date(2020, 2, 3), date(2020, 2, 4)), (at, "UPP"), strict=True):
            stored = factories.record(self.lists, number, centre=centre, infused_on=day, age_at_infusion=50)
            self.keys[self.persons[number]] = stored.patient_id
            self.model[stored.pk] = Row(self.persons[number], centre, (day, "Kymriah"), "first")
            made.append(stored.pk)
        return multiple(*made)

    def of(self, person):
        return [row for row in self.model.values() if row.person == person]

    def refusal(self, person, centre, place, *, besides=None, new_day=True) -> str:
        """Why a clinic may not record an infusion there; empty where it may."""
        others = [row for row in self.of(person) if row is not besides]
        same_day = [row for row in others if row.counts and row.centre == centre and row.place[0] == place[0]]
        if new_day and same_day:
            return "duplicate" if same_day[0].place == place else "sequence_taken"
        elsewhere = [row for row in others if row.centre != centre]
        if any(row.counts for row in elsewhere) and any((centre, place) in row.was for row in elsewhere):
            return "known_elsewhere"
        return ""

    def attempt(self, act) -> str:
        """The code of what refuses it, whereupon nothing is changed; empty where it is done."""
        try:
            with transaction.atomic():
                self.made = act()
        except RegistryError as refused:
            return refused.code
        return ""

    @rule(target=rows, number=st.sampled_from(NUMBERS), centre=ANY_CENTRE, place=ANY_PLACE)
    def enter(self, number, centre, place):
        person, by, (day, name) = self.persons[number], self.reporters[centre], place
        expected = self.refusal(person, centre, place)
        file = import_row(by, centre=centre, patient_id=number, infused_on=str(day), kind="reinfusion",
                          product=name, category="SOC", age_at_infusion="50")  # fmt: skip
        # A file that holds a row which is stored already says nothing of it.
        assert file == ([expected] if expected not in {"", "duplicate"} else []), (file, expected)
        stated = factories.stated(
            self.lists, number, centre=centre, infused_on=day, product=name, kind="reinfusion"
        )
        assert self.attempt(lambda: record_infusion(stated=stated, by=by)) == expected
        if expected:
            return multiple()
        self.model[self.made.pk] = Row(person, centre, place)
        return self.made.pk

    @rule(key=rows, other=rows)
    def correct_onto(self, key, other):
        """Where another infusion has once been, at the centre that may correct this one."""
        places = [place for centre, place in sorted(self.model[other].was) if centre == self.model[key].centre]
        if key != other and places:
            self.correct(key, places[-1])

    @rule(key=rows, place=ANY_PLACE)
    def correct_to_any(self, key, place):
        self.correct(key, place)

    def correct(self, key, place):
        row = self.model[key]
        if row.kind == "first" or not row.counts:
            return
        new_day = place[0] != row.place[0]
        expected = "" if place == row.place else self.refusal(row.person, row.centre, place, besides=row,
                                                              new_day=new_day)  # fmt: skip
        changes = {"infused_on": place[0], "product": self.lists.products[place[1]], "age_at_infusion": 50}
        by = self.reporters[row.centre]
        done = self.attempt(lambda: correct_infusion(infusion_id=key, changes=changes, by=by, reason="journal"))
        assert done == expected
        if not expected:
            row.becomes(place=place)

    @rule(key=rows, centre=ANY_CENTRE)
    def correct_centre(self, key, centre):
        row = self.model[key]
        if not row.counts or row.centre == centre:
            return
        taken = [
            one for one in self.of(row.person) if one is not row and one.counts and one.place[0] == row.place[0]
        ]
        changes = {"centre": self.lists.centres[centre]}
        done = self.attempt(lambda: correct_infusion(infusion_id=key, changes=changes, by=BY, reason="wrong"))
        assert bool(done) == bool(taken)
        if not done:
            row.becomes(centre=centre)

    @rule(key=rows)
    def move(self, key):
        person, origin = self.model[key].person, self.model[key].centre
        target = CENTRES[1 - CENTRES.index(origin)]
        here, there = ([row for row in self.of(person) if row.centre == centre] for centre in (origin, target))
        days = [{row.place[0] for row in rows if row.counts} for rows in (here, there)]
        centres = {"from_centre": self.lists.centres[origin], "to_centre": self.lists.centres[target]}
        patient = Patient.objects.get(pk=self.keys[person])
        done = self.attempt(lambda: move_patient(patient=patient, by=BY, reason="wrong", **centres))
        assert done == ("move_impossible" if days[0] & days[1] else "")
        if not done:
            for row in here:
                row.becomes(centre=target)

    @rule(turned=st.booleans())
    def merge(self, turned):
        keep, absorb = "BA" if turned else "AB"
        if len(set(self.persons.values())) == 1:
            return
        days = [{row.place[0] for row in self.of(person) if row.counts} for person in (keep, absorb)]
        one, other = (Patient.objects.get(pk=self.keys[person]) for person in (keep, absorb))
        done = self.attempt(lambda: merge_patients(keep=one, absorb=other, by=BY, reason="one person"))
        assert done == ("merge_impossible" if days[0] & days[1] else "")
        if done:
            return
        for row in self.of(absorb):
            row.person = keep
        self.persons = dict.fromkeys(NUMBERS, keep)
        for late in sorted((row for row in self.of(keep) if row.counts), key=lambda row: row.place)[1:]:
            late.kind = "reinfusion"

    @rule(key=rows)
    def withdraw(self, key):
        if self.model[key].counts:
            withdraw_infusion(infusion_id=key, by=self.reporters[self.model[key].centre], reason="never given")
            self.model[key].counts = False

    @invariant()
    def what_is_stored_is_what_the_model_has(self):
        stored = {
            one.pk: (one.patient_id, one.centre.code, (one.infused_on, one.product.name), one.status, one.kind)
            for one in Infusion.objects.select_related("centre", "product")
        }
        assert stored == {
            key: (
                self.keys[row.person],
                row.centre,
                row.place,
                "submitted" if row.counts else "withdrawn",
                row.kind,
            )
            for key, row in self.model.items()
        }


def test_any_sequence_stores_nothing_twice(db):
    steps = settings(max_examples=max(12, settings.default.max_examples // 2), stateful_step_count=25)
    run(Moved, settings=steps)
