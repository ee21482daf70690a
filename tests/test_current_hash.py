"""Which snapshot is current, as the cached responses go by it: never waited for, and never long out of date."""

import threading
import time

import pytest

from swecar.http import current_hash
from swecar.http.current_hash import CurrentHash
from tests.working import wait_for


class Source:
    """Answers when it is let, and counts how often it is asked."""

    def __init__(self) -> None:
        self.answer: str | Exception | None = "first"
        self.asked = 0
        self.open = threading.Event()
        self.open.set()

    def __call__(self) -> str | None:
        self.asked += 1
        assert self.open.wait(20)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def source(monkeypatch):
    monkeypatch.setattr(current_hash.connections, "close_all", lambda: None)
    monkeypatch.setattr(current_hash, "FRESH_SECONDS", 0.05)
    return Source()


def test_it_asks_again_when_it_is_no_longer_fresh(source):
    current = CurrentHash(source)
    assert current() is None
    wait_for(lambda: current() == "first", "the first")
    source.answer = "second"
    wait_for(lambda: current() == "second", "the second")
    source.answer = None
    wait_for(lambda: current() is None, "nothing published")


def test_nobody_waits_while_it_asks_and_it_asks_once(source):
    current = CurrentHash(source)
    wait_for(lambda: current() == "first", "the first")
    source.open.clear()
    wait_for(lambda: current() and source.asked > 1, "the next question")
    asked = source.asked
    time.sleep(0.2)
    assert [current() for _reader in range(100)] == ["first"] * 100
    assert source.asked <= asked + 1
    source.open.set()


def test_what_cannot_be_asked_is_forgotten_in_time(source, monkeypatch):
    current = CurrentHash(source)
    wait_for(lambda: current() == "first", "the first")
    monkeypatch.setattr(current_hash, "KNOWN_SECONDS", 0.5)
    source.answer = OSError("down")
    wait_for(lambda: current() is None, "the end of what was known")
    source.answer = "second"
    wait_for(lambda: current() == "second", "the second")


def test_it_does_not_ask_without_a_reader(source):
    current = CurrentHash(source)
    wait_for(lambda: current() == "first", "the first")
    wait_for(lambda: not current.is_asking, "the end of the question")
    asked = source.asked
    time.sleep(0.2)
    assert source.asked == asked
