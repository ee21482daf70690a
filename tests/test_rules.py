"""Every rule of entry: what is refused, what is only improbable, and where exactly each begins."""

import ast
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from django.utils.translation import override

import registry
from registry import course_kinds, dates, infusion_rules
from registry.access import Operator
from registry.choices import Category, DatePrecision, Kind, Sex
from registry.course_kinds import classify
from registry.course_order import Plan, Step
from registry.entry.importing.course import KIND_STAYS
from registry.entry.infusions import row_fields
from registry.entry.infusions.columns import TABLE, Chosen, Listed
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.infusions.row_reader import CodeLists, RowReader
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.lookup import PatientRefused
from registry.errors import (
    IdentifierInText,
    InfusionRefused,
    KindUnclear,
    KnownElsewhere,
    NotFound,
    NotPermitted,
    ReasonMissing,
)
from registry.identity import IdentifierUnusable, IssuerUnclear
from registry.infusion_rules import check_age_by_birth_year, check_input, today
from registry.models import Infusion, Patient, Question, Revision
from tests import factories

SOURCES = [
    Path(registry.__file__).parent / name
    for name in (
        "infusion_rules.py",
        "course_kinds.py",
        "batch_numbers.py",
        "entry/infusions/row_reader.py",
        "entry/infusions/row_fields.py",
        "entry/importing/course.py",
        "entry/infusions/record.py",
        "entry/infusions/assess.py",
        "entry/importing/pipeline.py",
        "entry/exchange/file_reader.py",
    )
]
NUMBER = factories.number(date(1970, 6, 15), 980)  # a woman
NEWBORN = factories.number(date(2019, 6, 15), 980)

# A row of the exchange file that is accepted as it stands, and what each code takes to be provoked.
ROW = {
    "centre": "UPP", "patient_id": NUMBER, "sex": "female", "category": "SOC", "kind": "first",
    "product": "Kymriah", "modality": "CAR-T", "indication": "C91.0", "trial": "",
    "manufacturing_site": "", "infused_on": "2020-05-05", "date_precision": "day", "sequence": "1",
    "age_at_infusion": "49", "batch": "B1",
}  # fmt: skip
ICT = {"category": "ICT", "trial": factories.INDUSTRY}
FILE_CASES = [
    ("centre", "missing", {"centre": ""}),
    ("centre", "unknown_centre", {"centre": "XXX"}),
    ("centre", "centre_upcoming", {"centre": "ORE"}),
    ("patient_id", "missing", {"patient_id": ""}),
    ("patient_id", "identifier_invalid", {"patient_id": "19700615-9801"}),
    ("patient_id", "issuer_unclear", {"patient_id": "19700615A123"}),
    ("patient_id", "too_long", {"patient_id": "9" * 201}),
    ("patient_id", "character_invalid", {"patient_id": "local:\x00"}),
    ("sex", "unknown_sex", {"sex": "okänt kön"}),
    ("sex", "sex_contradicts_identifier", {"sex": "male"}),
    ("category", "missing", {"category": ""}),
    ("category", "unknown_category", {"category": "XYZ"}),
    ("kind", "unknown_kind", {"kind": "second"}),
    ("product", "missing", {"product": ""}),
    ("product", "unknown_product", {"product": "Aspirin"}),
    ("modality", "modality_contradicts_product", {"modality": "TCR-T"}),
    ("indication", "unknown_indication", {"indication": "C00"}),
    ("trial", "unknown_trial", ICT | {"trial": "NCT00000000"}),
    ("trial", "trial_missing", {"category": "ACT"}),
    ("trial", "trial_missing", {"category": "ICT"}),
    ("trial", "trial_not_allowed", {"trial": factories.INDUSTRY}),
    ("trial", "trial_sponsor_wrong", {"category": "ACT", "trial": factories.INDUSTRY}),
    ("trial", "trial_sponsor_wrong", {"category": "ICT", "trial": factories.ACADEMIC}),
    ("manufacturing_site", "unknown_manufacturing_site", {"manufacturing_site": "XXX"}),
    ("infused_on", "missing", {"infused_on": ""}),
    ("infused_on", "date_invalid", {"infused_on": "5/5 2020"}),
    ("infused_on", "date_invalid", {"infused_on": "2020-02-30"}),
    ("infused_on", "date_invalid", {"infused_on": "2020-05-05", "date_precision": "month"}),
    ("infused_on", "date_invalid", {"infused_on": "2020-05", "date_precision": "day"}),
    ("infused_on", "date_in_future", {"infused_on": f"{today() + timedelta(days=2)}", "age_at_infusion": ""}),
    ("infused_on", "date_too_early", {"infused_on": "1989-12-31", "age_at_infusion": "19"}),
    ("infused_on", "date_before_birth",
     {"patient_id": factories.number(date(2021, 1, 1)), "age_at_infusion": "0"}),
    ("date_precision", "unknown_date_precision", {"date_precision": "week"}),
    ("sequence", "number_invalid", {"sequence": "0"}),
    ("sequence", "number_invalid", {"sequence": "10"}),
    ("sequence", "number_invalid", {"sequence": "one"}),
    ("sequence", "number_invalid", {"sequence": "²"}),
    ("age_at_infusion", "number_invalid", {"age_at_infusion": "-1"}),
    ("age_at_infusion", "number_invalid", {"age_at_infusion": "4.5"}),
    ("age_at_infusion", "age_missing", {"patient_id": "local:a", "age_at_infusion": ""}),
    ("age_at_infusion", "age_impossible", {"patient_id": "local:a", "age_at_infusion": "121"}),
    ("age_at_infusion", "age_contradicts_identifier", {"age_at_infusion": "51"}),
    ("batch", "too_long", {"batch": "B" * 61}),
    ("batch", "character_invalid", {"batch": "B\x001"}),
    ("batch", "number_shortened", {"batch": "1,23457E+14"}),
    ("batch", "identifier_in_text", {"batch": f"of {NUMBER}"}),
]  # fmt: skip
FILE_WARNINGS = [
    ("infused_on", "date_improbable", {"infused_on": "2009-12-31", "age_at_infusion": "", "category": "CUP"}),
    ("age_at_infusion", "age_improbable", {"patient_id": "local:a", "age_at_infusion": "91"}),
    ("trial", "cup_in_industry_trial", {"category": "CUP", "trial": factories.INDUSTRY}),
    ("product", "investigational_in_care", {"product": "Akademisk CD19 CAR-T"}),
    ("product", "product_before_authorisation", {"infused_on": "2018-08-21", "age_at_infusion": "48"}),
    ("patient_id", "reserve_number_unconfirmed", {"patient_id": "reserve-uppsala:19700615AB12"}),
    ("patient_id", "century_doubted", {"patient_id": NEWBORN[2:], "age_at_infusion": ""}),
]


def place(stated: Kind | None, infused_on: date, sequence: int, product: str, *precision) -> Step:
    """An infusion in a course, its kind first."""
    plan = Plan(2, 28) if stated == Kind.FURTHER_DOSE else Plan()
    return Step(infused_on, sequence, stated, product, *precision, plan=plan)


FIRST = Step(date(2020, 5, 5), 1, Kind.FIRST, "Kymriah")
LATER = Step(date(2021, 5, 5), 1, Kind.REINFUSION, "Kymriah")
# code, what the clinic says, where the infusion lies, the others of the person's course
COURSE_CASES = [
    ("kind_unclear", None, (date(2020, 5, 4), 1, "Kymriah"), [FIRST]),
    ("kind_unclear", Kind.FIRST, (date(2020, 5, 4), 1, "Kymriah"), [FIRST]),
    ("kind_unclear", Kind.REINFUSION, (date(2020, 5, 4), 1, "Kymriah"), [FIRST]),
    ("kind_unclear", None, (date(2020, 5, 6), 1, "Kymriah"), [FIRST]),
    ("kind_unclear", None, (date(2021, 5, 6), 1, "Kymriah"), [LATER]),
    ("second_first", Kind.FIRST, (date(2020, 5, 6), 1, "Kymriah"), [FIRST]),
    ("second_first", Kind.FIRST, (date(2020, 5, 5), 2, "Kymriah"), [FIRST]),
    ("first_not_earliest", Kind.FIRST, (date(2021, 5, 6), 1, "Kymriah"), [LATER]),
    ("further_dose_without_earlier", Kind.FURTHER_DOSE, (date(2020, 5, 5), 1, "Kymriah"), []),
    ("further_dose_without_earlier", Kind.FURTHER_DOSE, (date(2021, 5, 4), 1, "Kymriah"), [LATER]),
    ("duplicate", None, (*FIRST[:2], "Kymriah"), [FIRST]),
    ("duplicate", Kind.REINFUSION, (*FIRST[:2], "Kymriah"), [FIRST]),
    ("sequence_taken", None, (*FIRST[:2], "Yescarta"), [FIRST]),
    ("sequence_taken", Kind.FURTHER_DOSE, (*FIRST[:2], "Yescarta"), [FIRST]),
]
COURSE_ANSWERS = [
    (Kind.FIRST, None, (date(2020, 5, 5), 1, "Kymriah"), []),
    (Kind.FIRST, None, (date(2021, 5, 4), 1, "Kymriah"), [LATER]),  # the person has none earlier
    (Kind.FIRST, Kind.FIRST, (date(2021, 5, 4), 1, "Kymriah"), [LATER]),
    (Kind.FURTHER_DOSE, Kind.FURTHER_DOSE, (date(2020, 5, 5), 2, "Kymriah"), [FIRST]),
    (Kind.REINFUSION, Kind.REINFUSION, (date(2020, 5, 6), 1, "Kymriah"), [FIRST]),
]
# Codes that other tests of this file provoke, and codes that only a file can.
ELSEWHERE = {
    "no_earlier_infusion", "long_gap", "age_contradicts_birth_year", "do_not_register", "date_on_weekend",
    "third_infusion", "sex_differs",
}  # fmt: skip
BY_FILE = {
    "too_many_infusions",
    "too_many_cells",
    "withdrawn_before",
    "cell_unreadable",
    "row_hidden",
    "columns_hidden",
    "encoding_assumed",
    "lines_above_header",
    "number_shortened",
    KIND_STAYS,
}  # tests of files, of every kind


@pytest.fixture
def read(lists):
    """Read one row of an exchange file: {(field, code)} of its refusals and of its warnings."""
    reader = RowReader(CodeLists(Operator()))

    def problems(**changes) -> tuple[set, set]:
        _stated, found = reader.read(ROW | changes)
        pairs = {warning: {(p.field, p.code) for p in found if p.warning is warning} for warning in (False, True)}
        assert all(problem.sentence.endswith((".", "?", "…")) for problem in found)
        return pairs[False], pairs[True]

    return problems


def codes_of(error: InfusionRefused) -> set[tuple[str, str]]:
    return {(problem.field, problem.code) for problem in error.problems}


def test_an_ordinary_row_is_accepted_without_a_word(read):
    assert read() == (set(), set())


@pytest.mark.parametrize(("field", "code", "changes"), FILE_CASES)
def test_a_row_that_is_impossible_is_refused_by_field_and_code(read, field, code, changes):
    refusals, _warnings = read(**changes)
    assert refusals == {(field, code)}


@pytest.mark.parametrize(("field", "code", "changes"), FILE_WARNINGS)
def test_a_row_that_is_improbable_is_only_warned_of(read, field, code, changes):
    assert read(**changes) == (set(), {(field, code)})


def test_every_wrong_field_of_a_row_is_named_at_once(read):
    refusals, _warnings = read(centre="XXX", product="Aspirin", infused_on="soon", patient_id="nobody")
    assert refusals == {
        ("centre", "unknown_centre"),
        ("product", "unknown_product"),
        ("infused_on", "date_invalid"),
        ("patient_id", "identifier_invalid"),
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"product": "Aspirin", "infused_on": "2040-01-01", "age_at_infusion": ""}, {"date_in_future"}),
        ({"product": "", "infused_on": "1989-12-31", "age_at_infusion": "19"}, {"date_too_early"}),
        ({"infused_on": "2020-13-01", "category": "ACT"}, {"trial_missing"}),
        ({"infused_on": "2020-13-01", "sex": "", "age_at_infusion": ""}, set()),
        ({"infused_on": "2020-13-01", "sex": "male", "age_at_infusion": ""}, {"sex_contradicts_identifier"}),
        ({"patient_id": "19700615-9801", "sex": "", "age_at_infusion": "", "centre": "ORE"}, {"centre_upcoming"}),
        ({"date_precision": "week", "age_at_infusion": "99", "batch": "x" * 61}, {"too_long"}),
        ({"category": "XYZ", "infused_on": "2018-01-02", "age_at_infusion": "47"}, set()),
        (
            {"kind": "second", "infused_on": "2018-01-02", "age_at_infusion": "47"},
            {"product_before_authorisation"},
        ),
    ],
)
def test_a_field_that_cannot_be_read_hides_no_rule_of_other_fields(lists, changes, expected):
    stated, found = RowReader(CodeLists(Operator())).read(ROW | changes)
    codes = {problem.code for problem in found}
    unread = {
        code for code in codes if code in {"missing", "date_invalid", "identifier_invalid"} or "unknown" in code
    }
    assert stated is None and len(unread) == 1
    assert codes - unread == expected


@pytest.mark.parametrize("longest", [0, 99])
def test_a_value_that_is_not_known_is_never_repeated(lists, monkeypatch, longest):
    monkeypatch.setattr(row_fields, "SHORT_LIST", longest)  # a short list is told in the sentence
    reader = RowReader(CodeLists(Operator()))
    fields = set(ROW) - {"infused_on", "patient_id", "batch"}
    for field in fields:
        _stated, found = reader.read(ROW | {field: NUMBER})
        assert found, field
        assert NUMBER not in repr(found)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("product", "KYMRIAH"),
        ("product", "Tisagenlecleucel"),
        ("category", "soc"),
        ("kind", "FIRST"),
        ("centre", "upp"),
        ("indication", "b-all"),
        ("indication", "c91.0"),
        ("indication", ""),
        ("sex", ""),
        ("kind", ""),
        ("modality", "car-t"),
        ("modality", ""),
        ("date_precision", ""),
        ("sequence", ""),
        ("age_at_infusion", ""),
        ("manufacturing_site", "vecura"),
        ("product", "  Kymriah "),
    ],
)
def test_spellings_that_mean_the_same_are_accepted(read, field, value):
    assert read(**{field: value}) == (set(), set())


@pytest.mark.parametrize(("code", "stated", "step", "others"), COURSE_CASES)
def test_an_infusion_that_does_not_fit_its_persons_course_is_refused(code, stated, step, others):
    with pytest.raises(InfusionRefused) as refused:
        classify(step=place(stated, *step), others=others)
    assert [problem.code for problem in refused.value.problems] == [code]
    assert isinstance(refused.value, KindUnclear) == (code == "kind_unclear")
    # Another centre's infusion may be meant: neither its day nor its product is told.
    assert not any(text in str(refused.value) for text in ("2020", "2021", "Kymriah", "Yescarta"))


@pytest.mark.parametrize(("kind", "stated", "step", "others"), COURSE_ANSWERS)
def test_an_infusion_that_fits_its_persons_course_gets_its_kind(kind, stated, step, others):
    assert classify(step=place(stated, *step), others=others) == (kind, [])


@pytest.mark.parametrize("kind", [Kind.FURTHER_DOSE, Kind.REINFUSION])
def test_a_later_kind_without_an_earlier_infusion_here_is_right_where_there_are_others_elsewhere(kind):
    step = place(kind, date(2020, 5, 5), 1, "Kymriah")
    assert classify(step=step, others=[], elsewhere=True) == (kind, [])
    after = LATER._replace(kind=Kind.REINFUSION)
    assert classify(step=step, others=[after], elsewhere=True)[0] == kind
    for open_or_first in (None, Kind.FIRST):
        with pytest.raises(KnownElsewhere):
            classify(step=step._replace(kind=open_or_first), others=[after], elsewhere=True)


def test_a_reinfusion_without_an_earlier_infusion_is_only_improbable():
    kind, problems = classify(step=place(Kind.REINFUSION, date(2020, 5, 5), 1, "Kymriah"), others=[])
    assert kind == Kind.REINFUSION
    assert [(problem.code, problem.warning) for problem in problems] == [("no_earlier_infusion", True)]


@pytest.mark.parametrize(("days", "warned"), [(5 * 365, False), (5 * 365 + 1, True)])
def test_a_gap_of_more_than_five_years_is_improbable(days, warned):
    step = place(Kind.REINFUSION, FIRST.infused_on + timedelta(days=days), 1, "Kymriah")
    _kind, problems = classify(step=step, others=[FIRST])
    assert [problem.code for problem in problems] == ["long_gap"] * warned
    assert all(problem.warning for problem in problems)


def test_a_gap_is_counted_from_the_last_infusion_before_whichever_is_named_first():
    years = timedelta(days=4 * 365)
    between = place(Kind.REINFUSION, FIRST.infused_on + years, 1, "Kymriah")
    step = place(Kind.REINFUSION, FIRST.infused_on + 2 * years, 1, "Kymriah")
    for others in ([FIRST, between], [between, FIRST]):
        assert classify(step=step, others=others) == (Kind.REINFUSION, [])


# What each limit lets through and what it does not, at its very edge.


def problems_of(lists, patient: str = NUMBER, **fields) -> dict[str, bool]:
    """{code: is only a warning} of a stated infusion."""
    stated = factories.stated(lists, patient, **fields)
    infusion_rules.complete_input(stated)
    return {problem.code: problem.warning for problem in check_input(stated)}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(1989, 12, 31), {"date_too_early": False}),
        (date(1990, 1, 1), {"date_improbable": True}),
        (date(2009, 12, 31), {"date_improbable": True}),
        (date(2010, 1, 1), {}),
    ],
)
def test_dates_are_judged_at_their_limits(lists, day, expected):
    assert problems_of(lists, category="CUP", infused_on=day) == expected


@pytest.mark.parametrize(("days", "expected"), [(0, {}), (1, {"date_in_future": False})])
def test_today_is_the_last_day(lists, days, expected):
    assert problems_of(lists, category="CUP", infused_on=today() + timedelta(days=days)) == expected


def test_today_is_todays_date_in_stockholm(monkeypatch):
    class LateEvening(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2025, 6, 30, 22, 30, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(dates, "datetime", LateEvening)
    assert today() == date(2025, 7, 1)


@pytest.mark.parametrize(
    ("age", "expected"),
    [(0, {}), (90, {}), (91, {"age_improbable": True}), (120, {"age_improbable": True}),
     (121, {"age_impossible": False}), (-1, {"age_impossible": False})],
)  # fmt: skip
def test_ages_are_judged_at_their_limits(lists, age, expected):
    assert problems_of(lists, "local:a", age_at_infusion=age) == expected


@pytest.mark.parametrize(
    ("day", "precision", "fits"),
    [
        ("2020-06-14", "day", {49}),
        ("2020-06-15", "day", {50}),
        ("2020-06-01", "month", {49, 50}),
        ("2020-07-01", "month", {50}),
        ("2020-01-01", "year", {49, 50}),
    ],
)
def test_an_age_agrees_with_the_identifier_as_far_as_the_date_is_known(lists, day, precision, fits):
    accepted = {
        age
        for age in range(47, 53)
        if not problems_of(lists, infused_on=day, date_precision=precision, age_at_infusion=age)
    }
    assert accepted == fits


UNKNOWN_DAY = f"19701160-980{factories.check_digit('701160980')}"
UNKNOWN_MONTH = f"19700075-980{factories.check_digit('700075980')}"


@pytest.mark.parametrize("number", [UNKNOWN_DAY, UNKNOWN_MONTH])
@pytest.mark.parametrize(
    ("day", "precision", "fits"),
    [
        ("2020-05-05", "day", {49, 50}),
        ("2020-12-31", "day", {50}),
        ("2020-01-01", "year", {49, 50}),
        ("1999-01-01", "day", {28, 29}),
    ],
)
def test_where_the_day_of_birth_is_not_known_the_age_is_stated_and_agrees_with_the_year(
    lists, number, day, precision, fits
):
    accepted = {
        age
        for age in range(26, 53)
        if "age_contradicts_identifier"
        not in problems_of(lists, number, infused_on=day, date_precision=precision, age_at_infusion=age)
    }
    assert accepted == fits
    assert "age_missing" in problems_of(lists, number, infused_on=day, date_precision=precision)
    assert "sex_contradicts_identifier" in problems_of(lists, number, age_at_infusion=50, sex=Sex.MALE)
    child = f"20200075-980{factories.check_digit('200075980')}"
    assert "date_before_birth" in problems_of(lists, child, infused_on="2019-12-31", age_at_infusion=0)
    assert problems_of(lists, child, infused_on="2020-12-31", age_at_infusion=0) == {}


BORN_IN_2019 = f"20190060-980{factories.check_digit('190060980')}"  # a coordination number without month and day


@pytest.mark.parametrize(
    ("number", "day", "doubted"),
    [
        (NEWBORN[2:], "2020-06-14", True),  # or a hundred years old
        (NEWBORN[2:], "2020-06-15", False),  # a year
        (NEWBORN, "2020-06-14", False),  # the century is written
        (NEWBORN[2:].replace("-", ""), "2020-01-05", True),
        ("190615+980" + NEWBORN[-1], "2020-06-14", True),  # 100, and by - under one year
        ("190615+980" + NEWBORN[-1], "2019-06-15", True),
        ("190615+980" + NEWBORN[-1], "2019-06-14", False),  # 99, and by - not born
        ("19190615+980" + NEWBORN[-1], "2020-06-14", False),
        (NUMBER[2:], "2020-06-14", False),
        (NEWBORN[2:], "2019", True),
        (NEWBORN[2:], "2020-06", True),
        (NEWBORN[2:], "2021", False),
        ("190615+980" + NEWBORN[-1], "2019", True),  # of whom nobody knows whether before or after the birthday
        ("190615+980" + NEWBORN[-1], "2019-05", False),
        (BORN_IN_2019[2:], "2020-06-14", True),  # perhaps in December
        (BORN_IN_2019[2:], "2021-01-01", False),
        (BORN_IN_2019[2:].replace("-", "+"), "2019-06-14", True),
        (BORN_IN_2019, "2020-06-14", False),
    ],
)
def test_a_century_that_is_not_written_is_doubted_where_the_other_is_as_likely(lists, number, day, doubted):
    precision = {4: "year", 7: "month", 10: "day"}[len(day)]
    found = problems_of(
        lists, number, infused_on=(day + "-01-01")[:10], date_precision=precision,
        age_at_infusion=(100 if "+" in number else int(day[:4]) - 2019) if "0060" in number else None,
    )  # fmt: skip
    assert ("century_doubted" in found) is doubted
    assert all(found[code] for code in found)  # warnings, all of them


def test_an_infusion_in_the_period_of_birth_is_possible(lists):
    newborn = factories.number(date(2020, 5, 15), 980)
    for day, precision in (("2020-05-15", "day"), ("2020-05-01", "month"), ("2020-01-01", "year")):
        assert problems_of(lists, newborn, infused_on=day, date_precision=precision) == {}
    assert "date_before_birth" in problems_of(lists, newborn, infused_on="2020-05-14")
    assert "date_before_birth" in problems_of(lists, newborn, infused_on="2020-04-01", date_precision="month")


@pytest.mark.parametrize(
    ("day", "precision", "warned"),
    [("2018-08-21", "day", True), ("2018-08-22", "day", False), ("2018-07-01", "month", True),
     ("2018-08-01", "month", False), ("2017-01-01", "year", True), ("2018-01-01", "year", False)],
)  # fmt: skip
def test_a_product_is_warned_of_before_its_authorisation_in_standard_of_care_alone(lists, day, precision, warned):
    fields = {"infused_on": day, "date_precision": precision}
    assert ("product_before_authorisation" in problems_of(lists, **fields)) == warned
    for category in ("ACT", "ICT", "CUP"):
        assert problems_of(lists, category=category, **fields) == {}


def test_compassionate_use_may_have_a_trial_and_one_of_the_industry_is_doubted(lists):
    for trial in (None, factories.ACADEMIC):
        assert problems_of(lists, category="CUP", trial=trial) == {}
    assert problems_of(lists, category="CUP", trial=factories.INDUSTRY) == {"cup_in_industry_trial": True}


def test_an_unknown_sex_contradicts_no_identifier(lists):
    assert problems_of(lists, sex=Sex.UNKNOWN) == {}
    assert problems_of(lists, "local:a", age_at_infusion=50, sex=Sex.MALE) == {}


@pytest.mark.parametrize(
    ("patient", "fields", "filled"),
    [
        (NUMBER, {}, (Sex.FEMALE, 49)),
        (NUMBER, {"sex": Sex.UNKNOWN}, (Sex.FEMALE, 49)),
        (NUMBER, {"sex": Sex.MALE, "age_at_infusion": 7}, (Sex.MALE, 7)),  # refused, and not put right
        (NUMBER, {"age_at_infusion": 0}, (Sex.FEMALE, 0)),
        ("local:a", {}, (Sex.UNKNOWN, None)),
        ("local:a", {"sex": Sex.MALE, "age_at_infusion": 7}, (Sex.MALE, 7)),
        (factories.number(date(2020, 5, 15), 981), {"infused_on": "2020-05-01", "date_precision": "month"},
         (Sex.MALE, 0)),
    ],
)  # fmt: skip
def test_sex_and_age_are_filled_in_from_the_number_where_they_are_left_open(lists, patient, fields, filled):
    stated = factories.stated(lists, patient, **fields)
    infusion_rules.complete_input(stated)
    assert (stated.sex, stated.age_at_infusion) == filled
    stated.identifier = None
    infusion_rules.complete_input(stated)
    assert (stated.sex, stated.age_at_infusion) == filled


# A single entry obeys the same rules as a row of a file.


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("number_invalid", {"sequence": 0}),
        ("number_invalid", {"sequence": 12}),
        ("too_long", {"batch": "B" * 61}),
        ("age_impossible", {"patient": "local:a", "age_at_infusion": 121}),
        ("age_missing", {"patient": "local:a"}),
        ("date_in_future", {"infused_on": "2999-01-01"}),
        ("date_too_early", {"infused_on": "1989-12-31"}),
        ("sex_contradicts_identifier", {"sex": Sex.MALE}),
        ("trial_missing", {"category": "ACT", "trial": None}),
        ("trial_not_allowed", {"trial": factories.ACADEMIC}),
        ("trial_sponsor_wrong", {"category": "ICT", "trial": factories.ACADEMIC}),
        ("identifier_in_text", {"batch": NUMBER}),
        ("identifier_in_text", {"batch": NUMBER.replace("-", " ")}),
        ("identifier_in_text", {"batch": f"lot {NUMBER[2:]}"}),
    ],
)
def test_what_is_impossible_is_refused_of_a_single_entry_too(lists, code, fields):
    with pytest.raises(InfusionRefused) as refused:
        factories.record(lists, fields.pop("patient", NUMBER), **fields)
    assert code in {found for _field, found in codes_of(refused.value)}
    assert NUMBER not in str(refused.value)
    assert not Infusion.objects.exists()
    assert not Patient.objects.exists()


def test_a_date_that_does_not_fit_its_precision_is_refused_of_a_single_entry(lists):
    with pytest.raises(InfusionRefused):
        factories.record(lists, NUMBER, infused_on="2020-05-05", date_precision=DatePrecision.MONTH)
    infusion = factories.record(lists, NUMBER, infused_on="2020-05-05")
    with pytest.raises(InfusionRefused):
        changes = {"date_precision": DatePrecision.YEAR}
        correct_infusion(infusion_id=infusion.pk, changes=changes, by=Operator(), reason="known less")


def test_a_longest_batch_and_a_last_sequence_are_accepted(lists):
    infusion = factories.record(lists, NUMBER, batch="B" * 60, sequence=9)
    assert Infusion.objects.get() == infusion


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"infused_on": date(2000, 5, 5), "age_at_infusion": 50}, "age_contradicts_birth_year"),
        ({"age_at_infusion": 20}, "age_contradicts_birth_year"),
        ({"infused_on": date(2999, 1, 1)}, "date_in_future"),
        ({"infused_on": date(1989, 1, 1)}, "date_too_early"),
        ({"sequence": 10}, "number_invalid"),
        ({"batch": "B" * 61}, "too_long"),
        ({"batch": NUMBER}, "identifier_in_text"),
        ({"batch": NUMBER.replace("-", " ")}, "identifier_in_text"),
        ({"kind": Kind.FURTHER_DOSE}, "further_dose_without_earlier"),
        ({"category": Category.ACT}, "trial_missing"),
    ],
)
def test_what_is_impossible_is_refused_of_a_correction_too(lists, changes, code):
    infusion = factories.record(lists, NUMBER)
    with pytest.raises(InfusionRefused) as refused:
        correct_infusion(infusion_id=infusion.pk, changes=changes, by=Operator(), reason="a mistake")
    assert code in {found for _field, found in codes_of(refused.value)}
    unchanged = Infusion.objects.get()
    assert all(getattr(unchanged, name) == getattr(infusion, name) for name in changes)


def test_a_date_and_an_age_can_be_corrected_together(lists):
    infusion = factories.record(lists, NUMBER, infused_on="2020-07-07", age_at_infusion=50)
    changes = {"infused_on": date(2022, 7, 7), "age_at_infusion": 52}
    correct_infusion(infusion_id=infusion.pk, changes=changes, by=Operator(), reason="a mistake")
    assert Infusion.objects.values("infused_on", "age_at_infusion").get() == changes


@pytest.mark.parametrize(("age", "agrees"), [(48, False), (49, True), (50, True), (51, False), (None, True)])
def test_an_age_agrees_with_the_year_of_birth(lists, age, agrees):
    stated = replace(factories.stated(lists, NUMBER), age_at_infusion=age)
    problem = check_age_by_birth_year(stated, 1970)
    assert (problem is None) == agrees
    assert problem is None or problem.code == "age_contradicts_birth_year"
    assert check_age_by_birth_year(stated, None) is None


@pytest.mark.parametrize(
    ("infused_on", "precision", "year", "fits"),
    [
        ("2020-05-05", "day", 2019, {0, 1}),
        ("2020-05-05", "day", 2020, {0}),
        ("2020-05-05", "day", 2021, set()),
        ("2020-01-01", "year", 2020, {0}),
        ("2020-01-01", "year", 2021, set()),
        ("2020-01-01", "day", 2018, {1, 2}),  # 2 on a birthday of 1 January
        ("2020-12-31", "day", 2018, {2}),  # whoever was born in 2018 has had a birthday
        ("2020-12-01", "month", 2018, {1, 2}),
    ],
)
def test_an_age_agrees_with_the_year_of_birth_where_some_birthday_fits_both(
    lists, infused_on, precision, year, fits
):
    when = {"infused_on": infused_on, "date_precision": DatePrecision(precision)}
    inputs = {age: factories.stated(lists, **when, age_at_infusion=age) for age in range(4)}
    assert {age for age, stated in inputs.items() if check_age_by_birth_year(stated, year) is None} == fits


def test_a_sex_that_was_not_known_is_filled_in_from_a_later_infusion(lists):
    reporter = factories.user("reporter", lists.centres["UPP"])
    record = partial(factories.record, lists, "local:1", by=reporter)
    person = record(age_at_infusion=50).patient
    assert person.sex == Sex.UNKNOWN
    revision = Revision.objects.get().number
    record(infused_on="2021-05-05", kind="reinfusion", sex=Sex.UNKNOWN, age_at_infusion=51)
    assert Patient.objects.get().history_rows.count() == 1
    with override("en"):
        later = record(infused_on="2022-05-05", kind="further_dose", sex=Sex.FEMALE, age_at_infusion=52)
    assert (later.patient.sex, Patient.objects.get().sex) == ("female", "female")
    told = Patient.objects.get().history_rows.latest("pgh_id")
    assert (told.pgh_label, told.sex, told.acted_by, told.reason) == (
        "update", "female", "reporter", "Stated with an infusion",
    )  # fmt: skip
    assert Revision.objects.get().number == revision + 4, "two infusions, and for each the person's sex"
    assert not Question.objects.filter(rule="sex_differs").exists()


def test_a_sex_that_differs_from_the_persons_is_stored_asked_about_and_not_taken(lists):
    record = partial(factories.record, lists, "local:1")
    record(sex=Sex.FEMALE, age_at_infusion=50)
    other = record(infused_on="2021-05-05", kind="reinfusion", sex=Sex.MALE, age_at_infusion=51)
    assert Patient.objects.get().sex == "female"
    assert Question.objects.get(rule="sex_differs").infusion == other
    for open_sex in (None, Sex.UNKNOWN, Sex.FEMALE):
        assert not list(infusion_rules.doubt_sex(open_sex, Sex.FEMALE))
    assert not list(infusion_rules.doubt_sex(Sex.MALE, Sex.UNKNOWN))


def test_a_correction_that_gives_a_second_first_is_refused(lists):
    factories.record(lists, NUMBER, infused_on="2020-05-05")
    later = factories.record(lists, NUMBER, infused_on="2021-05-05", kind="reinfusion")
    with pytest.raises(InfusionRefused) as refused:
        correct_infusion(infusion_id=later.pk, changes={"kind": Kind.FIRST}, by=Operator(), reason="?")
    assert refused.value.code == "second_first"


def test_only_what_can_be_corrected_is_corrected(lists):
    infusion = factories.record(lists, NUMBER)
    for name in ("patient", "status", "id", "created_at"):
        with pytest.raises(ValueError, match=name):
            correct_infusion(infusion_id=infusion.pk, changes={name: 1}, by=Operator(), reason="a mistake")


def test_another_centres_infusion_and_a_made_up_one_answer_alike(lists):
    infusion = factories.record(lists, NUMBER, centre="UPP")
    outsider = factories.user("sto", lists.centres["STO"])
    for infusion_id in (infusion.pk, "00000000-0000-4000-8000-000000000000"):
        with pytest.raises(NotFound, match=r"^(There is no such|Det finns ingen)"):
            withdraw_infusion(infusion_id=infusion_id, by=outsider, reason="a mistake")
        with pytest.raises(NotFound, match=r"^(There is no such|Det finns ingen)"):
            correct_infusion(infusion_id=infusion_id, changes={"batch": "B"}, by=outsider, reason="a mistake")
    with pytest.raises(NotPermitted):
        factories.record(lists, factories.nth_number(3), centre="UPP", by=outsider)


def test_an_infusion_cannot_be_moved_to_a_centre_where_one_may_not_write(lists):
    reporter = factories.user("upp", lists.centres["UPP"])
    infusion = factories.record(lists, NUMBER, centre="UPP", by=reporter)
    with pytest.raises(NotPermitted):
        correct_infusion(
            infusion_id=infusion.pk, changes={"centre": lists.centres["STO"]}, by=reporter, reason="moved"
        )
    assert Infusion.objects.get().centre == lists.centres["UPP"]


def test_another_centres_first_is_changed_by_no_answer_of_this_one(lists):
    factories.record(lists, NUMBER, centre="STO", infused_on="2020-05-05")
    reporter = factories.user("upp", lists.centres["UPP"])
    with pytest.raises(KnownElsewhere) as refused:
        factories.record(
            lists, NUMBER, centre="UPP", infused_on="2019-05-05", kind="first", by=reporter,
            former_first_becomes=Kind.REINFUSION,
        )  # fmt: skip
    assert refused.value.code == "known_elsewhere"
    assert Infusion.objects.get().kind == Kind.FIRST


@pytest.mark.parametrize("reason", ["", "   "])
@pytest.mark.usefixtures("neighbours")
def test_a_change_needs_a_reason(lists, reason):
    infusion = factories.record(lists, NUMBER)
    with pytest.raises(ReasonMissing):
        withdraw_infusion(infusion_id=infusion.pk, by=Operator(), reason=reason)
    with pytest.raises(ReasonMissing):
        correct_infusion(infusion_id=infusion.pk, changes={"batch": "B"}, by=Operator(), reason=reason)
    infusion.refresh_from_db()
    assert (infusion.status, infusion.batch) == ("submitted", "")


@pytest.mark.parametrize("number", [NUMBER, NUMBER.replace("-", ""), NUMBER.replace("-", " "), NUMBER[2:]])
def test_a_reason_with_an_identity_number_is_refused(lists, number):
    infusion = factories.record(lists, NUMBER)
    reason = f"was {number}'s"
    calls = (
        lambda: withdraw_infusion(infusion_id=infusion.pk, by=Operator(), reason=reason),
        lambda: correct_infusion(infusion_id=infusion.pk, changes={"batch": "B"}, by=Operator(), reason=reason),
    )
    for call in calls:
        with pytest.raises(IdentifierInText) as refused:
            call()
        assert number not in str(refused.value)
    assert Infusion.objects.values_list("batch", "status").get() == ("", "submitted")


def test_a_person_who_asked_not_to_be_registered_is_refused(lists):
    patient = factories.record(lists, NUMBER).patient
    erase_patient(patient=patient, by=Operator(), reason="asked for it")
    with pytest.raises(PatientRefused) as refused:
        factories.record(lists, NUMBER)
    assert refused.value.code == "do_not_register"
    assert not Patient.objects.exists()


# A closed world: a code that no test provokes fails here.


def codes_in(path: Path) -> set[str]:
    """The codes of all problems that a source names."""
    found = set()
    for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
        place = {"Problem": 1, "refuse": 1, "_kind_problem": 0}.get(name)
        if place is not None and len(call.args) > place and isinstance(call.args[place], ast.Constant):
            found.add(call.args[place].value)
        elif name in {"look_up", "choose"} and isinstance(call.args[0], ast.Constant):
            found.add(f"unknown_{call.args[0].value}")
    return found


SATURDAY, SUNDAY, MONDAY = date(2020, 5, 2), date(2020, 5, 3), date(2020, 5, 4)


@pytest.mark.parametrize(
    ("day", "precision", "doubted"),
    [
        (SATURDAY, "day", True),
        (SUNDAY, "day", True),
        (MONDAY, "day", False),
        (date(2020, 2, 1), "month", False),  # a Saturday that nobody has stated
    ],
)
def test_an_old_weekend_day_is_doubted_in_single_entry(lists, day, precision, doubted):
    typed = factories.stated(lists, infused_on=day, date_precision=DatePrecision(precision))
    assert [p.code for p in infusion_rules.doubt_entry(typed, [])] == ["date_on_weekend"] * doubted


@pytest.mark.parametrize(("days", "doubted"), [(365, False), (366, True)])
def test_a_weekend_is_doubted_from_a_year_on(lists, monkeypatch, days, doubted):
    monkeypatch.setattr(infusion_rules, "today", lambda: SATURDAY + timedelta(days=days))
    typed = factories.stated(lists, infused_on=SATURDAY)
    assert [p.code for p in infusion_rules.doubt_entry(typed, [])] == ["date_on_weekend"] * doubted


def test_a_weekend_of_this_year_is_not_doubted(lists):
    recent = next(day for n in range(1, 8) if (day := today() - timedelta(days=n)).weekday() == 5)
    assert not list(infusion_rules.doubt_entry(factories.stated(lists, infused_on=recent), []))


def test_the_third_infusion_is_doubted_in_single_entry_and_the_second_is_not(lists):
    typed = factories.stated(lists, infused_on=MONDAY)
    before = [Step(MONDAY - timedelta(days=n), 1, Kind.REINFUSION, "Kymriah") for n in (1, 2)]
    after = Step(MONDAY + timedelta(days=1), 1, Kind.REINFUSION, "Kymriah")
    assert [p.code for p in infusion_rules.doubt_entry(typed, before)] == ["third_infusion"]
    assert not list(infusion_rules.doubt_entry(typed, [before[0], after]))


@pytest.mark.parametrize(
    ("days", "product", "plan", "kind"),
    [
        (9, "Kymriah", Plan(2, 21), Kind.FURTHER_DOSE),
        (21, "Kymriah", Plan(2, 21), Kind.FURTHER_DOSE),
        (22, "Kymriah", Plan(2, 21), Kind.REINFUSION),
        (9, "Kymriah", Plan(), Kind.REINFUSION),
        (9, "Yescarta", Plan(2, 21), Kind.REINFUSION),
    ],
)
def test_a_second_infusion_is_proposed_as_what_it_probably_is(days, product, plan, kind):
    first = Step(MONDAY, 1, Kind.FIRST, "Kymriah", plan=plan)
    second = Step(MONDAY + timedelta(days=days), 1, None, product, plan=plan)
    assert course_kinds.propose_kind(second, [first]) == kind
    assert course_kinds.propose_kind(second._replace(infused_on=MONDAY - timedelta(days=1)), [first]) == Kind.FIRST


def test_every_code_of_the_sources_has_a_test():
    in_sources = set().union(*map(codes_in, SOURCES))
    in_sources |= {IdentifierUnusable.code, IssuerUnclear.code, PatientRefused.code, KIND_STAYS}
    looked_up = (column.name for column in TABLE if isinstance(column.holds, Listed | Chosen))
    in_sources |= {f"unknown_{name}" for name in looked_up if name != "modality"}  # the product's
    in_tests = {code for _field, code, _changes in (*FILE_CASES, *FILE_WARNINGS)}
    in_tests |= {code for code, *_ in COURSE_CASES} | ELSEWHERE | BY_FILE
    assert in_sources == in_tests
    named = Path(__file__).read_text()
    assert [code for code in sorted(ELSEWHERE) if named.count(f'"{code}"') == 1] == []
    files = (
        "test_import.py",
        "test_workbooks.py",
        "test_csv_dialects.py",
        "test_rows_seen.py",
        "test_sent_rows.py",
    )
    by_file = "".join(Path(__file__).with_name(name).read_text() for name in files)
    assert [code for code in sorted(BY_FILE) if code not in by_file] == []


def test_the_search_for_codes_sees_every_way_of_naming_one():
    """Each source's problems are counted by their calls, so that a new way of naming one is noticed."""
    for path in SOURCES:
        unread = []
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem" and len(node.args) > 1:
                code = node.args[1]
                known = isinstance(code, ast.Constant) or ast.unparse(code) in {
                    "code",
                    "problem.code",
                    "PatientRefused.code",
                    "KIND_STAYS",
                }
                unread += [] if known else [ast.unparse(code)]
        assert unread == [], path.name
