"""A rule is held wherever a field that it needs is changed, and not where one of them could not be read."""

from datetime import date

import pytest

from registry import infusion_rules
from registry.choices import Category, Sex
from registry.infusion_rules import check_input
from tests import factories

INFANT = factories.number(date(2019, 6, 15), 980)[2:]
INVESTIGATIONAL = "Akademisk CD19 CAR-T"
DATE = {"infused_on", "date_precision"}
# What breaks each rule, and the fields that it needs.
BROKEN = {
    "date_in_future": ({"infused_on": "2999-01-01"}, DATE),
    "centre_upcoming": ({"centre": "ORE"}, {"centre"}),
    "trial_missing": ({"category": "ACT", "trial": None}, {"category", "trial"}),
    "cup_in_industry_trial": ({"category": "CUP", "trial": factories.INDUSTRY}, {"category", "trial"}),
    "age_impossible": ({"age_at_infusion": 121}, DATE | {"patient_id", "age_at_infusion"}),
    "century_doubted": ({"patient": INFANT, "infused_on": "2020-01-07"}, DATE | {"patient_id"}),
    "reserve_number_unconfirmed": ({"patient": "uppsala:ABCD12345678", "age_at_infusion": 50}, {"patient_id"}),
    "sex_contradicts_identifier": ({"sex": Sex.MALE}, {"patient_id", "sex"}),
    "product_before_authorisation": ({"infused_on": "2016-05-04"}, DATE | {"category", "product"}),
    "investigational_in_care": ({"product": INVESTIGATIONAL}, {"category", "product"}),
    "number_invalid": ({"sequence": 10}, {"sequence"}),
    "too_long": ({"batch": "B" * 61}, {"batch"}),
}
FIELDS = set().union(*(needed for _fields, needed in BROKEN.values()))


def codes(lists, fields: dict, **options) -> set[str]:
    stated = factories.stated(lists, **fields)
    infusion_rules.complete_input(stated)
    return {problem.code for problem in check_input(stated, **options)}


@pytest.mark.parametrize("code", BROKEN)
def test_a_rule_is_held_where_a_field_that_it_needs_is_there_and_changed(lists, code):
    fields, needed = BROKEN[code]
    assert code in codes(lists, fields)
    assert {field for field in FIELDS if code in codes(lists, fields, touched={field})} == needed
    assert {field for field in FIELDS if code not in codes(lists, fields, unread={field})} == needed


def test_every_rule_is_broken_above():
    assert len(BROKEN) == len(infusion_rules.CHECKS)


def test_a_sex_that_the_clinic_does_not_know_contradicts_nothing(lists):
    woman = factories.number(birth_number=980)
    for sex, contradicts in ((Sex.UNKNOWN, False), (None, False), (Sex.FEMALE, False), (Sex.MALE, True)):
        stated = factories.stated(lists, woman, age_at_infusion=50, sex=sex)
        assert ("sex_contradicts_identifier" in {one.code for one in check_input(stated)}) == contradicts


@pytest.mark.parametrize("category", Category.values)
def test_an_investigational_product_is_doubted_in_standard_of_care_alone(lists, category):
    found = codes(lists, {"category": category, "product": INVESTIGATIONAL})
    assert ("investigational_in_care" in found) == (category == Category.SOC)
