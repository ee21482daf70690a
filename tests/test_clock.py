"""A clock that is set while a process runs, and set right again: what it remembers ends in time all the same."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import caches

from swecar import alive
from tests.working import wait_for


@pytest.fixture
def memory():
    """What a process alone remembers."""
    caches["responses"].clear()
    return caches["responses"]


def an_hour(direction: int) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + direction * timedelta(hours=1), tick=True)


def test_what_is_remembered_by_a_clock_that_is_ahead_ends_in_time(memory):
    with an_hour(1):
        memory.set("known", "old", 0.2)
        memory.add("added", "old", 0.2)
        memory.set("always", "new", None)
        memory.set("touched", "old", 100)
        memory.touch("touched", 0.2)
    wait_for(
        lambda: not {"known", "added", "touched"} & set(memory.get_many(["known", "added", "touched"])), "an end"
    )
    assert memory.get("always") == "new"


@pytest.mark.parametrize("direction", [-1, 1])
def test_what_is_remembered_outlives_a_clock_that_is_set(memory, direction):
    memory.set("known", "new", 30)
    with an_hour(direction):
        assert memory.get("known") == "new"
    assert memory.get("known") == "new"


def test_a_sign_of_life_from_a_time_to_come_is_none(tmp_path, monkeypatch):
    """It would say for an hour that a process lives which has died since."""
    monkeypatch.setattr(alive.tempfile, "gettempdir", lambda: str(tmp_path))
    alive.show("worker")
    assert alive.is_alive("worker")
    with an_hour(-1):
        assert time.time() < alive.path_of("worker").stat().st_mtime
        assert not alive.is_alive("worker")
