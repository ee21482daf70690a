"""Kind beside the earlier infusions, at the edges of a product's plan: of three and more infusions."""

from datetime import date, timedelta

import pytest

from registry.choices import DatePrecision, Kind
from registry.course_order import Plan, Step
from registry.course_rules import KIND_CODES, doubt_alone, doubt_kind, is_planned

PLAN = Plan(doses=3, longest_interval=20)
START = date(2025, 3, 10)
FIRST, DOSE, AGAIN = Kind.FIRST, Kind.FURTHER_DOSE, Kind.REINFUSION


def step(days: int, kind: Kind | None, product="Aucatzyl", *, indication="", plan=PLAN) -> Step:
    """An infusion so many days after the start."""
    return Step(START + timedelta(days=days), 1, kind, product, indication=indication, plan=plan)


def vague(day: date, kind: Kind | None, precision=DatePrecision.MONTH) -> Step:
    return Step(day, 1, kind, "Aucatzyl", precision, plan=PLAN)


def doubts(one: Step, *earlier: Step) -> list[str]:
    found = list(doubt_kind(one, earlier))
    assert all(problem.warning and problem.field == "kind" and problem.sentence for problem in found)
    return [problem.code for problem in found]


COURSES = [
    # The infusion, those before it, what is doubted, and whether it may be the next planned dose.
    (step(10, DOSE), [step(0, FIRST)], [], True),
    (step(20, DOSE), [step(0, FIRST)], [], True),
    (step(21, DOSE), [step(0, FIRST)], ["further_dose_late"], False),
    (step(20, DOSE), [step(0, FIRST), step(10, DOSE)], [], True),
    (step(31, DOSE), [step(0, FIRST), step(10, DOSE)], ["further_dose_late"], False),
    (step(30, DOSE), [step(0, FIRST), step(10, DOSE), step(20, DOSE)], ["further_dose_not_planned"], False),
    # A reinfusion begins a course of its own, so its doses are counted from it.
    (step(520, DOSE), [step(0, FIRST), step(10, DOSE), step(500, AGAIN), step(510, DOSE)], [], True),
    (step(510, DOSE), [step(0, FIRST), step(10, DOSE), step(20, DOSE), step(500, AGAIN)], [], True),
    (
        step(530, DOSE),
        [step(0, FIRST), step(500, AGAIN), step(510, DOSE), step(520, DOSE)],
        ["further_dose_not_planned"],
        False,
    ),
    # Another product between two ends a course too.
    (step(40, DOSE), [step(0, DOSE), step(10, DOSE), step(20, DOSE, "Yescarta"), step(30, DOSE)], [], True),
    (step(30, DOSE), [step(20, FIRST, "Yescarta")], ["further_dose_of_other_course"], False),
    (step(30, DOSE, indication="a"), [step(20, FIRST, indication="b")], ["further_dose_of_other_course"], False),
    (step(30, DOSE, indication="a"), [step(20, FIRST, indication="a")], [], True),
    (step(30, DOSE, indication="a"), [step(20, FIRST)], [], True),
    (step(30, DOSE), [step(20, FIRST, indication="b")], [], True),
    (step(10, AGAIN), [step(0, FIRST)], ["reinfusion_as_planned"], True),
    (step(20, AGAIN), [step(0, FIRST)], ["reinfusion_as_planned"], True),
    (step(21, AGAIN), [step(0, FIRST)], [], False),
    (step(30, AGAIN), [step(0, FIRST), step(10, DOSE), step(20, DOSE)], [], False),
    (step(10, AGAIN, "Yescarta"), [step(0, FIRST)], [], False),
    (step(10, FIRST), [step(0, DOSE)], [], True),
    # Two planned on one day.
    (step(0, DOSE, plan=Plan(2, 0)), [step(0, FIRST, plan=Plan(2, 0))], [], True),
    (step(1, DOSE, plan=Plan(2, 0)), [step(0, FIRST, plan=Plan(2, 0))], ["further_dose_late"], False),
    (step(0, AGAIN), [], [], False),
    (step(0, DOSE), [], [], False),
]


@pytest.mark.parametrize(("one", "earlier", "codes", "planned"), COURSES)
def test_a_kind_is_doubted_where_the_plan_says_otherwise(one, earlier, codes, planned):
    assert doubts(one, *earlier) == codes
    assert is_planned(one, earlier) is planned


def test_a_late_dose_is_told_how_many_days_are_planned():
    [late] = doubt_kind(step(21, DOSE), [step(0, FIRST)])
    assert "20" in late.sentence


@pytest.mark.parametrize(
    ("month", "planned", "codes"),
    [
        (date(2025, 3, 1), True, []),  # perhaps within 20 days, perhaps 21
        (date(2025, 4, 1), False, ["further_dose_late"]),  # 22 days at least
    ],
)
def test_a_vague_date_is_late_only_where_each_of_its_days_is(month, planned, codes):
    assert doubts(vague(month, DOSE), step(0, FIRST)) == codes
    assert is_planned(vague(month, DOSE), [step(0, FIRST)]) is planned


@pytest.mark.parametrize(
    ("day", "codes"), [(11, ["reinfusion_as_planned"]), (10, []), (2, [])],
)  # fmt: skip
def test_a_vague_reinfusion_is_doubted_only_where_each_of_its_days_is_planned(day, codes):
    """The last of March is 20 days after the eleventh."""
    first = Step(date(2025, 3, day), 1, FIRST, "Aucatzyl", plan=PLAN)
    assert doubts(vague(date(2025, 3, 1), AGAIN), first) == codes


def test_days_are_counted_from_the_end_of_an_earlier_vague_period():
    earlier = vague(date(2025, 2, 1), FIRST)  # 28 February at the latest: 20 days before 20 March
    for day, codes in ((date(2025, 3, 20), []), (date(2025, 3, 21), ["further_dose_late"])):
        assert doubts(Step(day, 1, DOSE, "Aucatzyl", plan=PLAN), earlier) == codes


@pytest.mark.parametrize(("kind", "codes"), [(DOSE, ["further_dose_alone"]), (AGAIN, []), (FIRST, [])])
def test_a_further_dose_alone_is_doubted(kind, codes):
    assert [problem.code for problem in doubt_alone(step(0, kind))] == codes
    assert all(problem.warning and problem.field == "kind" for problem in doubt_alone(step(0, kind)))


def test_every_code_about_a_kind_is_one_of_these():
    told = {code for *_rest, codes, _planned in COURSES for code in codes}
    assert told | {"further_dose_alone"} == KIND_CODES
