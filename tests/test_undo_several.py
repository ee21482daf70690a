"""One's own correction of several infusions of today is undone by one button: all, or none."""

import re
from datetime import timedelta

import pytest

from registry.entry.infusions import undo
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.infusions.several import correct_several, preview_correction
from registry.models import AccessLog, Infusion, Trial
from tests import desk, factories
from tests.browsing import LANGUAGES, WIDTH_OF, follow, look, sign_in
from tests.desk import address, text

# Each correction is a transaction of its own: what was corrected together has its moment.
pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/en/clinic/infusions/"
FIELDS = ("category", "trial_id", "product_id", "indication_id", "manufacturing_site_id")


@pytest.fixture
def nurse(committed_lists):
    return factories.user("nurse", committed_lists.centres["UPP"])


@pytest.fixture
def client(nurse):
    return desk.sign_in(nurse)


@pytest.fixture
def three(committed_lists, nurse):
    """Two persons of Uppsala with three infusions, not alike in what is corrected."""
    one, other = factories.nth_number(70), factories.nth_number(71)
    return [
        factories.record(committed_lists, one, by=nurse),
        factories.record(committed_lists, one, by=nurse, infused_on="2021-06-07", kind="reinfusion"),
        factories.record(committed_lists, other, by=nurse, infused_on="2022-07-07", category="CUP"),
    ]


def correct(rows, by, **changes) -> None:
    keys = dict.fromkeys(row.pk for row in rows)
    seen = preview_correction(rows=keys, changes=changes, by=by).seen
    correct_several(rows=keys, changes=changes, by=by, reason="a mistake", seen=seen)


def stored() -> dict:
    return {row.pop("id"): row for row in Infusion.objects.values("id", "status", *FIELDS)}


def offered(client) -> list[str]:
    """The moments of the corrections that the list offers to undo."""
    return re.findall(r'name="at" value="([^"]+)"', text(client.get(LIST)))


def press(client, at: str) -> str:
    """What is said after the button."""
    led = client.post(address("undo-several"), {"at": at})
    assert led.url == LIST
    return text(client.get(led.url))


@pytest.mark.parametrize(
    "changes", [{"product": "Yescarta"}, {"category": "CUP"}, {"category": "CUP", "manufacturing_site": None}]
)
def test_all_are_as_they_were_each_its_own_way_and_the_history_has_both(
    committed_lists, client, nurse, three, changes
):
    if "product" in changes:
        changes = {"product": committed_lists.products["Yescarta"]}
    if "manufacturing_site" in changes:
        site = {"manufacturing_site": committed_lists.sites["VECURA"]}
        for row in (three[0], three[2]):
            correct_infusion(infusion_id=row.pk, by=nurse, reason="late", changes=site)
    assert offered(client) == []
    before = stored()
    correct(three, nurse, **changes)
    changed = [key for key, row in stored().items() if row != before[key]]
    assert len(changed) > 1
    (at,) = offered(client)
    assert f"You have corrected {len(changed)} infusions together today" in text(client.get(LIST))
    told = press(client, at)
    assert f"Your correction of {len(changed)} infusions is undone." in told
    assert stored() == before
    last = Infusion.pgh_event_model.objects.filter(reason="Own correction undone")
    assert {row.pgh_obj_id for row in last} == set(changed) and {row.acted_by for row in last} == {"nurse"}
    written = AccessLog.objects.filter(action="correct", infusion__in=changed).count()
    assert written >= 2 * len(changed)


def test_one_that_was_changed_since_holds_back_all(committed_lists, client, nurse, three):
    correct(three, nurse, product=committed_lists.products["Yescarta"])
    (at,) = offered(client)
    correct_infusion(infusion_id=three[0].pk, changes={"batch": "B-9"}, by=nurse, reason="late")
    now = stored()
    assert offered(client) == []
    assert "One of these infusions has been changed since" in press(client, at)
    assert stored() == now


def test_a_withdrawn_one_holds_back_all(committed_lists, client, nurse, three):
    correct(three, nurse, product=committed_lists.products["Yescarta"])
    (at,) = offered(client)
    withdraw_infusion(infusion_id=three[2].pk, by=nurse, reason="twice")
    assert offered(client) == [] and "One of these infusions has been changed since" in press(client, at)


def test_one_that_a_rule_refuses_holds_back_all_and_is_named(committed_lists, client, nurse, three):
    """What a list says of one's trial has been put right meanwhile, so that the infusion was no such trial's."""
    one = factories.record(committed_lists, factories.nth_number(72), by=nurse, category="ICT")
    correct([one, three[2]], nurse, category="SOC", trial=None)
    (at,) = offered(client)
    Trial.objects.filter(identifier=factories.INDUSTRY).update(sponsor="academic")
    now = stored()
    told = press(client, at)
    assert f"Person {one.patient.registry_number}, {one.written_on}" in told and stored() == now
    assert f"Person {three[2].patient.registry_number}" not in told


def test_a_colleagues_and_yesterdays_are_not_undone(committed_lists, client, nurse, three, monkeypatch):
    correct(three, nurse, product=committed_lists.products["Yescarta"])
    (at,) = offered(client)
    now, colleague = stored(), desk.sign_in(factories.user("colleague", committed_lists.centres["UPP"]))
    assert offered(colleague) == []
    assert "has been changed since, or the correction was not made today" in press(colleague, at)
    later = undo.localtime() + timedelta(days=1)
    monkeypatch.setattr(undo, "localtime", lambda: later)
    assert offered(client) == []
    assert "has been changed since, or the correction was not made today" in press(client, at)
    assert stored() == now


def test_corrections_one_by_one_are_not_undone_together_nor_nonsense(committed_lists, client, nurse, three):
    for row in three:
        correct_infusion(infusion_id=row.pk, changes={"category": "CUP"}, by=nurse, reason="late")
    assert offered(client) == []
    for at in ("", "x", "2026-11-30", "2026-11-30T12:00:00", "2026-11-30T12:00:00+00:00"):
        assert "cannot be undone as a whole" in press(client, at)


def test_the_later_of_two_comes_first(committed_lists, client, nurse, three):
    states = [stored()]
    for changes in ({"product": committed_lists.products["Yescarta"]}, {"category": "CUP"}):
        correct(three[:2], nurse, **changes)
        states.append(stored())
    (at,) = offered(client)
    press(client, at)
    assert stored() == states[1]
    assert "has been changed since" in press(client, at), "it is undone once"
    assert stored() == states[1] != states[0]


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_by_the_keyboard_and_without_scripts(live_server, open_browser, committed_lists, nurse, three, language):
    before = stored()
    correct(three, nurse, product=committed_lists.products["Yescarta"])
    page = open_browser(
        viewport={"width": WIDTH_OF[language], "height": 844}, java_script_enabled=language == "sv"
    )
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/infusions/")
    look(page, "undo-several", language)
    page.focus("form.notice button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator(".messages .success").count() == 1 and stored() == before
    follow(page, "form.notice button")
    assert stored() != before, "which can be undone too"
