"""Two workers of which one hangs, jobs that are delivered twice and an hour late: everything is done once."""

import os
import signal
from contextlib import ExitStack
from io import BytesIO

import psycopg
import pytest
from celery import current_app

from registry import tasks
from registry.choices import Outcome, Task
from registry.entry.importing.job import receive_file, store_checked
from registry.models import ImportJob, Infusion, Run, Snapshot
from registry.publishing.publish import is_behind, publish
from swecar.local.processes import Child, running
from tests import factories
from tests.supervised import START, WORKER, plan, until
from tests.test_import import ROW, as_csv
from tests.test_jobs import is_waiting_for_a_lock
from tests.working import broker, database_url, point_at

pytestmark = pytest.mark.django_db(transaction=True)
HUNG = 3  # seconds, instead of 30


@pytest.fixture
def lists(committed_lists):
    return committed_lists


@pytest.fixture
def workers(lists, tmp_path):
    """Two workers as on two hosts, and a broker of theirs."""
    usual = current_app.conf.broker_url
    with broker() as (_server, url), ExitStack() as stack:
        point_at(url)

        def start(name: str, fault: str = "") -> Child:
            (tmp_path / name).mkdir()
            own = plan(tmp_path / name, url, *WORKER, "--hostname", name, fault=fault)
            child = stack.enter_context(running(own, var=tmp_path / name))
            until(lambda: " ready." in child.log.read_text(), START)
            return child

        yield start
        point_at(usual)


def test_a_worker_that_hangs_while_it_publishes_holds_back_no_other(workers, lists):
    factories.record(lists, factories.nth_number(1))
    old = publish()
    hung = workers("hung", f"from registry.models import isolation; isolation.HUNG = '{HUNG}s'")
    with psycopg.connect(database_url()) as blocker:
        # The build waits here, inside its transaction, after writing the facts.
        blocker.execute("LOCK TABLE registry_snapshot IN SHARE ROW EXCLUSIVE MODE")
        factories.record(lists, factories.nth_number(2))
        until(is_waiting_for_a_lock, START)
        os.killpg(hung.process.pid, signal.SIGSTOP)
    try:
        # Stored before the other starts, which may publish as soon as it is ready.
        factories.record(lists, factories.nth_number(3))
        workers("other")
        until(lambda: not is_behind(), START + HUNG)
        assert Snapshot.objects.get(number__gt=old.number).map_document["national"]["infusions"] == 3
    finally:
        os.killpg(hung.process.pid, signal.SIGCONT)
    until(lambda: not Run.objects.filter(finished_at=None).exists(), START)
    assert Run.objects.filter(outcome=Outcome.PUBLISHED).count() == 1
    assert set(Run.objects.values_list("outcome", flat=True)) <= {
        Outcome.FAILED,
        Outcome.PUBLISHED,
        Outcome.UNCHANGED,
    }
    assert Snapshot.objects.count() == 2
    factories.record(lists, factories.nth_number(4))
    until(lambda: not is_behind(), START)  # by either


def send_each_twice(job: ImportJob) -> None:
    each = [tasks.sweep, tasks.publish_snapshot, tasks.verify_snapshot, tasks.verify_history, tasks.prune_facts]
    for task in each * 2:
        task.apply_async()
    for _time in range(2):
        tasks.run_import.apply_async([str(job.pk), "en"])


def count_done(workers: list[Child]) -> int:
    """How many jobs have ended, well or not."""
    said = "".join(child.log.read_text() for child in workers)
    assert "raised unexpected" not in said and '"level": "error"' not in said, said
    return said.count(" succeeded in ")


def test_what_is_delivered_twice_or_late_is_done_once(workers, lists):
    """By two workers at once, and again when all is done, as Redis delivers what was not acknowledged."""
    publish()
    running_workers = [workers("one"), workers("other")]
    nurse = factories.user("nurse", lists.centres["UPP"])
    row = ROW | {"patient_id": factories.nth_number(1)}
    job = receive_file(file=BytesIO(as_csv([row])), by=nurse)
    until(lambda: ImportJob.objects.get().state == "checked", START)
    store_checked(job_id=job.pk, by=nurse)
    before = count_done(running_workers)
    send_each_twice(job)
    until(lambda: count_done(running_workers) >= before + 12, START)
    publishing = Run.objects.filter(task=Task.PUBLISH, finished_at=None)
    until(lambda: not is_behind() and not publishing.exists(), START)
    until(lambda: not Run.objects.filter(finished_at=None).exists(), START)

    def stored() -> list:
        """What is there; a job that is still running comes to nothing new."""
        runs, state = Run.objects.exclude(finished_at=None), ImportJob.objects.get()
        good = [Outcome.PUBLISHED, Outcome.UNCHANGED, Outcome.DONE]
        return [
            Infusion.objects.count(), Snapshot.objects.count(), state.state, state.stored,
            *runs.filter(task=Task.PUBLISH).values_list("pk", "outcome"),
            [*runs.exclude(outcome__in=good).values_list("task", "outcome", "message")],
        ]  # fmt: skip

    first, before = stored(), count_done(running_workers)
    assert first[:4] == [1, 2, "stored", 1]
    assert first[-1] == []
    send_each_twice(job)
    until(lambda: count_done(running_workers) >= before + 12, 2 * START)
    assert stored() == first
