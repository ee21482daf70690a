"""Under `threshold:k` no public answer tells that a record was entered, corrected or withdrawn (decision 0039)."""

import logging
import random
import re
from datetime import date, datetime

import pytest
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

from registry.access import Operator
from registry.choices import Outcome, Task
from registry.dates import STOCKHOLM
from registry.entry.infusions.record import record_infusion, withdraw_infusion
from registry.models import Infusion, Run, Snapshot
from registry.publishing import batches, runs
from registry.publishing.new_release import release_snapshot
from registry.publishing.publish import publish
from registry.publishing.runs import run_publication, run_sweep
from swecar import public_urls
from tests import attacker, factories
from tests.harvesting import forget
from tests.route_rows.api import ROWS

TOKEN = re.compile(rb'data-token="\w+"')  # of a form, drawn at random too
STATUS = "/api/v1/status"
SINCE = {"If-Modified-Since": "Fri, 20 Nov 2026 09:00:00 GMT"}
# Drawn at random for each request, and what the client itself has used up.
OF_THE_REQUEST = ("X-Request-ID", "RateLimit")
QUERIES = (
    "/api/v1/counts?by=centre,category", "/api/v1/counts?by=year&as_of=2021-12-31", "/api/v1/counts?by=sex,centre",
    "/api/v1/map?as_of=2021-12-31", "/api/v1/map?snapshot=1", "/api/v1/map?snapshot=2", "/api/v1/map.pdf",
    "/api/v1/snapshots/1/changes?since=1", "/api/v1/snapshots/2", "/api/v1/snapshots/2/changes?since=1",
    "/?centre=UPP", "/en/?as_of=2021-12-31", "/api/v1/releases/r1", "/api/v1/releases/r1/changes", "/utgavor/r1/",
    "/releases/r1/swecar-r1-sv.csv",
)  # fmt: skip


class Clock:
    """A clock that stands still, in Sweden."""

    def __init__(self, monkeypatch):
        self.set("2026-11-20 10:00")
        monkeypatch.setattr(timezone, "now", lambda: self.now)
        for module in (batches, runs):
            monkeypatch.setattr(module, "today", self.today)

    def today(self) -> date:
        return self.now.date()

    def set(self, time: str) -> None:
        self.now = datetime.fromisoformat(time).replace(tzinfo=STOCKHOLM)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def world(lists, settings, caplog, clock) -> factories.Lists:
    """A registry that is public under the policy, with a release from before."""
    caplog.set_level(logging.ERROR, logger="django.request")
    settings.PUBLICATION_DAYS = ["03-01"]
    factories.store_rows(lists, attacker.skewed_rows(random.Random(1), 120))
    publish()
    release_snapshot(name="r1", title_sv="Ett", title_en="One", by=Operator())
    settings.DISCLOSURE = "threshold:5"
    publish()
    return lists


def names_of(patterns, namespace: str = "") -> set[str]:
    return {
        name
        for one in patterns
        for name in (
            [namespace + str(one.name)]
            if isinstance(one, URLPattern)
            else names_of(one.url_patterns, f"{one.namespace}:")
        )
    }


def list_addresses() -> list[tuple[str, str]]:
    """Each public route with each of its methods in the table of routes, and some queries."""
    public = names_of(public_urls.urlpatterns)
    rows = [row for row in ROWS if row.name in public]
    assert {row.name for row in rows} == public
    routes = [(row.method, reverse(row.name, kwargs=dict(row.args(None)))) for row in rows]
    return (
        routes
        + [("HEAD", address) for method, address in routes if method == "GET"]
        + [("GET", address) for address in QUERIES]
    )


def ask_everything(**headers: str) -> dict:
    """Every public answer to the last byte, with every header."""
    answers = {}
    for method, address in list_addresses():
        answer = Client(raise_request_exception=False).generic(method, address, headers=headers)
        told = {name: value for name, value in answer.headers.items() if not name.startswith(OF_THE_REQUEST)}
        answers[method, address] = answer.status_code, told, TOKEN.sub(b"", answer.content)
    return answers


def enter(lists, nth: int = 0, **fields) -> Infusion:
    """Register an infusion of a person who has none."""
    return record_infusion(stated=factories.stated(lists, factories.nth_number(nth), **fields), by=Operator())


def enter_apart(lists, first: int = 0) -> None:
    """Register five infusions, at three centres."""
    for nth, centre in enumerate(("UPP", "STO", "UME", "UPP", "STO"), first):
        enter(lists, nth, centre=centre)


def withdraw(lists, infusion: Infusion | None = None) -> None:
    found = infusion or Infusion.objects.first()
    withdraw_infusion(infusion_id=found.pk, by=Operator(), reason="entered twice")


@pytest.mark.parametrize("act", [enter, withdraw])
def test_no_public_answer_moves(world, act):
    forget()
    cold, warm = ask_everything(), ask_everything(**SINCE)
    act(world)
    run_sweep()
    assert run_publication().outcome == Outcome.HELD
    assert ask_everything(**SINCE) == warm
    forget()
    assert ask_everything() == cold


def test_under_exact_the_same_is_seen(world, settings):
    """The comparison bites."""
    settings.DISCLOSURE = "exact"
    publish()
    forget()
    before = ask_everything()
    enter(world)
    forget()
    after = ask_everything()
    assert {address for (method, address), answer in after.items() if answer != before[method, address]} == {
        STATUS
    }


class TestTheNight:
    """When it is built: once a day, after a change; and on a publication day in any case."""

    def test_an_entry_queues_nothing_and_the_sweep_waits_for_midnight(self, world, clock):
        enter(world)
        assert not Run.objects.filter(task=Task.PUBLISH, started_at=None).exists()
        assert run_sweep().outcome == Outcome.HELD  # the first of the day
        enter(world, 1)
        clock.set("2026-11-20 23:59")
        assert run_sweep() is None
        clock.set("2026-11-21 00:00")
        assert run_sweep().outcome == Outcome.HELD
        assert run_sweep() is None

    def test_what_is_held_back_is_not_built_again_before_something_changes(self, world, clock):
        entered = enter(world)
        run_publication()
        for day in (21, 22):
            clock.set(f"2026-11-{day} 00:00")
            assert run_sweep() is None
        clock.set("2026-11-23 00:00")
        withdraw(world, entered)
        assert run_sweep().outcome == Outcome.HELD  # nobody has come, and a number would tell that something was

    def test_one_person_is_held_back_on_a_publication_day_too(self, world, clock):
        enter(world)
        run_publication()
        clock.set("2027-03-01 00:01")
        assert run_sweep().outcome == Outcome.HELD
        assert Snapshot.objects.count() == 2

    def test_on_a_publication_day_enough_persons_are_let_out_once(self, world, clock):
        enter_apart(world)
        assert run_publication().outcome == Outcome.HELD
        clock.set("2027-02-28 00:01")
        assert run_sweep() is None
        clock.set("2027-03-01 00:01")
        assert run_sweep().outcome == Outcome.PUBLISHED
        enter_apart(world, 5)
        assert run_publication().outcome == Outcome.HELD

    def test_after_an_exact_snapshot_one_more_is_held_back(self, world, settings):
        settings.DISCLOSURE = "exact"
        publish()
        settings.DISCLOSURE = "threshold:5"
        entered = enter(world)
        assert run_publication().outcome == Outcome.HELD
        withdraw(world, entered)
        assert run_publication().outcome == Outcome.PUBLISHED
        assert set(Snapshot.objects.first().blocks) > {"before", "place"}


RULE = {
    "sv": ("minst 5 personer", "1 mars"),
    "en": ("at least 5 persons", "1 March"),
}


@pytest.mark.parametrize("language", ["sv", "en"])
def test_pages_and_status_say_the_rule_under_a_threshold_alone(world, settings, language):
    pages = {"sv": ("/", "/aktualitet/", "/sa-raknar-vi/"), "en": ("/en/", "/en/freshness/", "/en/how-we-count/")}
    for address in pages[language]:
        assert [part in Client().get(address).content.decode() for part in RULE[language]] == [True, True], address
    status = Client().get(STATUS).json()
    assert status["batches"] == {"least_persons": 5, "publication_days": ["03-01"]}
    assert (status["stale"], status["lag_seconds"], status["last_run"]) == (None, None, None)
    settings.DISCLOSURE = "exact"
    publish()
    forget()
    assert Client().get(STATUS).json()["batches"] is None
    for address in pages[language]:
        assert RULE[language][0] not in Client().get(address).content.decode()
