"""An outside monitor is asked as long as all is well, and misses it as soon as anything is not."""

from urllib.error import URLError

import pytest

from registry import tasks
from registry.choices import Sign
from registry.models import LastSeen
from registry.publishing import heartbeat
from registry.publishing.publish import publish
from tests import factories

ADDRESS = "https://monitor.example/ping/secret-token"


class Taken:
    def __enter__(self):
        return self

    def __exit__(self, *_raised):
        return None


@pytest.fixture
def asked(monkeypatch, settings):
    """What the monitor is sent."""
    settings.HEARTBEAT_URL = ADDRESS
    sent = []
    monkeypatch.setattr(heartbeat, "urlopen", lambda request, timeout: sent.append(request) or Taken())
    return sent


@pytest.fixture
def well(lists):
    factories.record_several(lists)
    publish()
    for sign in Sign:
        if sign != Sign.ALARM_FAILED:
            LastSeen.objects.see(sign)


def test_it_is_asked_each_time_as_long_as_all_is_well(well, asked):
    tasks.sweep()
    tasks.sweep()
    assert [(request.full_url, request.data, request.get_method()) for request in asked] == [
        (ADDRESS, None, "GET")
    ] * 2


def test_without_a_setting_nobody_is_asked(well, asked, settings):
    settings.HEARTBEAT_URL = ""
    tasks.sweep()
    assert asked == []


@pytest.mark.parametrize("sign", [Sign.BEAT, Sign.WORKER, Sign.VERIFY, Sign.PRUNE])
def test_it_misses_what_is_absent(well, asked, sign, monkeypatch):
    monkeypatch.setattr(tasks, "catch_up", lambda: None)
    LastSeen.objects.filter(sign=sign).delete()
    tasks.sweep()
    assert asked == []


def test_it_misses_a_sweep_that_fails(well, asked, monkeypatch):
    def fail():
        raise OSError

    monkeypatch.setattr(tasks, "forget_lookups", fail)
    with pytest.raises(ExceptionGroup):
        tasks.sweep()
    assert asked == []


def test_it_misses_an_alarm_that_could_not_be_mailed(well, asked):
    LastSeen.objects.see(Sign.ALARM_FAILED)
    tasks.sweep()
    assert asked == []


def test_it_misses_the_first_snapshot(lists, asked):
    for sign in Sign:
        if sign != Sign.ALARM_FAILED:
            LastSeen.objects.see(sign)
    assert not heartbeat.is_well()


def test_a_monitor_that_is_down_stops_nothing_and_its_address_is_not_logged(well, asked, monkeypatch, caplog):
    def refuse(request, timeout):
        raise URLError(f"no route to {ADDRESS}")

    monkeypatch.setattr(heartbeat, "urlopen", refuse)
    tasks.sweep()
    assert "did not take the heartbeat: URLError" in caplog.text
    assert "secret-token" not in caplog.text
