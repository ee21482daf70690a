"""What the worker and the scheduler do beside their work: show themselves, and look for what is absent."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from celery.signals import heartbeat_sent, worker_ready
from django.db import DatabaseError, connections
from django.db.utils import DEFAULT_DB_ALIAS

from registry.choices import Sign
from registry.models import LastSeen
from registry.models.isolation import unpooled
from registry.publishing.absence import tell_absences

EVERY = 20  # seconds between two signs
GRACE = 330  # seconds that a process waits for the others after a start of them all
SILENT = 30  # seconds without the worker's heartbeat after which it is not seen

logger = logging.getLogger(__name__)


class Watcher:
    """Shows that this process is at work and, some minutes after its start, tells what is absent."""

    def __init__(self, sign: Sign, instance: str):
        self.sign, self.instance = sign, instance
        self.started = time.monotonic()
        self.shown: float | None = None

    def show(self) -> None:
        """Show it in the database, at most each 20 seconds; a database that is down delays nothing else."""
        now = time.monotonic()
        if self.shown is not None and now - self.shown < EVERY:
            return
        self.shown = now
        try:
            with without_pool():
                LastSeen.objects.see(self.sign, instance=self.instance)
                if now - self.started > GRACE:
                    tell_absences()
        except DatabaseError as fault:
            logger.warning("The database does not take a sign of life: %s.", type(fault).__name__)


@contextmanager
def without_pool() -> Iterator[None]:
    """Let this thread use a connection without a pool: a worker forks, and the threads of a pool do not."""
    usual = connections[DEFAULT_DB_ALIAS]
    alone = unpooled()
    connections[DEFAULT_DB_ALIAS] = alone
    try:
        yield
    finally:
        alone.close()
        connections[DEFAULT_DB_ALIAS] = usual


_heartbeat = {"at": 0.0}


@heartbeat_sent.connect
def note_heartbeat(**_signal) -> None:
    """The worker's loop runs and is connected to the broker; each 2 seconds."""
    _heartbeat["at"] = time.monotonic()


@worker_ready.connect
def watch(sender, **_signal) -> None:
    """Show this worker from a thread, so that no wait for the database holds up its loop."""
    watcher = Watcher(Sign.WORKER, sender.hostname)

    def run() -> None:
        while True:
            if time.monotonic() - _heartbeat["at"] < SILENT:
                watcher.show()
            time.sleep(EVERY)

    threading.Thread(target=run, name="watcher", daemon=True).start()
