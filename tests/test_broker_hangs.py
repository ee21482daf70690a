"""The broker hangs at random moments, under a worker and a scheduler that their supervisor starts again.

`SWECAR_HANG_SECONDS=12` runs it with the times of production; SWECAR_HANGS is how many hangs, SWECAR_SEED the seed
of a run to repeat.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from celery import current_app
from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from registry.choices import ImportState, Sign
from registry.entry import publish_request
from registry.entry.importing.job import receive_file
from registry.models import ImportJob, Infusion, LastSeen, Publication, Run, Snapshot
from registry.publishing.publish import is_behind
from swecar.local.processes import running
from tests import factories
from tests.supervised import BEAT, SECONDS, START, TIMES, WORKER, plan, supervised, until
from tests.test_import import ROW, as_csv
from tests.test_jobs import is_waiting_for_a_lock
from tests.working import broker, database_url, point_at

HANGS = int(os.environ.get("SWECAR_HANGS", "20"))
SEED = int(os.environ.get("SWECAR_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
CACHE = 0.6  # seconds that a job may wait for the cache, which is of the same server
BOUND = START + 75 * TIMES  # from the broker's return until what was changed is published


@pytest.fixture
def lists(committed_lists):
    return committed_lists


@pytest.fixture
def service(lists, tmp_path) -> Iterator[SimpleNamespace]:
    """A broker of its own, and a worker and a scheduler as their supervisor has them."""
    usual = current_app.conf.broker_url
    with broker() as (server, url), supervised(tmp_path, url) as children:
        point_at(url)
        try:
            yield SimpleNamespace(broker=server, worker=children[0], beat=children[1], var=tmp_path)
        finally:
            os.kill(server.pid, signal.SIGCONT)
            point_at(usual)


@contextmanager
def telling(service) -> Iterator[None]:
    """What the processes said, and the seed, where a test fails."""
    try:
        yield
    except BaseException:
        sys.stdout.write(f"SWECAR_SEED={SEED} SWECAR_HANGS={HANGS} SWECAR_HANG_SECONDS={SECONDS}\n")
        for child in (service.worker, service.beat):
            sys.stdout.write(child.log.read_text()[-8000:])
        raise


def published() -> int:
    return Snapshot.objects.get(pk=Publication.objects.get().snapshot_id).map_document["national"]["infusions"]


def upload(number: int, by) -> str:
    row = ROW | {"patient_id": factories.nth_number(1000 + number)}
    return receive_file(file=BytesIO(as_csv([row])), by=by).pk


def how_long(chance: random.Random) -> float:
    """Longer than an acknowledgement waits; in the suite half of the hangs are shorter, since each start costs."""
    if TIMES < 1 and chance.random() < 0.5:
        return SECONDS * chance.uniform(0.2, 0.7)
    return SECONDS * chance.uniform(1, 1.4) + CACHE


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_never_deaf_after_the_broker_has_hung(service, lists):
    chance, numbers, waits = random.Random(SEED), iter(range(10_000)), []
    nurse = factories.user("nurse", lists.centres["UPP"])
    with telling(service):
        factories.record(lists, factories.nth_number(next(numbers)))
        until(lambda: not is_behind(), START * 2)
        files = []
        for _hang in range(HANGS):
            for _change in range(chance.randrange(1, 4)):
                factories.record(lists, factories.nth_number(next(numbers)))
                if chance.random() < 0.3:
                    files.append(upload(len(files), nurse))
                time.sleep(chance.uniform(0, 0.4))
            os.kill(service.broker.pid, signal.SIGSTOP)
            factories.record(lists, factories.nth_number(next(numbers)))
            time.sleep(how_long(chance))
            os.kill(service.broker.pid, signal.SIGCONT)
            factories.record(lists, factories.nth_number(next(numbers)))
            waits.append(until(lambda: not is_behind(), BOUND))
        resumed = timezone.now()
        publish_request._sender.submit(lambda: None).result(timeout=30)
        until(lambda: not ImportJob.objects.exclude(state=ImportState.CHECKED).exists(), BOUND)
        until(lambda: not Run.objects.filter(finished_at=None).exists(), BOUND)
        until(lambda: LastSeen.objects.read().latest[Sign.SWEEP] > resumed, BOUND)
        assert published() == Infusion.objects.count()
    starts = service.worker.log.read_text().count(" ready.")
    sys.stdout.write(f"Seed {SEED}, {len(files)} files, the worker was started {starts} times; current after ")
    sys.stdout.write(" ".join(f"{wait:.1f}" for wait in waits))


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_acknowledgement_failed_ends_and_is_started_again(service, lists):
    with telling(service):
        factories.record(lists, factories.nth_number(1))
        until(lambda: not is_behind(), START * 2)
        first = service.worker.process
        with psycopg.connect(database_url()) as blocker:
            # The build waits here, inside its transaction, after writing the facts.
            blocker.execute("LOCK TABLE registry_snapshot IN SHARE ROW EXCLUSIVE MODE")
            factories.record(lists, factories.nth_number(2))
            until(is_waiting_for_a_lock, BOUND)
            os.kill(service.broker.pid, signal.SIGSTOP)
            blocker.rollback()
        until(lambda: "an acknowledgement has failed" in service.worker.log.read_text(), BOUND)
        os.kill(service.broker.pid, signal.SIGCONT)
        factories.record(lists, factories.nth_number(3))
        until(lambda: not is_behind(), BOUND)
        assert first.wait(BOUND) == os.EX_TEMPFAIL
        until(lambda: service.worker.log.read_text().count(" ready.") == 2, BOUND)


# What else may make a process deaf: its window stays full, or its loop stands still.
FULL = "hearing.EVERY = 0.2; hearing.Window.can_consume = lambda own: False"
STILL = "hearing.EVERY = 0.2; scheduling.LeasedScheduler.look_at_lease = lambda own: time.sleep(3600)"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("words", "fault", "told"),
    [
        (WORKER, FULL, "This worker ends and is to be started again: jobs wait and it takes none."),
        (BEAT, STILL, "This scheduler ends and is to be started again: the broker responds and its loop stands"),
    ],
    ids=["worker", "scheduler"],
)
def test_a_process_that_does_nothing_while_the_broker_responds_ends(committed_lists, tmp_path, words, fault, told):
    with broker() as (_server, url):
        until(lambda: answers(url), START)
        Redis.from_url(url).lpush("swecar-jobs:publishing", "never taken")
        with running(plan(tmp_path, url, *words, fault=fault), var=tmp_path) as child:
            assert child.process.wait(START + 5) == os.EX_TEMPFAIL
            assert told in child.log.read_text()


@pytest.mark.django_db(transaction=True)
def test_without_the_broker_neither_ends_since_a_new_one_could_do_no_more(committed_lists, tmp_path):
    with broker() as (server, url), supervised(tmp_path, url, fault="hearing.EVERY = 0.2") as children:
        firsts = [child.process for child in children]
        until(lambda: " ready." in children[0].log.read_text(), START)
        until(lambda: "sends the jobs" in children[1].log.read_text(), START)
        os.kill(server.pid, signal.SIGSTOP)
        until(lambda: alive_at(tmp_path), START)
        shown = alive_at(tmp_path)
        time.sleep(4)
        assert alive_at(tmp_path) > shown  # a container that is started again would not help either
        assert [process.poll() for process in firsts] == [None, None]
        os.kill(server.pid, signal.SIGCONT)


def answers(url: str) -> bool:
    try:
        return Redis.from_url(url).ping()
    except RedisError:
        return False


def alive_at(var: Path) -> float:
    """When the worker was last shown to the container's check; 0 if it never was."""
    file = var / "worker" / "swecar-worker-alive"
    return file.stat().st_mtime if file.exists() else 0
