"""What the machines that look after the service are told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from registry.models import Publication, Snapshot
from registry.publishing.build import publish


def ready() -> tuple[int, dict]:
    answer = Client().get("/health/ready")
    return answer.status_code, answer.json()


def test_a_process_that_answers_is_live_whatever_else_is_down(settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    answer = Client().get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


def test_ready_with_a_database_a_broker_and_a_snapshot(lists):
    publish()
    Snapshot.objects.update(built_at=timezone.now() - timedelta(seconds=90))
    code, said = ready()
    assert 90 <= said.pop("snapshot_age_seconds") < 120
    assert (code, said) == (200, {"status": "ready", "database": True, "broker": True})


def test_not_ready_without_a_snapshot(lists):
    assert Publication.objects.get().snapshot is None
    assert ready() == (
        503, {"status": "not ready", "database": True, "broker": True, "snapshot_age_seconds": None}
    )  # fmt: skip


@pytest.mark.parametrize("address", ["redis://127.0.0.1:9/0", "redis://nowhere.invalid:6379/0"])
def test_not_ready_without_the_broker(lists, settings, address):
    publish()
    settings.CELERY_BROKER_URL = address
    code, said = ready()
    assert (code, said["broker"], said["database"]) == (503, False, True)
