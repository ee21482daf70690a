"""An age does not outlive the number that gave it, and contradicts no other age once rows come together."""

from datetime import date

import pytest

from registry.access import Operator
from registry.entry.infusions.record import correct_infusion, record_infusion
from registry.entry.patients.identifiers import add_identifier, replace_identifier
from registry.entry.patients.move import MoveImpossible, move_patient
from registry.errors import InfusionRefused
from registry.identity import read_identifier
from registry.models import Infusion, Patient, Question
from tests import factories

BY = Operator()
# Nobody: born on 1 June 2002 and on 1 December 2002, so that one is a child in the autumn of 2020.
SPRING, WINTER = factories.number(date(2002, 6, 1)), factories.number(date(2002, 12, 1))
COORDINATION = factories.number(date(2002, 12, 1), 982, coordination=True)
AUTUMN, LATER = {"infused_on": "2020-09-01"}, {"infused_on": "2022-09-01", "kind": "reinfusion"}


def read(text: str, centre: str = "UPP"):
    return read_identifier(text, centre=centre)


def ages() -> list[int]:
    return list(Infusion.objects.order_by("infused_on").values_list("age_at_infusion", flat=True))


def asked() -> list[tuple[str, str]]:
    found = Question.objects.unclosed().filter(rule__startswith="age")
    return sorted((str(day), rule) for day, rule in found.values_list("infusion__infused_on", "rule"))


def test_ages_that_the_wrong_number_gave_are_derived_from_the_right_one(lists):
    person = factories.record(lists, WINTER, **AUTUMN).patient
    factories.record(lists, WINTER, **LATER)
    factories.record(
        lists, WINTER, centre="STO", infused_on="2023-01-01", date_precision="year", kind="reinfusion"
    )
    assert ages() == [17, 19, 20]
    wrong = person.identifiers.get().pk
    assert replace_identifier(patient=person, wrong=wrong, identifier=read(SPRING), by=BY, reason="mistyped") == []
    assert ages() == [18, 20, 20]  # of the year alone both ages are possible, so it stays
    assert asked() == []


def test_a_personal_number_after_a_coordination_number_derives_them_again(lists):
    person = factories.record(lists, COORDINATION, **AUTUMN).patient
    assert ages() == [17]
    add_identifier(patient=person, identifier=read(SPRING), by=BY, reason="has one now", despite="seen the card")
    assert ages() == [18] and asked() == []


def test_a_typed_age_is_asked_for_again(lists):
    person = factories.record(lists, "local:a", age_at_infusion=17, **AUTUMN).patient
    add_identifier(patient=person, identifier=read(SPRING), by=BY, reason="known now")
    assert ages() == [17] and asked() == [("2020-09-01", "age_contradicts_identifier")]
    row = Infusion.objects.get()
    correct_infusion(infusion_id=row.pk, changes={"age_at_infusion": 18}, by=BY, reason="typo")
    assert asked() == []


def test_ages_whose_number_is_taken_away_are_asked_for_again(lists):
    person = factories.record(lists, "local:a", age_at_infusion=17, **AUTUMN).patient
    add_identifier(patient=person, identifier=read(WINTER), by=BY, reason="known now")
    factories.record(lists, WINTER, **LATER)
    wrong = person.identifiers.get(type="personal").pk
    named = replace_identifier(patient=person, wrong=wrong, identifier=None, by=BY, reason="another person's")
    assert [str(one.infused_on) for one in named] == ["2020-09-01", "2022-09-01"]
    assert asked() == [("2020-09-01", "age_without_number"), ("2022-09-01", "age_without_number")]


def test_a_date_before_the_birth_of_the_right_number_is_asked_about(lists):
    person = factories.record(lists, WINTER, **AUTUMN).patient
    young = factories.number(date(2021, 1, 1))
    wrong = person.identifiers.get().pk
    replace_identifier(
        patient=person, wrong=wrong, identifier=read(young), by=BY, reason="mistyped", despite="seen the card"
    )
    waiting = Question.objects.filter(rule="date_before_birth").unclosed()
    assert waiting.count() == 1 and ages() == [17]
    row = person.infusions.get()
    correct_infusion(infusion_id=row.pk, changes={"batch": "A-1"}, by=BY, reason="typing error")
    assert waiting.count() == 1, "another field says nothing of the date"
    changes = {"infused_on": date(2024, 9, 1), "age_at_infusion": 3}
    correct_infusion(infusion_id=row.pk, changes=changes, by=BY, reason="typing error")
    assert waiting.count() == 0 and ages() == [3]


# What comes together


@pytest.fixture
def apart(lists):
    """One person with ages at two centres that no birth fits together, which neither centre could know."""
    here, there = (factories.user(code.lower(), lists.centres[code]) for code in ("UPP", "STO"))
    reserve = "local:a"
    row = record_infusion(
        stated=factories.stated(lists, reserve, age_at_infusion=40, infused_on="2020-05-05"), by=here
    )
    other = record_infusion(
        stated=factories.stated(lists, "local:b", centre="STO", age_at_infusion=7, infused_on="2021-05-05"),
        by=there,
    )
    Infusion.objects.filter(pk=other.pk).update(patient=row.patient, kind="reinfusion")
    return row, other


def test_a_move_does_not_bring_contradicting_ages_together(lists, apart):
    row, other = apart
    sites = {"from_centre": lists.centres["STO"], "to_centre": lists.centres["UPP"]}
    with pytest.raises(MoveImpossible) as refused:
        move_patient(patient=row.patient, by=BY, reason="wrong centre", **sites)
    assert refused.value.code == "ages_contradict"
    assert Infusion.objects.get(pk=other.pk).centre.code == "STO"
    correct_infusion(infusion_id=row.pk, changes={"age_at_infusion": 6}, by=BY, reason="typo")
    move_patient(patient=row.patient, by=BY, reason="wrong centre", **sites)
    assert set(Infusion.objects.values_list("centre__code", flat=True)) == {"UPP"}


def test_neither_does_a_correction_of_the_centre(lists, apart):
    _row, other = apart
    with pytest.raises(InfusionRefused) as refused:
        changes = {"centre": lists.centres["UPP"]}
        correct_infusion(infusion_id=other.pk, changes=changes, by=BY, reason="wrong centre")
    assert refused.value.code == "ages_contradict"
    correct_infusion(infusion_id=other.pk, changes={"batch": "B-1"}, by=BY, reason="a batch")
    changes = {"centre": lists.centres["UPP"], "age_at_infusion": 41}
    correct_infusion(infusion_id=other.pk, changes=changes, by=BY, reason="wrong centre, wrong age")
    assert Infusion.objects.get(pk=other.pk).centre.code == "UPP"


@pytest.mark.parametrize("sex", [None, "unknown"])
def test_an_unknown_sex_is_filled_from_the_number_in_each_way(lists, tmp_path, sex):
    """WINTER has an even birth number: a woman's."""
    known = factories.record(lists, "local:a", age_at_infusion=17, **AUTUMN).patient
    assert known.sex == "unknown"
    add_identifier(patient=known, identifier=read(WINTER), by=BY, reason="known now")
    factories.record(lists, SPRING, sex=sex, **AUTUMN)
    assert set(Patient.objects.values_list("sex", flat=True)) == {"female"}


UNDATED = {"a pseudonym": "local:b", "a reserve number": "reserve:991234567897"}


@pytest.mark.parametrize("right", UNDATED)
def test_ages_of_a_wrong_number_are_asked_about_where_the_right_one_gives_none(lists, right):
    """The number that gave the age is gone, and the one in its place tells no birth."""
    person = factories.record(lists, WINTER, **AUTUMN).patient
    factories.record(lists, WINTER, **LATER)
    wrong = person.identifiers.get().pk
    replace_identifier(patient=person, wrong=wrong, identifier=read(UNDATED[right]), by=BY, reason="another's")
    person.refresh_from_db()
    assert (person.birth_year, person.sex) == (None, "unknown")
    assert asked() == [("2020-09-01", "age_without_number"), ("2022-09-01", "age_without_number")]
    first, second = Infusion.objects.order_by("infused_on")
    correct_infusion(infusion_id=first.pk, changes={"age_at_infusion": 40}, by=BY, reason="as the journal says")
    assert asked() == [("2022-09-01", "age_without_number")]
    with pytest.raises(InfusionRefused):
        correct_infusion(infusion_id=second.pk, changes={"age_at_infusion": 20}, by=BY, reason="a guess")
    correct_infusion(infusion_id=second.pk, changes={"age_at_infusion": 42}, by=BY, reason="as the journal says")
    assert ages() == [40, 42] and asked() == []


def test_an_undated_number_beside_a_right_one_asks_nothing(lists):
    person = factories.record(lists, WINTER, **AUTUMN).patient
    for number in UNDATED.values():
        assert add_identifier(patient=person, identifier=read(number), by=BY, reason="known by it too") == []
    assert ages() == [17] and asked() == []


@pytest.mark.parametrize("kept", [None, "local:a"])
def test_a_coordination_number_in_the_place_of_a_wrong_one_says_sex_and_year(lists, kept):
    """What the wrong number said does not outlive it, whichever kind the right one is."""
    wrong_number, right = (
        factories.number(date(1975, 3, 3), 981),
        factories.number(date(2002, 12, 1), 982, coordination=True),
    )  # a man of 1975, and a woman of 2002
    person = factories.record(lists, wrong_number, infused_on="2020-09-01").patient
    if kept:
        add_identifier(patient=person, identifier=read(kept), by=BY, reason="known by it too")
    wrong = person.identifiers.get(type="personal").pk
    replace_identifier(
        patient=person, wrong=wrong, identifier=read(right), by=BY, reason="mistyped", despite="seen the card"
    )
    person.refresh_from_db()
    assert (person.birth_year, person.sex) == (2002, read(right).sex)
    assert ages() == [17] and asked() == []
