"""What is not there is seen: gauges, one mail for each absence, and a night's work done later."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from importlib import import_module
from smtplib import SMTPException

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from registry import tasks
from registry.choices import Outcome, Sign, Task
from registry.errors import ProofFailed
from registry.models import LastSeen, Run
from registry.publishing import absence, runs, watching
from registry.publishing.absence import forget_instances, tell_absences
from registry.publishing.publish import publish
from swecar import alive
from swecar.local.folder import ROOT
from tests import factories
from tests.test_metrics import ask as metrics
from tests.watching import TOKEN
from tests.working import database_url, kill, wait_for, worker

HOUR = timedelta(hours=1)


def seen(sign: Sign, ago: timedelta, instance: str = "") -> None:
    moment = timezone.now() - ago
    LastSeen.objects.update_or_create(sign=sign, instance=instance, defaults={"seen_at": moment, "told_at": None})


@pytest.fixture
def admins(settings):
    settings.ADMINS = [("", "drift@region.example"), ("", "jour@region.example")]


@pytest.fixture
def mail_is_down(monkeypatch):
    def refuse(*arguments, **options):
        raise SMTPException("the password was hemligt")

    with monkeypatch.context() as down:
        down.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        yield down


def test_a_dead_scheduler_is_told_once_and_again_when_it_dies_again(lists, admins, mailoutbox):
    seen(Sign.BEAT, timedelta(minutes=4))
    assert tell_absences() == []
    seen(Sign.BEAT, HOUR)
    assert tell_absences() == [Sign.BEAT]
    assert tell_absences() == []
    LastSeen.objects.see(Sign.BEAT)
    assert tell_absences() == []
    seen(Sign.BEAT, HOUR)
    assert tell_absences() == [Sign.BEAT]
    assert [mail.subject for mail in mailoutbox] == ["[Django] swecar: beat is absent"] * 2
    assert mailoutbox[0].to == ["drift@region.example", "jour@region.example"]
    assert "The scheduler (beat) has not been seen for 0:05:00" in mailoutbox[0].body


@pytest.mark.parametrize(
    ("sign", "limit"),
    [
        (Sign.SWEEP, timedelta(minutes=5)),
        (Sign.WORKER, timedelta(minutes=5)),
        (Sign.VERIFY, timedelta(hours=26)),
        (Sign.VERIFY_HISTORY, timedelta(hours=26)),
        (Sign.PRUNE, timedelta(hours=26)),
    ],
)
def test_each_part_has_its_time(lists, admins, mailoutbox, sign, limit):
    seen(sign, limit - timedelta(seconds=30))
    assert (tell_absences(), metrics()["absent"][sign]) == ([], 0)
    seen(sign, limit + timedelta(seconds=30))
    assert (metrics()["absent"][sign], tell_absences()) == (1, [sign])


def test_one_living_worker_of_several_is_enough(lists, admins, mailoutbox):
    LastSeen.objects.filter(sign=Sign.WORKER).delete()
    seen(Sign.WORKER, HOUR, "celery@a")
    seen(Sign.WORKER, timedelta(seconds=10), "celery@b")
    seen(Sign.WORKER, timedelta(seconds=20), "celery@c")
    assert (tell_absences(), metrics()["workers_alive"]) == ([], 2)
    LastSeen.objects.filter(instance__in=["celery@b", "celery@c"]).update(seen_at=timezone.now() - HOUR)
    assert (tell_absences(), metrics()["workers_alive"]) == ([Sign.WORKER], 0)
    assert tell_absences() == []


def test_an_alarm_that_cannot_be_mailed_is_seen_and_mailed_later(lists, admins, mail_is_down, mailoutbox, caplog):
    seen(Sign.BEAT, HOUR)
    for _minute in range(2):
        assert tell_absences() == []
        assert metrics()["alarm_failed"] == 1
    assert "An alarm could not be sent: SMTPException." in caplog.messages
    assert "hemligt" not in caplog.text
    mail_is_down.undo()
    assert tell_absences() == [Sign.BEAT]
    assert (metrics()["alarm_failed"], len(mailoutbox)) == (0, 1)


def test_a_failed_recount_that_cannot_be_mailed_is_seen(lists, admins, mail_is_down, monkeypatch):
    def differ():
        raise ProofFailed([])

    monkeypatch.setattr(runs, "verify", differ)
    with pytest.raises(ProofFailed):
        runs.run_verification()
    assert Run.objects.get().outcome == Outcome.PROOF_FAILED
    assert metrics()["alarm_failed"] == 1


def test_without_administrators_nothing_is_sent_and_nothing_has_failed(lists, settings, mail_is_down):
    settings.ADMINS = []
    seen(Sign.BEAT, HOUR)
    tell_absences()
    assert metrics()["alarm_failed"] == 0


def test_the_time_of_each_work_is_a_gauge(lists):
    LastSeen.objects.all().delete()
    before = timezone.now().timestamp()
    factories.record_several(lists)
    tasks.sweep()
    tasks.verify_snapshot()
    tasks.verify_history()
    tasks.prune_facts()
    told = metrics()["last_seen_timestamp_seconds"]
    assert told.keys() == {"sweep", "verify", "verify_history", "prune", "publish"}
    assert all(before <= at <= timezone.now().timestamp() for at in told.values())


@pytest.mark.parametrize("part", ["runs.run_sweep", "sweep_imports", "expire_referrals"])
def test_a_sweep_that_fails_is_not_seen(lists, monkeypatch, part):
    LastSeen.objects.filter(sign=Sign.SWEEP).delete()

    def fail():
        raise RuntimeError

    monkeypatch.setattr(f"registry.tasks.{part}", fail)
    with pytest.raises(ExceptionGroup):
        tasks.sweep()
    assert not LastSeen.objects.filter(sign=Sign.SWEEP).exists()


# A missed night


def ran(task: Task, ago: timedelta, outcome: str = Outcome.DONE) -> None:
    moment = timezone.now() - ago
    Run.objects.create(
        task=task, outcome=outcome, queued_at=moment, started_at=moment, heartbeat_at=moment, finished_at=moment
    )


def count_runs() -> dict:
    return {task: Run.objects.filter(task=task).count() for task in absence.NIGHTLY}


def test_the_sweep_does_what_a_night_has_missed_and_once(lists):
    publish()
    for task, sign in absence.NIGHTLY.items():
        ran(task, timedelta(hours=49))
        seen(sign, timedelta(hours=49))
    for _minute in range(3):
        tasks.sweep()
    assert count_runs() == {Task.VERIFY: 2, Task.VERIFY_HISTORY: 2, Task.PRUNE: 2}


def test_a_night_that_was_done_is_not_done_again(lists):
    publish()
    for task, sign in absence.NIGHTLY.items():
        ran(task, timedelta(hours=24, minutes=30))
        seen(sign, timedelta(hours=24, minutes=30))
    tasks.sweep()
    assert count_runs() == {Task.VERIFY: 1, Task.VERIFY_HISTORY: 1, Task.PRUNE: 1}


def test_a_recount_that_did_not_agree_is_not_repeated_each_minute(lists):
    publish()
    ran(Task.VERIFY, timedelta(hours=2), Outcome.PROOF_FAILED)
    seen(Sign.VERIFY, timedelta(hours=26))
    tasks.sweep()
    assert count_runs()[Task.VERIFY] == 1


def test_a_registry_that_has_never_had_a_night_gets_its_first_one(lists):
    publish()
    for sign in absence.NIGHTLY.values():
        seen(sign, timedelta(hours=26))
    tasks.sweep()
    assert count_runs() == {Task.VERIFY: 1, Task.VERIFY_HISTORY: 1, Task.PRUNE: 1}


def test_ended_workers_are_forgotten_but_for_the_latest(lists):
    LastSeen.objects.filter(sign=Sign.WORKER).delete()
    for instance, hours in (("a", 50), ("b", 40), ("c", 30)):
        seen(Sign.WORKER, timedelta(hours=hours), instance)
    forget_instances()
    assert [one.instance for one in LastSeen.objects.filter(sign=Sign.WORKER)] == ["c"]
    seen(Sign.WORKER, timedelta(0), "d")
    forget_instances()
    assert [one.instance for one in LastSeen.objects.filter(sign=Sign.WORKER)] == ["d"]


# Real processes


@pytest.mark.django_db(transaction=True)
def test_a_worker_and_a_scheduler_show_themselves_and_are_missed(committed_lists, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    LastSeen.objects.filter(sign__in=[Sign.WORKER, Sign.BEAT]).delete()
    schedule = [sys.executable, "-m", "celery", "-A", "swecar", "beat", "-s", str(tmp_path / "schedule")]
    beat = subprocess.Popen(
        schedule, cwd=ROOT, env=os.environ | {"DATABASE_URL": database_url()}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with worker():
            wait_for(lambda: metrics()["workers_alive"] == 1 and metrics()["beat_alive"] == 1, "both alive")
            assert [check(part).returncode for part in ("worker", "beat")] == [0, 0]
    finally:
        kill(beat)
    LastSeen.objects.update(seen_at=timezone.now() - timedelta(minutes=6))
    for part in ("worker", "beat"):
        old = time.time() - alive.LONGEST_SILENCE[part] - 1
        os.utime(tmp_path / f"swecar-{part}-alive", (old, old))
        assert check(part).returncode == 1
    told = Client().get("/health/deep", headers=TOKEN).json()
    assert {"worker", "beat"} <= set(told["absent"])


def check(part: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-I", "swecar/alive.py", part], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_health_check_of_a_worker_that_never_was_fails_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    ended = check("worker")
    assert (ended.returncode, ended.stderr) == (1, "The worker has not shown itself.\n")


def test_the_health_check_costs_less_than_a_fifth_of_a_second_of_work(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = os.times()
    for _time in range(5):
        check("worker")
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent / 5 < 0.2


@pytest.mark.django_db(transaction=True)
def test_a_watcher_waits_for_the_others_before_it_tells(committed_lists, admins, mailoutbox):
    seen(Sign.BEAT, HOUR)
    watcher = watching.Watcher(Sign.WORKER, "celery@a")
    watcher.show()
    assert mailoutbox == []
    watcher.started -= watching.GRACE
    watcher.shown = None
    watcher.show()
    watcher.show()
    assert [mail.subject for mail in mailoutbox] == ["[Django] swecar: beat is absent"]
    assert LastSeen.objects.filter(instance="celery@a").exists()


def test_nothing_is_absent_from_a_new_installation(db):
    LastSeen.objects.all().delete()
    with connection.cursor() as cursor:
        for migration in ("0030_last_seen", "0044_begin_chains"):
            cursor.execute(import_module(f"registry.migrations.{migration}").FROM_NOW_ON)
    assert LastSeen.objects.read().absent == ()
