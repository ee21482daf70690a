"""Thin Celery entry points. Each may be lost, doubled or killed: the next run makes it good."""

from celery import shared_task

from registry.choices import Task
from registry.statistics import runs


@shared_task(name=Task.PUBLISH.value)
def publish_snapshot() -> None:
    """Build, prove and publish the statistics of the latest revision; twice in a row publishes once."""
    runs.run_publication()


@shared_task(name="registry.sweep")
def sweep() -> None:
    """Each minute: catch what a lost message missed."""
    runs.run_sweep()


@shared_task(name=Task.VERIFY.value)
def verify_snapshot() -> None:
    """Each night: recount the current snapshot."""
    runs.run_verification()


@shared_task(name=Task.PRUNE.value)
def prune_facts() -> None:
    """Each night: delete what publishing itself could not."""
    runs.run_pruning()
