"""What the machines that look after the service are told."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.utils import timezone

from registry.choices import Sign, Task
from registry.models import LastSeen, Publication, Run, Snapshot
from registry.publishing.publish import publish
from swecar.server_urls import redis_server
from tests import factories
from tests.watching import TOKEN, read_metrics

DOWN = ["redis://127.0.0.1:9/0", "redis://nowhere.invalid:6379/0", "redis+sentinel://127.0.0.1:9/master/0"]


@pytest.fixture(autouse=True)
def seen_of_late(db):
    """The tests' database may be older than a service may be silent."""
    LastSeen.objects.update(seen_at=timezone.now())


def ask(path: str) -> tuple[int, dict]:
    answer = Client().get(f"/health/{path}", headers=TOKEN)
    return answer.status_code, answer.json()


def test_a_process_that_answers_is_live_whatever_else_is_down(settings):
    settings.REDIS = redis_server("redis://127.0.0.1:9/0")
    answer = Client().get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


@pytest.mark.parametrize("address", DOWN)
def test_a_web_server_is_ready_without_the_broker_and_before_the_first_snapshot(lists, settings, address):
    settings.REDIS = redis_server(address)
    assert Publication.objects.get().snapshot is None
    told = {"status": "ready", "database": True, "broker": False}
    assert ask("ready") == (200, told | {"snapshot_age_seconds": None})
    publish()
    Snapshot.objects.update(built_at=timezone.now() - timedelta(seconds=90))
    code, said = ask("ready")
    assert 90 <= said.pop("snapshot_age_seconds") < 120
    assert (code, said) == (200, told)


def test_a_web_server_tells_of_the_broker_too(lists):
    assert ask("ready")[1]["broker"] is True


def test_before_the_migrations_a_web_server_is_not_ready(db):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registry_publication RENAME TO another")
    code, said = ask("ready")
    assert (code, said["database"]) == (503, False)


def test_before_the_last_migration_a_web_server_is_not_ready(lists):
    publish()
    assert ask("ready")[0] == 200
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations "
            "WHERE name = (SELECT max(name) FROM django_migrations WHERE app = 'registry')"
        )
    code, said = ask("ready")
    assert (code, said["database"]) == (503, False)


@pytest.mark.parametrize("path", ["ready", "deep"])
def test_before_any_migration_a_web_server_tells_it_in_the_same_form(db, path):
    caches["responses"].clear()  # a new process, which does not know yet what the database is for
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registry_statedpurpose RENAME TO another_one")
        cursor.execute("ALTER TABLE registry_publication RENAME TO another")
    code, said = ask(path)
    assert (code, said["database"]) == (503, False)


def test_the_deep_look_finds_a_service_that_is_well(lists):
    publish()
    code, said = ask("deep")
    assert 0 <= said.pop("snapshot_age_seconds") < 60
    assert (code, said) == (
        200, {"status": "well", "database": True, "broker": True, "absent": [], "alarm_failed": False}
    )  # fmt: skip


@pytest.mark.parametrize("address", DOWN)
def test_the_deep_look_misses_the_broker(lists, settings, address):
    publish()
    settings.REDIS = redis_server(address)
    code, said = ask("deep")
    assert (code, said["status"], said["broker"], said["database"]) == (503, "not well", False, True)


def test_the_deep_look_misses_a_snapshot(lists):
    assert ask("deep")[0] == 503


def test_the_deep_look_misses_what_has_not_been_seen(lists):
    publish()
    ago = timezone.now() - timedelta(minutes=6)
    LastSeen.objects.filter(sign__in=[Sign.BEAT, Sign.VERIFY]).update(seen_at=ago)
    assert (ask("deep")[0], ask("deep")[1]["absent"]) == (503, ["beat"])
    LastSeen.objects.all().delete()
    assert ask("deep")[1]["absent"] == ["beat", "prune", "sweep", "verify", "verify_history", "worker"]


def test_the_deep_look_sees_an_alarm_that_failed(lists):
    publish()
    LastSeen.objects.see(Sign.ALARM_FAILED)
    assert (ask("deep")[0], ask("deep")[1]["alarm_failed"]) == (503, True)
    LastSeen.objects.see(Sign.ALARM_SENT)
    assert (ask("deep")[0], ask("deep")[1]["alarm_failed"]) == (200, False)


def test_without_the_token_nothing_tells_that_something_was_registered(lists, monkeypatch):
    """Neither what is entered, nor what waits, nor a run."""
    factories.record(lists)
    publish()
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)

    def look() -> dict:
        paths = ("/health/live", "/health/ready", "/health/deep", "/metrics")
        asked = {path: Client().get(path) for path in paths}
        return {path: (answer.status_code, answer.content) for path, answer in asked.items()}

    before = look()
    assert [status for status, _body in before.values()] == [200, 200, 404, 404]
    told = read_metrics()
    factories.record(lists, factories.nth_number(7))
    Run.objects.create(task=Task.PUBLISH, queued_at=now)
    assert read_metrics() != told  # who has it sees both
    assert look() == before
