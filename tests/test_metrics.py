"""What is told to the machines that watch the service: true, nothing of a person, also with all else down."""

import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from registry.choices import ImportState, Outcome, Task
from registry.models import ImportJob, Run
from registry.publishing.publish import publish
from swecar.counts import COUNTERS, SECONDS
from swecar.local.folder import ROOT
from swecar.server_urls import redis_server
from tests import factories
from tests.watching import TOKEN, read_metrics

ALONE = {"database_up", "broker_up"}
OF_THE_DATABASE = {
    "snapshot_stale", "runs_waiting", "runs_stuck", "last_run_seconds", "last_run_failed", "import_jobs",
    "lookups", "last_seen_timestamp_seconds", "absent", "workers_alive", "beat_alive", "alarm_failed",
    "queue_age_seconds", "import_queue_age_seconds",
}  # fmt: skip
OF_A_SNAPSHOT = {"snapshot_age_seconds", "snapshot_number"}
OF_A_REPLICA = {"replica_up", "replica_lag_seconds"}
ASK_WITH_ALL_DOWN = """
import django
from django.conf import settings
settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 0.2
django.setup()
from django.test import Client
answer = Client().get("/metrics", headers={"authorization": f"Bearer {settings.MONITORING_TOKEN}"})
assert answer.status_code == 200
print(answer.content.decode())
"""
DOWN = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing", "REDIS_URL": "redis://127.0.0.1:9/0"}


def read(text: str) -> dict:
    """Every gauge by name: its value, or its values by label."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        if family.type != "gauge":
            assert family.name.removeprefix("swecar_") in {*COUNTERS, SECONDS}
            continue
        values = {next(iter(sample.labels.values()), None): sample.value for sample in family.samples}
        assert family.name.startswith("swecar_")
        found[family.name.removeprefix("swecar_")] = values.get(None, values)
    return found


def ask() -> dict:
    return read(read_metrics())


def store_run(task: Task, outcome="", *, queued: int, started: int | None = None, ended: int | None = None):
    """A line of the ledger, each moment so many seconds ago."""
    now = timezone.now()
    moments = {
        name: None if ago is None else now - timedelta(seconds=ago)
        for name, ago in (("queued_at", queued), ("started_at", started), ("finished_at", ended))
    }
    return Run.objects.create(task=task, outcome=outcome, heartbeat_at=moments["started_at"], **moments)


def test_nothing_is_told_but_what_is_listed(lists):
    """A closed world: no gauge counts infusions or persons, and none names a centre or a user."""
    assert ask().keys() == ALONE | OF_THE_DATABASE
    factories.record_several(lists)
    publish()
    told = ask()
    assert told.keys() == ALONE | OF_THE_DATABASE | OF_A_SNAPSHOT
    assert told["runs_waiting"].keys() == told["runs_stuck"].keys() == set(Task.values)
    assert told["import_jobs"].keys() == set(ImportState.values)


def test_every_gauge_is_in_the_handbook_and_no_other():
    text = (ROOT / "docs" / "operations.md").read_text()
    counted = {f"{name}_total" for name in COUNTERS} | {SECONDS}
    assert (
        set(re.findall(r"`swecar_(\w+)", text)) == ALONE | OF_THE_DATABASE | OF_A_SNAPSHOT | OF_A_REPLICA | counted
    )


def test_the_answer_is_text_for_prometheus_kept_by_nobody(lists):
    answer = Client().get("/metrics", headers=TOKEN)
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    assert "ETag" not in answer
    assert Client().post("/metrics").status_code == 405


def test_a_machine_on_this_side_of_the_proxy_is_not_sent_to_https(lists, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/metrics", headers=TOKEN).status_code == 200


def test_the_current_snapshot_is_told_and_whether_it_is_stale(lists):
    factories.record_several(lists)
    assert ask()["snapshot_stale"] == 1
    snapshot = publish()
    before = timezone.now()
    told = ask()
    after = timezone.now()
    assert (told["snapshot_number"], told["snapshot_stale"]) == (snapshot.number, 0)
    least, most = ((moment - snapshot.built_at).total_seconds() for moment in (before, after))
    assert least <= told["snapshot_age_seconds"] <= most
    factories.record(lists, factories.nth_number(3))
    assert ask()["snapshot_stale"] == 1


def test_runs_that_wait_and_that_are_stuck(lists):
    store_run(Task.PUBLISH, queued=5)
    store_run(Task.VERIFY, queued=500)
    store_run(Task.PRUNE, queued=500, started=400)
    store_run(Task.PRUNE, queued=5, started=4)
    told = ask()
    assert told["runs_waiting"] == {Task.PUBLISH: 1, Task.VERIFY: 1, Task.VERIFY_HISTORY: 0, Task.PRUNE: 0}
    assert told["runs_stuck"] == {Task.PUBLISH: 0, Task.VERIFY: 1, Task.VERIFY_HISTORY: 0, Task.PRUNE: 1}


@pytest.mark.parametrize("outcome", Outcome.values)
def test_the_last_run_of_each_task(lists, outcome):
    store_run(Task.PUBLISH, Outcome.FAILED, queued=90, started=80, ended=10)
    store_run(Task.PUBLISH, outcome, queued=50, started=40, ended=15)
    store_run(Task.PUBLISH, queued=5, started=4)
    store_run(Task.VERIFY, Outcome.DONE, queued=50, started=40, ended=38)
    told = ask()
    assert told["last_run_seconds"] == {Task.PUBLISH: 25, Task.VERIFY: 2}
    is_failure = outcome in {"proof_failed", "altered", "failed", "lost"}
    assert told["last_run_failed"] == {Task.PUBLISH: is_failure, Task.VERIFY: False}


def test_uploaded_files_by_where_they_stand(lists):
    user = factories.user("upp", lists.centres["UPP"])
    for state in ("queued", "queued", "failed"):
        ImportJob.objects.create(centre=lists.centres["UPP"], uploaded_by=user, state=state)
    assert ask()["import_jobs"] == dict.fromkeys(ImportState.values, 0) | {"queued": 2, "failed": 1}


def test_the_number_of_queries_does_not_grow(lists):
    for _more in range(2):
        publish()
        for task in Task:
            store_run(task, Outcome.DONE, queued=3, started=2, ended=1)
            store_run(task, queued=500, started=400)
        with CaptureQueriesContext(connection) as asked:
            ask()
        assert len(asked) == 11


def test_with_the_broker_down_the_rest_is_told(lists, settings):
    assert ask()["broker_up"] == 1
    settings.REDIS = redis_server("redis://127.0.0.1:9/0")
    told = ask()
    assert (told["broker_up"], told["database_up"]) == (0, 1)
    assert told.keys() >= OF_THE_DATABASE


def test_with_everything_down_it_still_answers():
    variables = os.environ | DOWN | {"DJANGO_SETTINGS_MODULE": "swecar.settings"}
    told = subprocess.check_output([sys.executable, "-c", ASK_WITH_ALL_DOWN], cwd=ROOT, env=variables, text=True)
    assert read(told) == {"database_up": 0, "broker_up": 0}
