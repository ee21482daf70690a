"""Requesting a publication after a change of the records, without delaying the change."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from celery import current_app
from django.db import connection, transaction
from django.utils import timezone

from registry.choices import Task
from registry.published.disclosure import read_threshold

logger = logging.getLogger(__name__)
QUEUE = """
INSERT INTO registry_run (task, queued_at, outcome, message) VALUES (%s, %s, '', '') ON CONFLICT DO NOTHING
"""
# One thread, so that an unresponsive broker delays the next message and not a write.
_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="announce")


def announce_change() -> None:
    """Queue a publication once the current transaction has committed.

    A lost message loses nothing: the same transaction raises the revision, and the scheduled sweep
    publishes where the snapshot's revision is behind. Under a threshold no change queues anything: the sweep
    builds once a day (decision 0039).
    """
    if read_threshold() is not None:
        return
    transaction.on_commit(queue_publication, robust=True)


def queue_publication() -> None:
    """Store a waiting run, unless there is one already, and send the message."""
    # A waiting run will include this change too; its message may be lost, so send another.
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, [Task.PUBLISH.value, timezone.now()])
    send(Task.PUBLISH.value)


def send(task: str, *arguments: str) -> None:
    """Send a message to the broker in the background; if it is lost, the sweep sends it again."""
    _sender.submit(copy_context().run, _send, task, arguments)  # so that the message knows its request


def _send(task: str, arguments: tuple[str, ...]) -> None:
    try:
        current_app.send_task(task, arguments, ignore_result=True)
    except Exception:  # the broker's client raises errors of many kinds
        logger.warning("The broker did not take the message %s; the sweep will.", task, exc_info=True)
