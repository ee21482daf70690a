"""Who came near the budget of look-ups is seen by the steward, in the log and by the machines that watch."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry.models import AccessLog, Lookup
from tests import factories
from tests.calling import Program
from tests.desk import address, sign_in, text
from tests.test_metrics import read
from tests.watching import read_metrics

BUDGET, OF_FILES = 6, 20


@pytest.fixture(autouse=True)
def small_budget(settings):
    settings.LOOKUPS_PER_HOUR, settings.LOOKUPS_PER_HOUR_IMPORT = BUDGET, OF_FILES


def ask(user, place: int):
    return Program(user).enter(patient_id=factories.nth_number(place), kind="further_dose")


def looked_up(user, ago: timedelta, times: int, *, by_import=False):
    at = timezone.now() - ago
    Lookup.objects.bulk_create(Lookup(user=user, at=at, by_import=by_import) for _time in range(times))


@pytest.fixture
def users(lists):
    """Of each kind one: a burst hours ago, an even day, a large file, a small one, and refused."""
    names = ("burst", "even", "large-file", "small-file", "greedy")
    users = {name: factories.user(name, lists.centres["UPP"]) for name in names}
    looked_up(users["burst"], timedelta(hours=20), 2)
    looked_up(users["burst"], timedelta(hours=19, minutes=30), 1)
    for hours in range(1, 20, 2):
        looked_up(users["even"], timedelta(hours=hours), 2)
    looked_up(users["large-file"], timedelta(hours=3), 10, by_import=True)
    looked_up(users["small-file"], timedelta(hours=3), 9, by_import=True)
    for place in range(7):
        ask(users["greedy"], place)
    return users


def test_the_steward_asks_for_those_who_came_near_within_the_day(users):
    steward = sign_in(factories.user("steward", national_role="steward"))
    shown = steward.get(address("desk"))
    assert {one.username for one in shown.context["askers"]} == set(users)
    assert f"{address('desk')}?lookups=near#lookups" in text(shown)
    near = steward.get(address("desk") + "?lookups=near")
    assert {one.username for one in near.context["askers"]} == {"burst", "large-file", "greedy"}
    assert ">even<" not in text(near) and text(near).count("Near the limit") == 3


def test_the_log_is_asked_for_refused_look_ups_alone(lists, users):
    refused = AccessLog.objects.create(
        actor="even", action="read", unit="UPP", detail="refused: too many look-ups"
    )
    ask(users["even"], 40)
    auditor = sign_in(factories.user("auditor", national_role="auditor"))
    sent = auditor.post(address("access-log"), {"refused": "only"})
    assert sent["Location"] == address("access-log") + "?refused=only"
    listed = auditor.get(sent["Location"])
    assert [(line.actor, line.action, line.patient) for line in listed.context["listed"].lines] == [
        ("greedy", "search", None)
    ]
    assert refused not in listed.context["listed"].lines
    as_file = b"".join(auditor.get(address("access-log-file") + "?refused=only").streaming_content).decode()
    assert len(as_file.splitlines()) == 2
    more = auditor.get(sent["Location"] + "&actor=even")
    assert more.context["listed"].lines == []
    assert "?refused=only" in text(listed)
    assert auditor.get(address("access-log") + "?refused=maybe").status_code == 404


def test_the_machines_are_told_how_many_and_of_nobody(users):
    answer = read_metrics()
    assert read(answer)["lookups"] == {"by_number": 3 + 20 + 6, "in_files": 19, "refused": 1}
    assert not [name for name in users if f'"{name}"' in answer]
