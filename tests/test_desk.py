"""The steward's desk: merging with its effect shown before; who may; what it costs."""

import uuid
from datetime import date

import pytest

from registry.entry.infusions.record import withdraw_infusion
from registry.entry.patients.count_effect import EffectChanged
from registry.entry.patients.erasure import numbers_of
from registry.entry.patients.merge import merge_patients
from registry.models import (
    AccessLog,
    Infusion,
    Patient,
)
from registry.publishing.publish import publish
from tests import factories
from tests.desk import BY, COORDINATION, MAN, WOMAN, address, national, number, sign_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(steward):
    return sign_in(steward)


@pytest.fixture(scope="module")
def lists(kept_lists):
    """One person under two numbers: at Uppsala, and later at Stockholm."""
    factories.record(kept_lists, COORDINATION, infused_on="2020-05-05")
    factories.record(kept_lists, WOMAN, infused_on="2020-05-25", centre="STO")
    publish()
    return kept_lists


@pytest.fixture
def double(lists):
    one, other = Infusion.objects.order_by("infused_on").select_related("patient")
    return one.patient, other.patient


# Merging.


def test_a_merge_shows_both_side_by_side_and_does_what_it_said(double, client):
    keep, absorb = double
    numbers = number(keep), number(absorb)
    where = address("merge", number=numbers[0], other=numbers[1])
    page = client.get(where)
    shown = text(page)
    assert "Coordination number" in shown
    assert "Personal identity number" in shown
    (row,) = page.context["effect"]
    assert (row["centre"], [one["moves"] for one in row["measures"]]) == ("", [-1, 0, 1, 0, 0])
    assert "2 → 1" in shown
    assert "0 → 1" in shown
    sent = {"seen": page.context["seen"], "text": "The number was changed."}
    assert client.post(where, sent).url == address("person", number=numbers[0])
    assert list(Patient.objects.all()) == [keep]
    assert set(keep.infusions.values_list("kind", flat=True)) == {"first", "reinfusion"}
    publish()
    assert national() == {"patients": 1, "infusions": 2, "reinfusions": 1}
    assert Infusion.pgh_event_model.objects.latest("pgh_id").reason == "The number was changed."
    merged = AccessLog.objects.filter(action="merge").values_list("actor", "patient")
    assert sorted(merged) == sorted(("steward", one) for one in numbers)
    assert set(numbers_of(keep)) == set(numbers)


def test_a_merge_whose_effect_has_changed_meanwhile_is_not_done(double, client, lists):
    keep, absorb = double
    where = address("merge", number=number(keep), other=number(absorb))
    seen = client.get(where).context["seen"]
    withdraw_infusion(infusion_id=absorb.infusions.get().pk, by=BY, reason="a mistake")
    answer_ = client.post(where, {"seen": seen, "text": "One person."})
    assert "The records have changed meanwhile" in text(answer_)
    assert answer_.context["form"]["text"].value() == "One person."
    assert Patient.objects.count() == 2
    assert client.post(where, {"seen": answer_.context["seen"], "text": "One person."}).status_code == 302


def test_the_registry_refuses_a_merge_of_another_effect(double):
    with pytest.raises(EffectChanged):
        merge_patients(keep=double[0], absorb=double[1], by=BY, reason="one", seen="another")


WRONG_REASONS = {
    "": "This field is required.",
    " ": "This field is required.",
    "x" * 1001: "at most 1000 characters",
    f"It is {MAN}.": "This looks like an identity number.",
}


@pytest.mark.parametrize("reason", WRONG_REASONS, ids=WRONG_REASONS.values())
@pytest.mark.parametrize("name", ["merge", "move", "erase"])
def test_a_wrong_reason_gets_a_sentence_and_changes_nothing(double, client, name, reason):
    keep, absorb = double
    kwargs = {"number": number(keep)} | ({"other": number(absorb)} if name == "merge" else {})
    rest = {"from_centre": "UPP", "to_centre": "FAL", "shown": "UPP>FAL", "refuses": "no", "confirmed": "yes"}
    before = Infusion.pgh_event_model.objects.count()
    answer_ = client.post(address(name, **kwargs), rest | {"text": reason})
    assert answer_.status_code == 200
    form = answer_.context["form"]
    assert WRONG_REASONS[reason] in " ".join(form.errors["text"])
    assert 'id="id_text_error"' in text(answer_)
    assert form["text"].value() == reason
    assert Infusion.pgh_event_model.objects.count() == before
    assert (Patient.objects.count(), Infusion.objects.filter(centre__code="UPP").count()) == (2, 1)


# Who may, and what it costs.


@pytest.mark.parametrize("role", ["nurse", "other", "auditor", "outsider"])
def test_for_anyone_else_no_page_of_the_desk_exists(double, lists, nurse, role):
    user = {
        "nurse": lambda: nurse,
        "other": lambda: factories.user("other", lists.centres["STO"], role="lead"),
        "auditor": lambda: factories.user("auditor", national_role="auditor"),
        "outsider": lambda: factories.user("outsider"),
    }[role]()
    client, before = sign_in(user), AccessLog.objects.count()
    real, made_up = {"number": number(double[0])}, {"number": 10**12}
    pairs_ = [("desk", {}, {}), ("merge-with", real, made_up), ("move", real, made_up), ("erase", real, made_up)]
    pairs_.append(("merge", real | {"other": number(double[1])}, made_up | {"other": 195}))
    sent = {
        "text": "x",
        "refuses": "no",
        "confirmed": "yes",
        "from_centre": "UPP",
        "to_centre": "STO",
        "who": WOMAN,
    }
    answers = [
        call(address(name, **kwargs))
        for name, *both in pairs_
        for kwargs in both
        for call in (client.get, lambda where: client.post(where, sent))
    ]
    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1
    assert AccessLog.objects.count() == before
    assert Patient.objects.count() == 2


def test_a_registry_number_that_nobody_has_is_not_found(double, client):
    for made_up in (98, 10**12, 10**30):
        for name in ("merge-with", "move", "erase"):
            assert client.get(address(name, number=made_up)).status_code == 404
        assert client.get(address("merge", number=number(double[0]), other=made_up)).status_code == 404
    assert client.get(address("question-ask", infusion_id=uuid.uuid4())).status_code == 404


QUERIES = {"desk": 16, "merge-with": 10, "merge": 33, "move": 11, "erase": 31}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("more", [0, 5])
def test_a_page_asks_no_more_of_the_database_for_a_longer_course(
    double, lists, client, name, more, django_assert_num_queries
):
    keep, absorb = double
    for place in range(more):
        factories.record(lists, WOMAN, infused_on=date(2022, 1, 1 + place), kind="reinfusion")
        factories.record(lists, factories.nth_number(2 * place + 2), infused_on=date(2020, 5, 1 + place))
    kwargs = {} if name == "desk" else {"number": number(keep)}
    kwargs |= {"other": number(absorb)} if name == "merge" else {}
    client.get(address(name, **kwargs))
    with django_assert_num_queries(QUERIES[name]):
        client.get(address(name, **kwargs))
