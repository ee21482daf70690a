"""One's own correction of today is undone by one button: a correction back, with its line in the history."""

from datetime import date, timedelta

import pytest

from registry.entry.infusions import undo
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.models import Infusion
from tests import desk, factories
from tests.desk import WOMAN, address, text

CHANGES = {"batch": "B-2", "sequence": 2}


@pytest.fixture
def infusion(lists, nurse):
    return factories.record(lists, WOMAN, by=nurse, batch="B-1", age_at_infusion=50, manufacturing_site="VECURA")


def fix(infusion, by, **changes) -> None:
    correct_infusion(infusion_id=infusion.pk, changes=changes or CHANGES, by=by, reason="a mistake")


def version(infusion) -> int:
    return Infusion.objects.with_version().get(pk=infusion.pk).version


def press(client, infusion, seen=None):
    sent = {"version": seen or version(infusion)}
    return client.post(address("undo", infusion_id=infusion.pk), sent)


def page_of(client, infusion) -> str:
    return text(client.get(address("person", number=infusion.patient.registry_number)))


def has_button(client, infusion) -> bool:
    return address("undo", infusion_id=infusion.pk) in page_of(client, infusion)


@pytest.mark.parametrize(
    "changes",
    [{"batch": "B-2"}, {"product": "Yescarta", "indication": None, "manufacturing_site": None},
     {"infused_on": "2021-06-07", "age_at_infusion": 51}, {"category": "CUP", "sequence": 2}],
)  # fmt: skip
def test_every_field_is_as_it_was_and_the_history_has_both(lists, nurse, infusion, changes):
    before = Infusion.objects.filter(pk=infusion.pk).values().get()
    changes = {**changes}
    if "product" in changes:
        changes["product"] = lists.products[changes["product"]]
    if "infused_on" in changes:
        changes["infused_on"] = infusion.infused_on.replace(year=2021)
    client = desk.sign_in(nurse)
    assert not has_button(client, infusion)
    fix(infusion, nurse, **changes)
    assert Infusion.objects.filter(pk=infusion.pk).values().get() != before
    assert has_button(client, infusion)
    done = press(client, infusion)
    assert done.url == address("person", number=infusion.patient.registry_number)
    page = page_of(client, infusion)
    assert "Your correction is undone." in page and "Own correction undone" in page and "a mistake" in page
    assert Infusion.objects.filter(pk=infusion.pk).values().get() == before
    assert version(infusion) == 3
    press(client, infusion)
    assert Infusion.objects.filter(pk=infusion.pk).values().get() != before, "which can be undone too"


def test_what_has_been_changed_since_is_said_and_led_on(lists, nurse, infusion):
    fix(infusion, nurse)
    seen = version(infusion)
    fix(infusion, factories.user("colleague", lists.centres["UPP"]), batch="B-3")
    client = desk.sign_in(nurse)
    assert not has_button(client, infusion)
    for number in (seen, version(infusion)):
        led = press(client, infusion, number)
        assert led.url == address("correct", infusion_id=infusion.pk)
        assert "is no longer the last change" in text(client.get(led.url))
    assert Infusion.objects.get().batch == "B-3"


def test_a_colleagues_yesterdays_and_a_withdrawal_are_not_undone(lists, nurse, infusion, monkeypatch):
    colleague = desk.sign_in(factories.user("colleague", lists.centres["UPP"]))
    fix(infusion, nurse)
    assert not has_button(colleague, infusion)
    assert press(colleague, infusion).url == address("correct", infusion_id=infusion.pk)
    client, day = desk.sign_in(nurse), undo.today()
    monkeypatch.setattr(undo, "today", lambda: day + timedelta(days=1))
    assert not has_button(client, infusion)
    assert press(client, infusion).url == address("correct", infusion_id=infusion.pk)
    monkeypatch.undo()
    withdraw_infusion(infusion_id=infusion.pk, by=nurse, reason="twice")
    assert not has_button(client, infusion)
    press(client, infusion)
    assert Infusion.objects.get().batch == "B-2" and Infusion.objects.get().status == "withdrawn"


def test_what_an_entry_changed_of_the_course_is_not_undone_alone(lists, nurse, infusion):
    """The earlier first infusion has made this one a reinfusion; alone it would be a second first."""
    factories.record(
        lists, WOMAN, by=nurse, infused_on="2019-05-05", kind="first", former_first_becomes="reinfusion"
    )
    assert not has_button(desk.sign_in(nurse), infusion)


def test_a_rule_that_refuses_the_way_back_is_said(lists, nurse, infusion):
    later = factories.record(lists, WOMAN, by=nurse, infused_on="2021-06-07", kind="reinfusion")
    fix(later, nurse, infused_on=date(2022, 6, 7), age_at_infusion=52)
    factories.record(lists, WOMAN, by=nurse, infused_on="2021-06-07", kind="reinfusion", product="Yescarta")
    client = desk.sign_in(nurse)
    led = press(client, later)
    assert led.url == address("correct", infusion_id=later.pk)
    assert Infusion.objects.get(pk=later.pk).written_on == "2022-06-07"
    assert 'class="error"' in text(client.get(led.url))


def test_sent_twice_it_is_undone_once_and_others_find_nothing(lists, nurse, infusion):
    fix(infusion, nurse)
    client, sent = desk.sign_in(nurse), {"version": version(infusion), "csrfmiddlewaretoken": "a" * 64}
    for _time in range(2):
        answer = client.post(address("undo", infusion_id=infusion.pk), sent)
        assert answer.url == address("person", number=infusion.patient.registry_number)
    assert version(infusion) == 3 and Infusion.objects.get().batch == "B-1"
    other = desk.sign_in(factories.user("sto", lists.centres["STO"]))
    assert press(other, infusion).status_code == 404
