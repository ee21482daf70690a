"""The jobs with a real worker and a real broker, which are killed at the worst moments."""

import itertools
import socket
import threading
import time
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

import psycopg
import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from registry import tasks
from registry.access import Operator
from registry.choices import Outcome, Task
from registry.entry import publish_request
from registry.entry.infusions.record import withdraw_infusion
from registry.models import Infusion, Publication, Revision, Run, Snapshot
from registry.publishing.old_facts import list_facts
from registry.publishing.publish import is_behind, publish
from registry.publishing.runs import run_pruning, run_publication, run_sweep, run_verification
from tests import factories
from tests.working import broker, database_url, kill, point_at, wait_for, worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lists(committed_lists):
    return committed_lists


@pytest.fixture(autouse=True)
def own_broker_address():
    """New connections of the sender for each test, so that it uses the test's own broker."""
    address = current_app.conf.broker_url
    yield
    point_at(address)


persons = itertools.count()


def record_one(lists) -> Infusion:
    """A new person's first infusion."""
    return factories.record(lists, factories.nth_number(next(persons)))


def current_number() -> int | None:
    return Publication.objects.get().snapshot_id


def sent() -> None:
    """Wait until the sender has handled its queue."""
    publish_request._sender.submit(lambda: None).result(timeout=30)


def test_a_change_is_published_by_the_worker(lists):
    with worker():
        record_one(lists)
        wait_for(lambda: Run.objects.exclude(finished_at=None), "the end of the run")
    snapshot = Snapshot.objects.get(pk=current_number())
    assert snapshot.map_document["national"]["infusions"] == 1
    run = Run.objects.get(snapshot=snapshot)
    assert (run.task, run.outcome, run.rows) == (Task.PUBLISH, Outcome.PUBLISHED, 1)
    assert run.queued_at <= run.started_at <= run.heartbeat_at <= run.finished_at


def test_a_worker_killed_while_publishing_leaves_the_old_snapshot_and_the_next_run_publishes(lists):
    record_one(lists)
    old = publish()
    with psycopg.connect(database_url()) as blocker, worker() as process:
        # The build waits here, inside its transaction, after writing the facts.
        blocker.execute("LOCK TABLE registry_snapshot IN SHARE ROW EXCLUSIVE MODE")
        record_one(lists)
        wait_for(lambda: Run.objects.filter(started_at__isnull=False, finished_at=None), "the start")
        wait_for(is_waiting_for_a_lock, "a build that stands still")
        kill(process)
        assert current_number() == old.number
        blocker.rollback()
    begun = Run.objects.filter(started_at__isnull=False, finished_at=None)
    begun.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert begun.with_stuck().get().is_stuck
    wait_for(lambda: not publishing_lock_is_held(), "the end of the dead worker's session")
    assert current_number() == old.number
    assert old.number in list_facts()
    run_sweep()
    assert current_number() == old.number + 1
    assert Snapshot.objects.get(pk=current_number()).map_document["national"]["infusions"] == 2
    assert Run.objects.filter(outcome=Outcome.LOST).count() == 1
    assert not Run.objects.filter(finished_at=None, started_at__isnull=False).exists()


def is_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock' AND query LIKE '%%registry_snapshot%%'"
        )
        return cursor.fetchone()[0] > 0


def publishing_lock_is_held() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE relation = 'registry_publication'::regclass "
            "AND mode = 'ShareRowExclusiveLock' AND granted"
        )
        return cursor.fetchone()[0] > 0


def test_writes_succeed_with_the_broker_dead_and_the_sweep_publishes_them(lists):
    with broker() as (process, address):
        point_at(address)
        with worker(address):
            record_one(lists)
            wait_for(lambda: not is_behind(), "the first publication")
            kill(process)
            infusion = record_one(lists)
            withdraw_infusion(infusion_id=infusion.pk, by=Operator(), reason="entered twice")
            sent()
            assert Infusion.objects.count() == 2
            assert is_behind()
            run_sweep()
            assert not is_behind()
            with broker(urlsplit(address).port):
                record_one(lists)
                sent()
                # Whether the message reached the new broker or not, nothing is lost.
                run_sweep()
                wait_for(lambda: not is_behind(), "the publication after the broker's return")
    assert Snapshot.objects.get(pk=current_number()).map_document["national"]["infusions"] == 2


def test_a_broker_that_does_not_respond_does_not_delay_a_write(lists):
    """A port that accepts connections and never responds; the write is stored while the sender waits."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        point_at(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        waiting = threading.Event()
        publish_request._sender.submit(waiting.wait, 10)  # the sender is busy
        record_one(lists)
        assert Infusion.objects.count() == 1
        assert Run.objects.filter(started_at=None).count() == 1
        waiting.set()
    sent()


def test_simultaneous_messages_publish_once(lists):
    record_one(lists)
    with worker(processes=2):
        for _ in range(6):
            publish_request.queue_publication()
        wait_for(lambda: not is_behind() and not Run.objects.filter(finished_at=None), "the end")
        time.sleep(0.5)  # time for what a duplicate message would do
    assert Snapshot.objects.count() == 1
    assert Run.objects.filter(outcome=Outcome.PUBLISHED).count() == 1


def test_simultaneous_publishers_publish_once(lists):
    record_one(lists)
    results = []

    def run() -> None:
        try:
            results.append(publish())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 4
    assert len([snapshot for snapshot in results if snapshot]) == 1
    assert Snapshot.objects.count() == 1


def test_a_change_made_in_the_database_is_published_by_the_sweep(lists):
    record_one(lists)
    publish()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_infusion SET status = 'withdrawn'")
    assert is_behind()
    run_sweep()
    assert Snapshot.objects.get(pk=current_number()).map_document["national"]["infusions"] == 0
    assert run_sweep() is None


@pytest.mark.parametrize("broken", [["sweep_imports"], ["runs.run_sweep"], ["runs.run_sweep", "sweep_imports"]])
def test_a_failing_step_of_the_sweep_does_not_stop_the_others(lists, monkeypatch, broken):
    assert_each_step_runs(tasks.sweep, ["runs.run_sweep", "sweep_imports"], monkeypatch, broken)


@pytest.mark.parametrize(
    "broken", [["runs.run_pruning", "prune_idempotency_keys"], ["prune_access_log"], ["prune_idempotency_keys"]]
)
def test_a_failing_step_of_the_night_does_not_stop_the_others(lists, monkeypatch, broken):
    steps = ["runs.run_pruning", "prune_access_log", "prune_idempotency_keys"]
    assert_each_step_runs(tasks.prune_facts, steps, monkeypatch, broken)


def assert_each_step_runs(task, steps, monkeypatch, broken) -> None:
    """All steps run in order although some fail, and their errors are raised at the end."""
    done = []

    def do(step: str) -> None:
        done.append(step)
        if step in broken:
            raise RuntimeError(step)

    for step in steps:
        monkeypatch.setattr(f"registry.tasks.{step}", partial(do, step))
    with pytest.raises(ExceptionGroup) as raised:
        task()
    assert [str(fault) for fault in raised.value.exceptions] == broken
    assert done == steps


def test_many_changes_queue_one_run(lists):
    for _ in range(3):
        record_one(lists)
    assert Run.objects.filter(started_at=None).count() == 1
    run = run_publication()
    assert run.outcome == Outcome.PUBLISHED
    assert run_publication() is None
    assert Run.objects.count() == 1


def test_a_run_that_no_worker_claims_is_stuck(lists):
    Run.objects.create(task=Task.PUBLISH, queued_at=timezone.now())
    assert not Run.objects.with_stuck().get().is_stuck
    Run.objects.update(queued_at=timezone.now() - timedelta(minutes=5))
    assert Run.objects.with_stuck().get().is_stuck


def test_the_sweep_takes_the_run_of_a_lost_message_though_nothing_has_changed(lists):
    record_one(lists)
    run_publication()
    Run.objects.create(task=Task.PUBLISH, queued_at=timezone.now() - timedelta(minutes=5))
    assert run_sweep().outcome == Outcome.UNCHANGED
    assert not Run.objects.with_stuck().filter(is_stuck=True)


def test_the_ledger_stores_only_the_class_of_an_error(lists, monkeypatch):
    record_one(lists)

    def fail(*args, **kwargs):
        raise RuntimeError("19800101-9801")

    monkeypatch.setattr("registry.publishing.new_snapshot.write_facts", fail)
    with pytest.raises(RuntimeError):
        run_publication()
    run = Run.objects.get()
    assert (run.outcome, run.message) == (Outcome.FAILED, "RuntimeError")


def test_the_night_verifies_and_prunes(lists):
    record_one(lists)
    publish()
    record_one(lists)
    publish()
    assert run_verification().outcome == Outcome.DONE
    assert run_pruning().rows == 1
    assert 1 not in list_facts()
    assert Revision.objects.get().number == Publication.objects.get().revision
