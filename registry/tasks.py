"""Thin Celery entry points. Each may be lost, doubled or killed: the next run makes it good."""

from collections.abc import Callable
from uuid import UUID

from celery import shared_task
from django.conf import settings

from registry.choices import Task
from registry.entry.access_log import prune_access_log
from registry.entry.idempotency import prune_idempotency_keys
from registry.entry.importing.job import RUN_IMPORT, sweep_imports
from registry.entry.importing.job import run_import as run_import_job
from registry.entry.patients.lookup_budget import forget_lookups
from registry.entry.questions.expiry import expire_referrals
from registry.publishing import runs


@shared_task(name=Task.PUBLISH.value)
def publish_snapshot() -> None:
    """Build, prove and publish the statistics of the latest revision; twice in a row publishes once."""
    runs.run_publication()


@shared_task(name="registry.sweep")
def sweep() -> None:
    """Each minute: catch what a lost message missed."""
    _do_each(runs.run_sweep, sweep_imports, forget_lookups, expire_referrals)


@shared_task(name=Task.VERIFY.value)
def verify_snapshot() -> None:
    """Each night: recount the current snapshot."""
    runs.run_verification()


@shared_task(name=Task.PRUNE.value)
def prune_facts() -> None:
    """Each night: delete what publishing itself could not, and what is kept long enough."""
    _do_each(runs.run_pruning, prune_access_log, prune_idempotency_keys)


@shared_task(name=RUN_IMPORT)
def run_import(job_id: str, language: str = "") -> None:
    """Check an uploaded file, or store it; twice in a row does it once."""
    run_import_job(UUID(job_id), language=language or settings.LANGUAGE_CODE)


def _do_each(*steps: Callable[[], object]) -> None:
    """Do all steps in order: none waits for another to be mended. Faults are raised when all are done."""
    faults = []
    for step in steps:
        try:
            step()
        except Exception as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup("Not every step was done.", faults)
