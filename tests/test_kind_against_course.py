"""Kind is held against the course: what a product's plan makes improbable is said, stored and asked about.

Of the products here Aucatzyl has two planned doses, at most 20 days apart (DOMAIN.md: day 1, day 10 ± 2; up to
day 21); Yescarta has one. A made-up plan of Kymriah (factories.py) has two.
"""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.access import Operator
from registry.choices import Kind
from registry.course_kinds import doubt_in_course, propose_kind
from registry.course_order import Plan, Step
from registry.entry.importing.pipeline import import_infusions
from registry.entry.infusions.proposal import propose
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.patients.merge import merge_patients
from registry.entry.patients.move import move_patient
from registry.models import Infusion, Product, Question
from tests import factories
from tests.calling import Program

ONE, OTHER = (factories.nth_number(place) for place in range(2))
FIRST = {"product": "Aucatzyl", "infused_on": "2025-09-02", "kind": "first"}
SECOND = {"product": "Aucatzyl", "infused_on": "2025-09-10", "kind": "further_dose"}
# The second infusion after FIRST, and the code of the doubt if there is one.
SECONDS = [
    (SECOND, None),
    (SECOND | {"infused_on": "2025-09-22"}, None),
    (SECOND | {"infused_on": "2025-09-23"}, "further_dose_late"),
    (SECOND | {"infused_on": "2026-03-02"}, "further_dose_late"),
    (SECOND | {"product": "Yescarta"}, "further_dose_of_other_course"),
    (SECOND | {"indication": "C83.3"}, "further_dose_of_other_course"),
    (SECOND | {"indication": None}, None),
    (SECOND | {"kind": "reinfusion"}, "reinfusion_as_planned"),
    (SECOND | {"kind": "reinfusion", "infused_on": "2025-09-23"}, None),
    (SECOND | {"kind": "reinfusion", "product": "Yescarta"}, None),
    (SECOND | {"kind": "reinfusion", "indication": "C83.3"}, None),
]
VAGUE = [  # judged only as far as the period allows
    (SECOND | {"infused_on": "2025-09-01", "date_precision": "month"}, None),
    (SECOND | {"infused_on": "2025-10-01", "date_precision": "month"}, "further_dose_late"),
    (SECOND | {"infused_on": "2025-09-01", "date_precision": "month", "kind": "reinfusion"}, None),
    (SECOND | {"infused_on": "2025-01-01", "date_precision": "year", "kind": "reinfusion"}, None),
]


@pytest.fixture
def lists(lists):
    product = Product.objects.create(
        name="Aucatzyl", inn="obecabtagene autoleucel", modality="CAR-T", origin="authorised", position=9,
        authorised_on=date(2025, 7, 1), authorised_precision="month",
        planned_doses=2, dose_interval_days=9, longest_dose_interval_days=20,
    )  # fmt: skip
    lists.products["Aucatzyl"] = product
    return lists


def asked() -> list[tuple[str, str]]:
    """(kind of the row, rule) of every question."""
    return sorted(Question.objects.values_list("infusion__kind", "rule"))


@pytest.mark.parametrize(("second", "code"), SECONDS + VAGUE)
def test_a_second_infusion_is_held_against_the_first_in_the_form(lists, second, code):
    patient = factories.record(lists, ONE, **FIRST).patient
    stated = factories.stated(lists, ONE, **second)
    told = [one.code for one in propose(stated=stated, by=Operator(), patient=patient).warnings]
    assert told == ([code] if code else [])
    row = factories.record(lists, ONE, **second)
    assert list(Question.objects.values_list("rule", "infusion")) == ([(code, row.pk)] if code else [])


@pytest.mark.parametrize(("second", "code"), SECONDS + VAGUE)
@pytest.mark.parametrize("first_is_stored", [True, False])
def test_it_is_in_a_file(lists, tmp_path, second, code, first_is_stored):
    columns = ("product", "infused_on", "date_precision", "kind", "indication")
    rows = [{"date_precision": "day", "indication": "C91.0"} | row for row in (FIRST, second)]
    written = {"year": slice(0, 4), "month": slice(0, 7), "day": slice(0, 10)}
    rows = [row | {"infused_on": row["infused_on"][written[row["date_precision"]]]} for row in rows]
    if first_is_stored:
        factories.record(lists, ONE, **FIRST)
        rows = rows[1:]
    lines = [f"UPP,{ONE},SOC,{','.join(row[name] or '' for name in columns)}" for row in rows]
    path, found = tmp_path / "rows.csv", []
    path.write_text("\n".join([f"centre,patient_id,category,{','.join(columns)}", *lines]) + "\n")
    summary = import_infusions(path=path, by=Operator(), report=lambda line, one: found.append(one.code))
    factories.drop_import_tables()
    assert (summary.stored, found) == (len(rows), [code] if code else [])


@pytest.mark.parametrize(("second", "code"), SECONDS)
def test_it_is_in_the_interface(lists, second, code):
    factories.record(lists, ONE, **FIRST)
    program = Program(factories.user("upp", lists.centres["UPP"]))
    answer = program.enter(patient_id=ONE, **second)
    assert answer.status_code == 201, answer.content
    assert [one["code"] for one in answer.json()["warnings"]] == ([code] if code else [])


def test_a_product_of_one_dose_has_no_further_dose(lists):
    factories.record(lists, ONE, **FIRST | {"product": "Yescarta"})
    factories.record(lists, ONE, **SECOND | {"product": "Yescarta"})
    assert asked() == [("further_dose", "further_dose_not_planned")]


def test_a_third_dose_is_not_planned_and_a_reinfusion_begins_a_new_course(lists):
    factories.record(lists, ONE, **FIRST)
    factories.record(lists, ONE, **SECOND)
    factories.record(lists, ONE, **SECOND | {"infused_on": "2025-09-18"})
    assert ("further_dose", "further_dose_not_planned") in asked()
    Question.objects.all().delete()
    factories.record(lists, ONE, **FIRST | {"infused_on": "2026-03-02", "kind": "reinfusion"})
    factories.record(lists, ONE, **SECOND | {"infused_on": "2026-03-11"})
    assert not [rule for _kind, rule in asked() if rule != "third_infusion"]


@pytest.mark.parametrize(
    ("infused_on", "product", "indication", "kind"),
    [
        ("2025-09-10", "Aucatzyl", "C91.0", "further_dose"),
        ("2025-09-22", "Aucatzyl", "C91.0", "further_dose"),
        ("2025-09-23", "Aucatzyl", "C91.0", "reinfusion"),
        ("2025-09-10", "Aucatzyl", "C83.3", "reinfusion"),
        ("2025-09-10", "Kymriah", "C91.0", "reinfusion"),
        ("2025-08-25", "Aucatzyl", "C91.0", "first"),
    ],
)
def test_the_proposal_follows_the_products_plan(lists, infused_on, product, indication, kind):
    patient = factories.record(lists, ONE, **FIRST).patient
    stated = factories.stated(lists, ONE, infused_on=infused_on, product=product, indication=indication)
    assert propose(stated=stated, by=Operator(), patient=patient).kind == kind


def test_what_was_confirmed_is_answered(lists):
    factories.record(lists, ONE, **FIRST)
    program = Program(factories.user("upp", lists.centres["UPP"]))
    program.enter(patient_id=ONE, **SECOND | {"product": "Yescarta"}, confirmed="further_dose_of_other_course")
    assert not Question.objects.unanswered().exists()
    assert asked() == [("further_dose", "further_dose_of_other_course")]


def test_a_clinic_is_told_and_asked_by_its_own_rows_alone(lists):
    factories.record(lists, ONE, centre="STO", **FIRST | {"product": "Yescarta", "indication": "C83.3"})
    nurse = factories.user("nurse", lists.centres["UPP"])
    factories.record(lists, ONE, by=nurse, **SECOND)
    assert asked() == []
    withdraw_infusion(infusion_id=Infusion.objects.get(centre__code="STO").pk, by=Operator(), reason="x")
    assert asked() == [("further_dose", "further_dose_alone")]


# What a change does to the others


def test_a_further_dose_left_alone_by_a_withdrawal_is_asked_about(lists):
    first = factories.record(lists, ONE, **FIRST)
    further = factories.record(lists, ONE, **SECOND)
    withdraw_infusion(infusion_id=first.pk, by=Operator(), reason="never given")
    assert list(Question.objects.values_list("rule", "infusion")) == [("further_dose_alone", further.pk)]
    # It stays correctable, also in what decides the order, and is not asked about twice.
    changes = {"infused_on": date(2025, 9, 11), "indication": lists.indications["C83.3"]}
    correct_infusion(infusion_id=further.pk, changes=changes, by=Operator(), reason="typo")
    assert list(Question.objects.values_list("rule", "infusion")) == [("further_dose_alone", further.pk)]
    correct_infusion(infusion_id=further.pk, changes={"kind": Kind.FIRST}, by=Operator(), reason="it was")
    assert Infusion.objects.counted().get().kind == Kind.FIRST


def test_a_withdrawal_that_leaves_a_reinfusion_or_the_first_asks_nothing(lists):
    first = factories.record(lists, ONE, **FIRST)
    again = factories.record(lists, ONE, **FIRST | {"infused_on": "2026-03-02", "kind": "reinfusion"})
    withdraw_infusion(infusion_id=again.pk, by=Operator(), reason="never given")
    other = factories.record(lists, OTHER, **FIRST)
    factories.record(lists, OTHER, **FIRST | {"infused_on": "2026-03-02", "kind": "reinfusion"})
    withdraw_infusion(infusion_id=other.pk, by=Operator(), reason="never given")
    assert asked() == [] and first.status == "submitted"


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("product", "Kymriah", "further_dose_of_other_course"),
        ("indication", "C83.3", "further_dose_of_other_course"),
        ("infused_on", date(2025, 8, 4), "further_dose_late"),
    ],
)
def test_a_corrected_first_dose_is_held_against_the_second(lists, name, value, rule):
    first = factories.record(lists, ONE, **FIRST)
    further = factories.record(lists, ONE, **SECOND)
    listed = {"product": lists.products, "indication": lists.indications}.get(name)
    changes = {name: listed[value] if listed else value, "age_at_infusion": 55}
    correct_infusion(infusion_id=first.pk, changes=changes, by=Operator(), reason="typo")
    assert (rule, further.pk) in list(Question.objects.values_list("rule", "infusion"))


def test_a_move_and_a_merge_ask(lists):
    first = factories.record(lists, ONE, **FIRST)
    further = factories.record(lists, OTHER, **FIRST | {"infused_on": "2025-09-10", "product": "Kymriah"})
    correct_infusion(infusion_id=further.pk, changes={"batch": "B"}, by=Operator(), reason="typo")
    assert asked() == []
    dose = factories.record(lists, OTHER, **SECOND | {"infused_on": "2025-09-15", "product": "Kymriah"})
    Question.objects.all().delete()
    withdraw_infusion(infusion_id=further.pk, by=Operator(), reason="never given")
    Question.objects.all().delete()
    merge_patients(keep=first.patient, absorb=dose.patient, by=Operator(), reason="one person")
    assert list(Question.objects.values_list("rule", "infusion")) == [("further_dose_of_other_course", dose.pk)]


def test_what_a_move_brings_together_is_held_against_each_other(lists):
    first = factories.record(lists, ONE, centre="STO", **FIRST | {"product": "Yescarta"})
    nurse = factories.user("nurse", lists.centres["UPP"])
    further = factories.record(lists, ONE, by=nurse, **SECOND)
    assert asked() == []
    move_patient(
        patient=first.patient, from_centre=lists.centres["STO"], to_centre=lists.centres["UPP"],
        by=Operator(), reason="wrong centre",
    )  # fmt: skip
    assert list(Question.objects.values_list("rule", "infusion")) == [("further_dose_of_other_course", further.pk)]


# The rules by themselves, against a plain restatement

DAYS = st.integers(0, 60)


@given(
    st.lists(st.tuples(DAYS, st.sampled_from("AK"), st.sampled_from(["further_dose", "reinfusion"])), max_size=4)
)
@example([(9, "A", "further_dose"), (18, "A", "further_dose")])
def test_the_doubts_of_a_course_are_those_of_the_plan(later):
    plans = {"A": Plan(2, 20), "K": Plan()}
    start = date(2025, 9, 1)
    days = sorted({day + 1: (day + 1, product, kind) for day, product, kind in later}.values())
    course = [(0, "A", "first"), *days]
    steps = [
        Step(start + timedelta(days=day), 1, Kind(kind), product, plan=plans[product])
        for day, product, kind in course
    ]
    for place in range(1, len(course)):
        day, product, kind = course[place]
        begins = max(n for n in range(place) if n == 0 or course[n][2] == "reinfusion")
        doses = [one for one in course[begins:place] if one[1] == product]
        one_course = course[place - 1][1] == product
        # Doses of another product in between end the course.
        if one_course:
            run = 0
            for one in reversed(course[begins:place]):
                if one[1] != product:
                    break
                run += 1
            doses = doses[-run:]
        planned = one_course and len(doses) < plans[product].doses and day - course[place - 1][0] <= 20
        doubts = {one.code for one in doubt_in_course(steps[place], steps[:place], elsewhere=False)} - {"long_gap"}
        assert bool(doubts) == (planned if kind == "reinfusion" else not planned), (course, place)
        proposed = propose_kind(steps[place]._replace(kind=None), steps[:place])
        assert proposed == (Kind.FURTHER_DOSE if planned else Kind.REINFUSION)
