"""Two schedulers: each job is sent once, and where one ends the other goes on."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
import time_machine
from celery.beat import Scheduler, SchedulingError
from django.utils import timezone
from redis import Redis

from registry.choices import Sign
from registry.models import LastSeen, ScheduleLease
from registry.publishing import scheduling
from registry.publishing.scheduling import LeasedScheduler
from swecar.celery import app as celery_app
from swecar.local.folder import ROOT
from swecar.local.ports import find_free_port
from tests.poolers import connected_at, pgbouncer
from tests.test_metrics import ask as metrics
from tests.test_pooler import at_once
from tests.working import broker, database_url, kill, wait_for

NO_TIME = timedelta(0)
QUEUE = "swecar-jobs:publishing"
JOBS = sorted(celery_app.conf.beat_schedule)
EVERY, LEASE, TURN = 1.0, 3.0, 0.5  # seconds, instead of 60, 20 and 5
BEAT = f"""
import django
django.setup()
from swecar.celery import app
from registry.publishing import scheduling
scheduling.LEASE, scheduling.TURN = {LEASE}, {TURN}
app.conf.beat_schedule = {{"often": {{"task": "registry.sweep", "schedule": {EVERY}}}}}
app.start(["beat", "--loglevel", "INFO"])
"""


@contextmanager
def beat(folder, url: str) -> Iterator[subprocess.Popen]:
    """A real scheduler on the test's database with a folder of its own, as on a host of its own."""
    folder.mkdir()
    environment = os.environ | {"DATABASE_URL": database_url(), "REDIS_URL": url, "TMPDIR": str(folder)}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", BEAT],
            cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        wait_for((folder / "swecar-beat-alive").exists, "a scheduler that shows itself")
        yield process
    finally:
        kill(process)


@contextmanager
def arriving(url: str) -> Iterator[list[float]]:
    """The times at which messages came to the broker, taken out of it as a worker would."""
    times: list[float] = []
    done = threading.Event()
    client = Redis.from_url(url)
    client.delete(QUEUE)

    def take() -> None:
        while not done.is_set():
            if client.blpop(QUEUE, timeout=0.2):
                times.append(time.monotonic())

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield times
    finally:
        done.set()
        thread.join()


def gaps(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("end", "within"),
    [(signal.SIGKILL, LEASE + TURN), (signal.SIGTERM, TURN), (signal.SIGSTOP, LEASE + TURN)],
)
def test_of_two_schedulers_one_sends_and_the_other_takes_over(committed_lists, tmp_path, end, within):
    with broker() as (_server, url), beat(tmp_path / "a", url) as first, beat(tmp_path / "b", url) as second:
        with arriving(url) as times:
            time.sleep(6)
            alone = list(times)
            assert 4 <= len(alone) <= 7  # two that send would send twelve
            assert min(gaps(alone)) > EVERY / 5
            holder = first if "Sending due" in (tmp_path / "a" / "log").read_text() else second
            os.kill(holder.pid, end)
            ended = time.monotonic()
            time.sleep(LEASE + 5)
            if end == signal.SIGSTOP:  # it comes back, and is still told by its own clock that it is the holder
                os.kill(holder.pid, signal.SIGCONT)
                time.sleep(3)
        assert (holder.poll() is None) is (end == signal.SIGSTOP)
        after = [at for at in times if at > ended + 0.05]
        assert after[0] - alone[-1] < EVERY + within + 2  # for a machine that others use too
        assert min(gaps(times)) > EVERY / 5  # no burst
        assert len(after) >= 4


# Schedulers in this process


@pytest.fixture
def sent(monkeypatch) -> list[tuple[str, str]]:
    """What was sent: by which scheduler, and which job."""
    messages: list[tuple[str, str]] = []
    monkeypatch.setattr(LeasedScheduler, "producer", None)
    monkeypatch.setattr(
        Scheduler, "apply_async", lambda own, entry, **_rest: messages.append((own.name, entry.name))
    )
    return messages


def scheduler(name: str, *, since: timedelta = NO_TIME) -> LeasedScheduler:
    """One that has followed another for so long, and itself has sent nothing."""
    made = LeasedScheduler(celery_app)
    made.name = name
    for entry in made.schedule.values():
        entry.last_run_at -= since
    return made


def work(one: LeasedScheduler) -> None:
    """All that is due now, and a look at the lease first."""
    one.looked_at = None
    while one.tick() == 0:
        pass


def expire() -> None:
    ScheduleLease.objects.update(until=timezone.now() - timedelta(seconds=1))


def last_night() -> datetime:
    """The last time at which the nightly recount was due."""
    now = timezone.localtime()
    due = now.replace(hour=3, minute=10, second=0, microsecond=0)
    return due if due <= now else due - timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_of_schedulers_that_race_for_a_free_lease_one_gets_it():
    for _round in range(10):
        ScheduleLease.objects.all().delete()
        names = [f"{place}" for place in range(8)]
        first = at_once(*(partial(ScheduleLease.objects.hold, name, seconds=60) for name in names))
        expire()
        again = at_once(*(partial(ScheduleLease.objects.hold, name, seconds=60) for name in names))
        assert [sum(one is not None for one in found) for found in (first, again)] == [1, 1]
        assert ScheduleLease.objects.get().holder == names[[one is not None for one in again].index(True)]


@pytest.mark.django_db(transaction=True)
def test_the_follower_sends_nothing_until_the_lease_has_ended_and_then_no_burst(sent):
    month = timedelta(days=30)
    one, other = scheduler("one", since=month), scheduler("other", since=month)
    work(one)
    assert sorted(sent) == [("one", job) for job in JOBS]
    for _turn in range(3):
        work(other)
        work(one)
    assert len(sent) == len(JOBS)
    expire()
    work(other)
    work(one)
    assert len(sent) == len(JOBS)  # all that was due had been sent
    assert (one.is_holder, other.is_holder) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_what_fell_due_while_nobody_held_the_lease_is_sent_once(sent):
    one, other = scheduler("one", since=timedelta(days=30)), scheduler("other", since=timedelta(days=30))
    work(one)
    sent.clear()
    lease = ScheduleLease.objects.get()
    minutes_before = {"verify": last_night() - timedelta(minutes=5), "sweep": timezone.now() - timedelta(hours=7)}
    lease.sent |= {name: at.isoformat() for name, at in minutes_before.items()}
    lease.save()
    expire()
    for _turn in range(2):
        work(other)
    assert sorted(sent) == [("other", "sweep"), ("other", "verify")]


@pytest.mark.django_db(transaction=True)
def test_a_time_to_come_of_a_clock_that_was_wrong_holds_nothing_back(sent):
    one, other = scheduler("one"), scheduler("other", since=timedelta(days=3))
    work(one)
    ahead = (timezone.now() + timedelta(hours=2)).isoformat()
    ScheduleLease.objects.update(sent=dict.fromkeys(JOBS, ahead))
    expire()
    work(other)
    assert sorted(sent) == [("other", job) for job in JOBS]


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_was_wrong_for_a_while_holds_back_what_is_frequent(sent):
    """Its own memory has a time to come then, and the database's too."""
    one = scheduler("one")
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        work(one)
        for entry in one.schedule.values():
            entry.last_run_at = timezone.now()
            one.note_sent(entry.name, entry.last_run_at)
    sent.clear()
    work(one)
    with time_machine.travel(timezone.now() + timedelta(seconds=25)):
        work(one)
    assert sent == [("one", "sweep")]


@pytest.mark.django_db(transaction=True)
def test_a_holder_that_slept_through_its_lease_sends_nothing(sent):
    sleeper, other = scheduler("sleeper"), scheduler("other")
    work(sleeper)
    assert sleeper.is_holder
    expire()
    work(other)
    for entry in sleeper.schedule.values():
        entry.last_run_at -= timedelta(hours=30)
    sleeper._heap = None
    while sleeper.tick() == 0:  # without a look at the lease
        pass
    assert (sent, sleeper.is_holder) == ([], False)


@pytest.mark.django_db(transaction=True)
def test_without_the_database_nobody_sends_and_nothing_is_lost(sent, caplog):
    one = scheduler("one")
    work(one)
    for entry in one.schedule.values():
        entry.last_run_at -= timedelta(hours=30)
    one._heap = None
    with connected_at(find_free_port()):
        while one.tick() == 0:
            pass
        work(one)
        assert (sent, one.is_holder) == ([], False)
        one.close()
    assert "A job is not sent without the database: OperationalError." in caplog.messages
    work(one)
    assert sorted(sent) == [("one", job) for job in JOBS]


@pytest.mark.django_db(transaction=True)
def test_what_the_broker_did_not_take_is_sent_by_another_that_reaches_it(sent, monkeypatch):
    cut_off, other = scheduler("cut off", since=timedelta(days=3)), scheduler("other")

    def send(own, entry, **_rest):
        if own is cut_off:
            raise SchedulingError
        sent.append((own.name, entry.name))

    monkeypatch.setattr(Scheduler, "apply_async", send)
    work(cut_off)
    assert (sent, cut_off.is_holder) == ([], False)
    work(other)
    work(cut_off)
    first = sent[0][1]  # the one that the broker did not take; the other scheduler has known the rest for no time
    assert sent == [("other", first)]


@pytest.mark.django_db(transaction=True)
def test_a_pooler_that_shares_sessions_leaves_no_lease_on_them(sent):
    with pgbouncer(pool_mode="transaction", default_pool_size="4") as port, connected_at(port):
        one, other = scheduler("one", since=timedelta(days=3)), scheduler("other", since=timedelta(days=3))
        for _turn in range(3):
            work(one)
            work(other)
        assert sorted(sent) == [("one", job) for job in JOBS]
        one.close()
        work(other)
        assert (len(sent), other.is_holder) == (len(JOBS), True)


@pytest.mark.django_db(transaction=True)
def test_a_scheduler_that_ends_gives_the_lease_back_and_no_others(sent):
    one, other = scheduler("one"), scheduler("other")
    work(one)
    work(other)
    other.close()
    assert ScheduleLease.objects.get().holder == "one"
    one.close()
    one.close()  # as Celery does
    work(other)
    assert ScheduleLease.objects.get().holder == "other"


@pytest.mark.django_db(transaction=True)
def test_the_scheduler_is_seen_while_somebody_holds_the_lease(sent):
    LastSeen.objects.filter(sign=Sign.BEAT).delete()
    ScheduleLease.objects.hold("another", seconds=60)
    follower = scheduler("follower")
    work(follower)
    assert metrics()["beat_alive"] == 0
    expire()
    work(follower)
    assert metrics()["beat_alive"] == 1


def test_a_dead_holder_is_followed_within_the_time_that_is_told():
    assert scheduling.LEASE + scheduling.TURN <= 30
    assert scheduling.LEASE >= 3 * scheduling.TURN  # a holder that misses one turn keeps it
    told = (ROOT / "docs" / "operations.md").read_text()
    assert "another takes over within 30 seconds" in told
