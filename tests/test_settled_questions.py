"""A rule's question is closed as soon as its cause is gone; every other question stays open."""

from datetime import date

import pytest
from django.utils import timezone

from registry.access import Operator
from registry.choices import Category, Kind
from registry.entry.infusions.ages_by_number import ABOUT_AGE
from registry.entry.infusions.proposal import propose
from registry.entry.infusions.record import correct_infusion, record_infusion, withdraw_infusion
from registry.entry.questions.questions import ask, ask_by_rules, write
from registry.errors import Problem
from registry.models import Infusion, Question
from tests import factories
from tests.calling import Program
from tests.desk import address, sign_in

ONE, OTHER, THIRD = (factories.nth_number(place) for place in range(3))


def correct(row: Infusion, **changes) -> None:
    correct_infusion(infusion_id=row.pk, changes=changes, by=Operator(), reason="typo")


def unclosed() -> list[str]:
    return sorted(Question.objects.unclosed().values_list("rule", flat=True))


# What is recorded last of a person, its doubt, a correction that removes it and one that does not.
DOUBTED = {
    "date_on_weekend": (
        {"infused_on": "2020-05-09"}, {"infused_on": date(2020, 5, 8), "age_at_infusion": 50},
        {"infused_on": date(2020, 5, 10)},
    ),
    "date_improbable": (
        {"infused_on": "2009-05-05", "category": "CUP", "product": "Akademisk CD19 CAR-T"},
        {"infused_on": date(2010, 5, 5), "age_at_infusion": 40}, {"infused_on": date(2009, 5, 6)},
    ),
    "age_improbable": (
        {"patient": "local:1", "age_at_infusion": 91}, {"age_at_infusion": 90}, {"age_at_infusion": 92}
    ),
    "product_before_authorisation": (
        {"infused_on": "2016-05-04"}, {"category": Category.CUP}, {"infused_on": date(2016, 5, 11)}
    ),
    "investigational_in_care": (
        {"product": "Akademisk CD19 CAR-T"}, {"category": Category.CUP}, {"infused_on": date(2020, 5, 6)}
    ),
    "cup_in_industry_trial": (
        {"category": "CUP", "trial": factories.INDUSTRY}, {"trial": None}, {"infused_on": date(2020, 5, 6)}
    ),
    "no_earlier_infusion": ({"kind": "reinfusion"}, {"kind": Kind.FIRST}, {"infused_on": date(2020, 5, 6)}),
}  # fmt: skip


@pytest.mark.parametrize("code", DOUBTED)
@pytest.mark.usefixtures("neighbours")
def test_a_correction_of_its_cause_closes_a_question_and_another_does_not(lists, code):
    fields, mends, leaves = DOUBTED[code]
    fields = dict(fields)
    row = factories.record(lists, fields.pop("patient", ONE), **fields)
    correct(row, batch="B-1", **leaves)
    assert unclosed() == [code]
    correct(row, **mends)
    assert unclosed() == []
    [question] = Question.objects.all()
    assert (question.rule, question.answered_at, question.closed_by) == (code, None, "")


def test_an_earlier_infusion_that_is_withdrawn_settles_what_it_made_doubtful(lists):
    factories.record(lists, ONE, infused_on="2018-11-06")
    middle = factories.record(lists, ONE, infused_on="2019-11-06", kind="reinfusion")
    factories.record(lists, ONE, infused_on="2020-11-05", kind="reinfusion")
    assert unclosed() == ["third_infusion"]
    withdraw_infusion(infusion_id=middle.pk, by=Operator(), reason="never given")
    assert unclosed() == []


def test_an_infusion_in_between_settles_a_long_gap(lists):
    factories.record(lists, ONE, infused_on="2018-11-06")
    factories.record(lists, ONE, infused_on="2025-11-05", kind="reinfusion")
    assert unclosed() == ["long_gap"]
    factories.record(lists, ONE, infused_on="2021-11-04", kind="reinfusion")
    assert "long_gap" not in unclosed()


def test_a_question_about_the_identifier_stays_until_its_row_is_withdrawn(lists):
    row = factories.record(lists, "uppsala:ABCD12345678", age_at_infusion=50)
    correct(row, batch="B-1")
    correct(row, age_at_infusion=51)
    assert unclosed() == ["reserve_number_unconfirmed"]
    withdraw_infusion(infusion_id=row.pk, by=Operator(), reason="never given")
    assert unclosed() == []


def test_an_age_that_is_stated_again_answers_what_was_asked_about_it_and_no_other(lists):
    """Of rules that do not look at the stored row alone: after a merge, a number that says another age."""
    rows = [factories.record(lists, f"local:{name}", age_at_infusion=50) for name in ("one", "two")]
    also = factories.record(lists, "local:one", age_at_infusion=51, infused_on="2021-05-05", kind="reinfusion")
    codes = sorted(ABOUT_AGE)
    doubts = [
        (row.pk, Problem("age_at_infusion", code, "Which?", True)) for row in (*rows, also) for code in codes
    ]
    ask_by_rules(doubts, by=Operator())
    correct(rows[0], batch="B-1")
    assert unclosed() == sorted(codes * 3)
    correct(rows[0], age_at_infusion=49)
    assert {one.infusion_id for one in Question.objects.unclosed()} == {rows[1].pk, also.pk}
    assert unclosed() == sorted(codes * 2)


ASKED_OF_AGES = ["age_after_merge", "age_contradicts_identifier", "age_without_number"]


def ask_about_ages(*rows):
    doubts = [(row.pk, Problem("age_at_infusion", code, "Which?", True)) for row in rows for code in ASKED_OF_AGES]
    ask_by_rules(doubts, by=Operator())


def open_about(row) -> list[str]:
    return sorted(row.questions.unclosed().values_list("rule", flat=True))


@pytest.mark.parametrize("age", [50, 49])
@pytest.mark.parametrize("way", ["function", "program", "page"])
def test_an_age_that_is_confirmed_closes_what_was_asked_about_it(lists, way, age):
    """The same age, stated again, answers as well as another, and about its own infusion alone."""
    nurse = factories.user("upp", lists.centres["UPP"])
    row, other = (factories.record(lists, f"local:{name}", age_at_infusion=50) for name in ("one", "two"))
    ask_about_ages(row, other)

    def state(**changes):
        if way == "function":
            correct(row, **changes)
        elif way == "program":
            program, place = Program(nurse), f"infusions/{row.pk}"
            answer = program.call("PATCH", place, changes | {"reason": "r"}, if_match=program.get(place)["ETag"])
            assert answer.status_code == 200
        else:
            client = sign_in(nurse)
            shown = client.get(address("correct", infusion_id=row.pk)).context
            hidden = {"version": shown["version"], "age_for": shown["form"].age_for, "why": "typing_error"}
            sent = shown["form"].initial | hidden | {name: str(value) for name, value in changes.items()}
            assert client.post(address("correct", infusion_id=row.pk), sent).status_code == 302

    state(batch="B-1")
    assert open_about(row) == ASKED_OF_AGES, "the age was not stated"
    state(age_at_infusion=age)
    assert open_about(row) == [] and open_about(other) == ASKED_OF_AGES
    assert Infusion.objects.get(pk=row.pk).age_at_infusion == age


def test_an_age_that_the_year_of_birth_rules_out_is_not_confirmed(lists):
    row = factories.record(lists, ONE)
    type(row).objects.filter(pk=row.pk).update(age_at_infusion=5)
    ask_about_ages(row)
    correct(row, age_at_infusion=5)
    assert open_about(row) == ASKED_OF_AGES


@pytest.mark.usefixtures("neighbours")
def test_a_batch_of_another_person_is_a_warning_and_no_refusal(lists):
    factories.record(lists, ONE, batch="B-1")
    [doubt] = propose(stated=factories.stated(lists, OTHER, batch="b-1"), by=Operator()).warnings
    assert (doubt.field, doubt.code, doubt.warning) == ("batch", "batch_of_another_person", True)


def test_the_dose_that_is_left_first_is_the_one_asked_about(lists):
    first = factories.record(lists, ONE, infused_on="2020-05-05")
    dose = factories.record(lists, ONE, infused_on="2020-05-08", kind="further_dose")
    factories.record(lists, ONE, infused_on="2021-11-04", kind="reinfusion")
    Question.objects.all().delete()
    withdraw_infusion(infusion_id=first.pk, by=Operator(), reason="never given")
    [question] = Question.objects.unclosed()
    assert (question.rule, question.infusion) == ("further_dose_alone", dose)


@pytest.mark.usefixtures("neighbours")
def test_what_was_confirmed_on_entry_is_stored_as_answered_and_the_rest_is_asked(lists):
    stated = factories.stated(lists, ONE, infused_on="2020-05-09", kind="reinfusion")
    row = record_infusion(stated=stated, by=Operator(), confirmed=["date_on_weekend"])
    waiting = dict(row.questions.values_list("rule", "waits_for"))
    assert waiting == {"date_on_weekend": "steward", "no_earlier_infusion": "clinic"}
    correct(row, batch="B-1")
    assert row.questions.count() == 2


@pytest.mark.usefixtures("neighbours")
def test_what_was_closed_is_asked_again_only_once_it_is_new(lists):
    row = factories.record(lists, ONE, infused_on="2020-05-09")
    row.questions.update(closed_at=timezone.now())
    correct(row, infused_on=date(2020, 5, 10))
    assert row.questions.count() == 1
    for day in (8, 9):
        correct(row, infused_on=date(2020, 5, day), age_at_infusion=50)
    assert unclosed() == ["date_on_weekend"] and row.questions.count() == 2


def test_what_is_settled_of_one_person_leaves_the_questions_of_others(lists):
    one, other = (factories.record(lists, number, kind="reinfusion") for number in (ONE, OTHER))
    correct(one, kind=Kind.FIRST)
    [question] = Question.objects.unclosed()
    assert (question.rule, question.infusion) == ("no_earlier_infusion", other)


def test_a_batch_that_is_corrected_leaves_every_other_question(lists):
    """Of either person, of a third who shares another batch, and about other things."""
    one = factories.record(lists, ONE, batch="B-1", kind="reinfusion")
    two = factories.record(lists, OTHER, batch="B-1", kind="reinfusion")
    factories.record(lists, THIRD, batch="B-2")
    factories.record(lists, factories.nth_number(3), batch="b-2", infused_on="2020-05-06")
    factories.record(lists, THIRD, batch="B-3", infused_on="2021-05-06", kind="reinfusion")
    before = unclosed()
    assert before == ["batch_of_another_person"] * 2 + ["no_earlier_infusion"] * 2
    correct(one, batch="B-9")
    found = Question.objects.unclosed().filter(rule="batch_of_another_person")
    assert [one.infusion.batch for one in found] == ["b-2"]
    assert unclosed() == ["batch_of_another_person"] + ["no_earlier_infusion"] * 2
    assert two.batch == "B-1"


def test_a_batch_that_is_corrected_is_settled_beside_a_doubt_that_stays(lists):
    row = factories.record(lists, ONE, batch="B-1")
    factories.record(lists, ONE, infused_on="2025-11-05", kind="reinfusion")
    factories.record(lists, OTHER, batch="B-1", infused_on="2020-05-06")
    assert unclosed() == ["batch_of_another_person", "long_gap"]
    correct(row, batch="B-9")
    assert unclosed() == ["long_gap"]


def test_batches_of_spaces_alone_are_none(lists):
    for number in (ONE, OTHER):
        factories.record(lists, number, batch=" ")
    assert unclosed() == []


def test_a_batch_is_held_against_those_of_the_own_centre_alone(lists):
    """Else a question would tell what another centre has recorded."""
    for number, centre, batch in ((ONE, "UPP", "B-1"), (OTHER, "STO", "B-1"), (THIRD, "STO", "B-2")):
        factories.record(lists, number, centre=centre, batch=batch)
    assert unclosed() == []
    factories.record(lists, factories.nth_number(3), centre="STO", batch="b-1")
    assert unclosed() == ["batch_of_another_person"]


def test_an_infusion_that_is_withdrawn_shares_its_batch_with_nobody(lists):
    one = factories.record(lists, ONE, batch="B-1")
    factories.record(lists, OTHER, batch="B-1", infused_on="2020-05-06")
    assert unclosed() == ["batch_of_another_person"]
    withdraw_infusion(infusion_id=one.pk, by=Operator(), reason="never given")
    assert unclosed() == []
    factories.record(lists, THIRD, batch="B-1", infused_on="2020-05-07")
    assert unclosed() == ["batch_of_another_person"]


def test_rules_close_no_question_that_a_person_asked_or_wrote_in(lists):
    steward = factories.user("desk", national_role="steward")
    nurse = factories.user("nurse", lists.centres["UPP"])
    rows = [factories.record(lists, number, kind="reinfusion") for number in (ONE, OTHER, THIRD)]
    asked = ask(infusion_id=rows[0].pk, text="Is it right?", by=steward)
    written = Question.objects.get(infusion=rows[1])
    write(question_id=written.pk, text="We are looking it up.", by=nurse)
    said = Question.objects.get(infusion=rows[2])
    write(question_id=said.pk, text="It was in 2019.", by=steward)
    for row in rows:
        withdraw_infusion(infusion_id=row.pk, by=Operator(), reason="never given")
    assert {one.pk for one in Question.objects.unclosed()} == {asked.pk, written.pk, said.pk}
