"""Runs and publications in the admin: their state in words, and publishing now."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry.admin.warnings import find_warnings
from registry.entry import publish_request
from registry.models import Run, Snapshot, User
from registry.publishing.publish import publish
from tests import factories
from tests.admin_browser import page, sign_in, text


@pytest.fixture(autouse=True)
def messages(monkeypatch):
    """Messages that would be sent to the broker."""
    sent = []
    monkeypatch.setattr(publish_request._sender, "submit", lambda *message: sent.append(message))
    return sent


def ledger() -> list[Run]:
    """Runs in every state, just stuck and not yet stuck."""
    now, one, long = timezone.now(), timedelta(seconds=20), timedelta(minutes=10)
    begun = [
        {"started_at": now - long, "heartbeat_at": now - one},
        {"started_at": now - long, "heartbeat_at": now - long},
        {"started_at": now - long, "heartbeat_at": now - long, "finished_at": now, "outcome": "done"},
    ]
    tasks = ["registry.publish_snapshot", "registry.verify_snapshot"]
    waiting = [{"task": task, "queued_at": now - age} for task, age in zip(tasks, (one, long), strict=True)]
    rows = [{"task": tasks[0], "queued_at": now - long} | fields for fields in begun] + waiting
    return [Run.objects.create(**row) for row in rows]


def test_stuck_runs_are_named_and_can_be_filtered(lists):
    runs = ledger()
    stuck = {runs[1].pk, runs[4].pk}  # started and silent, and never claimed
    assert set(Run.objects.with_stuck().filter(is_stuck=True).values_list("pk", flat=True)) == stuck
    client = sign_in()
    every = client.get(page(Run, "changelist"))
    assert text(every).count("<strong>⚠ Stuck</strong>") == 2
    assert [run.pk for run in every.context["cl"].result_list] == sorted(
        Run.objects.values_list("pk", flat=True), reverse=True
    )
    filtered = client.get(page(Run, "changelist"), {"stuck": "1"})
    assert {run.pk for run in filtered.context["cl"].result_list} == stuck
    assert "2 runs are stuck" in text(client.get(reverse("admin:index")))


@pytest.mark.parametrize(
    ("policy", "language", "sentence"),
    [
        ("exact", "sv", "Alla tal visas."),
        ("exact", "en", "Every number is shown."),
        ("threshold:5", "sv", "Inget tal om färre än 5 personer visas."),
    ],
)
def test_the_disclosure_policy_is_shown_in_words(lists, settings, policy, language, sentence):
    settings.DISCLOSURE = policy
    address = page(Snapshot, "change", publish().pk)
    shown = text(sign_in().get(address, headers={"accept-language": language}))
    assert sentence in shown
    assert f">{policy}<" not in shown


def test_the_start_page_warns_of_failures_and_of_unpublished_changes(lists):
    publish()
    assert list(find_warnings()) == []
    factories.record(lists)
    assert [warning.level for warning in find_warnings()] == ["warning"]
    now = timezone.now()
    fields = {"queued_at": now, "started_at": now, "heartbeat_at": now, "finished_at": now}
    Run.objects.create(task="registry.publish_snapshot", outcome="proof_failed", **fields)
    shown = text(sign_in().get(reverse("admin:index")))
    assert "ended with: The recount did not agree, nothing published." in shown
    assert "The records have changed since the current snapshot." in shown
    Run.objects.create(task="registry.publish_snapshot", outcome="published", **fields)
    assert [warning.level for warning in find_warnings()] == ["warning"]


def test_publish_now_queues_one_run_and_says_where_to_look(lists, messages):
    client, address = sign_in(), reverse("admin:snapshot_publish")
    assert address in text(client.get(page(Snapshot, "changelist")))
    assert client.get(address).status_code == 405
    assert not Run.objects.exists()
    for _twice in range(2):
        response = client.post(address, follow=True)
    assert Run.objects.filter(task="registry.publish_snapshot", started_at=None).count() == 1
    assert len(messages) == 2
    assert f'<a href="{page(Run, "changelist")}">' in text(response)


def test_publish_now_requires_the_permission_and_the_csrf_token(lists):
    address = reverse("admin:snapshot_publish")
    superuser = sign_in("root", national_role="", is_superuser=True)
    assert address not in text(superuser.get(page(Snapshot, "changelist")))
    assert superuser.post(address).status_code == 403
    assert sign_in("a", national_role="auditor").post(address).status_code == 403
    assert Client().post(address).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(factories.user("b", national_role="administrator"))
    User.objects.filter(username="b").update(is_staff=True)
    assert strict.post(address).status_code == 403
    assert not Run.objects.exists()
    assert sign_in("c", national_role="steward").post(address).status_code == 302
