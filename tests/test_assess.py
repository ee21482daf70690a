"""An infusion is judged alike before it is stored and under the lock: what is told is what is done."""

import pytest

from registry.access import Operator
from registry.entry.infusions.proposal import propose
from registry.entry.infusions.record import record_infusion
from registry.errors import InfusionRefused
from registry.models import Infusion
from tests import factories

pytestmark = pytest.mark.django_db

ONE, OTHER, NEW = (factories.nth_number(place) for place in range(3))
FIRST = {"infused_on": "2020-05-05", "kind": "first", "batch": "B1"}
SECOND = {"infused_on": "2021-05-05", "kind": "reinfusion", "batch": "B2", "product": "Yescarta"}
# What is typed of ONE, who has these two; the answer; what refuses it; and the kinds that ONE then has, in order.
CASES = [
    ({"infused_on": "2022-05-05", "kind": None}, None, "kind_unclear", "FR"),
    ({"infused_on": "2022-05-05", "kind": "reinfusion"}, None, "", "FRR"),
    ({"infused_on": "2022-05-05", "kind": "first"}, None, "second_first", "FR"),
    ({"infused_on": "2022-05-05", "kind": "first"}, "reinfusion", "second_first", "FR"),
    ({"infused_on": "2019-05-05", "kind": None}, None, "kind_unclear", "FR"),
    ({"infused_on": "2019-05-05", "kind": "first"}, None, "kind_unclear", "FR"),
    ({"infused_on": "2019-05-05", "kind": "first"}, "reinfusion", "", "FRR"),
    ({"infused_on": "2019-05-05", "kind": "reinfusion"}, "reinfusion", "kind_unclear", "FR"),
    ({"infused_on": "2020-05-05", "kind": "reinfusion"}, None, "duplicate", "FR"),
    ({"infused_on": "2020-05-05", "kind": "first", "product": "Yescarta"}, None, "sequence_taken", "FR"),
    ({"infused_on": "2020-05-05", "kind": "further_dose", "sequence": 2}, None, "", "FDR"),
    ({"infused_on": "2022-05-05", "kind": "reinfusion", "age_at_infusion": 12}, None, "age_contradicts_identifier",
     "FR"),
    ({"infused_on": "2022-05-05", "kind": None, "batch": ONE}, None, "identifier_in_text", "FR"),
    ({"infused_on": "2022-05-05", "kind": "reinfusion", "trial": factories.ACADEMIC}, None, "trial_not_allowed",
     "FR"),
]  # fmt: skip


@pytest.fixture
def person(lists):
    first = factories.record(lists, ONE, **FIRST)
    factories.record(lists, OTHER, **FIRST | {"batch": "B3"})
    factories.record(lists, ONE, **SECOND)
    return first.patient


@pytest.mark.parametrize(("typed", "answer", "refused", "kinds"), CASES)
def test_what_is_told_is_what_is_done(lists, person, typed, answer, refused, kinds):
    stated = factories.stated(lists, ONE, **{"batch": "B4"} | typed)
    asked = {"stated": stated, "by": Operator(), "former_first_becomes": answer}
    assert told(**asked, patient=person) == refused
    assert done(**asked) == refused
    course = person.infusions.order_by("infused_on", "sequence").values_list("kind", flat=True)
    letters = {"first": "F", "further_dose": "D", "reinfusion": "R"}
    assert "".join(letters[kind] for kind in course) == kinds
    assert Infusion.objects.exclude(patient=person).count() == 1


@pytest.mark.parametrize(
    ("kind", "refused"), [(None, ""), ("first", ""), ("further_dose", "further_dose_without_earlier")]
)
def test_so_it_is_of_someone_new(lists, person, kind, refused):
    stated = factories.stated(lists, NEW, kind=kind)
    assert told(stated=stated, by=Operator()) == done(stated=stated, by=Operator()) == refused
    assert Infusion.objects.count() == 3 + (not refused)


def told(**asked) -> str:
    """What the page would say refuses it, before anything is stored; nothing is."""
    try:
        question = propose(**asked).question
    except InfusionRefused as error:
        return error.code
    return question.code if question else ""


def done(**asked) -> str:
    try:
        record_infusion(**asked)
    except InfusionRefused as error:
        return error.code
    return ""
