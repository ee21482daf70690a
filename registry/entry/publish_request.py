"""Telling the publisher that the records have moved on, without anyone waiting for it."""

import logging
from concurrent.futures import ThreadPoolExecutor

from celery import current_app
from django.db import IntegrityError, transaction
from django.utils import timezone

from registry.choices import Task
from registry.models import Run

logger = logging.getLogger(__name__)
# One thread, so that a broker that does not answer delays the next message and not a write.
_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="announce")


def announce_change() -> None:
    """Queue a publication once the running transaction has committed.

    The message may be lost, with the broker or the process: the sweep compares the revision that
    the same transaction moved with the snapshot's, and makes it good.
    """
    transaction.on_commit(queue_publication, robust=True)


def queue_publication() -> None:
    """Write the waiting run into the ledger, once however many ask, and send the message."""
    try:
        with transaction.atomic():
            Run.objects.create(task=Task.PUBLISH, queued_at=timezone.now())
    except IntegrityError:
        pass  # a run is waiting already and will see this change too, but its message may be lost
    send(Task.PUBLISH.value)


def send(task: str, *arguments: str) -> None:
    """Give a message to the broker, sooner or later or not at all: the sweep makes it good."""
    _sender.submit(_send, task, arguments)


def _send(task: str, arguments: tuple[str, ...]) -> None:
    try:
        current_app.send_task(task, arguments, ignore_result=True)
    except Exception:  # any fault of the broker, whatever its client raises
        logger.warning("The broker did not take the message %s; the sweep will.", task, exc_info=True)
