"""Celery tasks. Each may be lost, duplicated or killed: the next run catches up."""

from collections.abc import Callable
from uuid import UUID

from celery import shared_task
from celery.signals import beat_init, worker_init
from django.conf import settings

from registry.access import check_key_at_start
from registry.choices import Sign, Task
from registry.entry.access_log import prune_access_log
from registry.entry.accounts.dormant import close_dormant
from registry.entry.accounts.sign_ins import prune_sign_ins
from registry.entry.idempotency import prune_idempotency_keys
from registry.entry.importing.job import RUN_IMPORT, sweep_imports
from registry.entry.importing.job import run_import as run_import_job
from registry.entry.infusions.form_drafts import expire_drafts
from registry.entry.news import send_news
from registry.entry.patients.duplicates import update_doubles
from registry.entry.patients.key_in_use import check_identity_keys_at_start
from registry.entry.patients.lookup_budget import forget_lookups
from registry.entry.questions.expiry import expire_referrals
from registry.models import LastSeen
from registry.publishing import runs, watching  # noqa: F401 (its signals)
from registry.publishing.absence import forget_instances, is_missed
from registry.publishing.heartbeat import send_heartbeat
from registry.purpose import check_at_start
from swecar import hearing  # noqa: F401 (its signals)


@worker_init.connect
@beat_init.connect
def refuse_other_database(**sent: object) -> None:
    """End a worker or the scheduler whose database is for something else."""
    check_at_start()


@worker_init.connect
def refuse_other_keys(**sent: object) -> None:
    """End a worker that would not find the stored persons."""
    check_identity_keys_at_start()


@worker_init.connect
def refuse_unknown_key(**sent: object) -> None:
    """End a worker that could import for nobody, since the database does not know its SECRET_KEY."""
    check_key_at_start()


@shared_task(name=Task.PUBLISH.value)
def publish_snapshot() -> None:
    """Build, verify and publish the statistics of the latest revision; idempotent."""
    runs.run_publication()


@shared_task(name="registry.sweep")
def sweep() -> None:
    """Each 20 seconds: do what lost messages have missed, and what the last night has."""
    _do_each(runs.run_sweep, sweep_imports, forget_lookups, expire_referrals, update_doubles, catch_up)
    LastSeen.objects.see(Sign.SWEEP)
    send_heartbeat()  # last, so that all that is done so often has been seen to work


@shared_task(name=Task.VERIFY.value)
def verify_snapshot() -> None:
    """Each night: recount the current snapshot."""
    runs.run_verification()


@shared_task(name=Task.VERIFY_HISTORY.value)
def verify_history() -> None:
    """Each night: recompute the chains of history and access log."""
    runs.run_history_proof()


@shared_task(name=Task.PRUNE.value)
def prune_facts() -> None:
    """Each night: delete facts that publishing could not delete, and expired data; close unused accounts."""
    expired = (prune_access_log, prune_idempotency_keys, expire_drafts, forget_instances, prune_sign_ins)
    _do_each(runs.run_pruning, *expired, close_dormant)


@shared_task(name="registry.send_news")
def mail_news() -> None:
    """Each minute: mail what is new to those whose mail is due."""
    send_news()


@shared_task(name=RUN_IMPORT)
def run_import(job_id: str, language: str = "") -> None:
    """Check an uploaded file, or store it; idempotent."""
    run_import_job(UUID(job_id), language=language or settings.LANGUAGE_CODE)


def catch_up() -> None:
    """Do the nightly jobs that no worker or no scheduler was there for."""
    nightly = [
        (Task.VERIFY, verify_snapshot),
        (Task.VERIFY_HISTORY, verify_history),
        (Task.PRUNE, prune_facts),
    ]
    _do_each(*(job for task, job in nightly if is_missed(task)))


def _do_each(*steps: Callable[[], object]) -> None:
    """Run all steps in order, even if some fail; errors are raised at the end."""
    faults = []
    for step in steps:
        try:
            step()
        except Exception as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup("Not every step was done.", faults)
