"""Sending the scheduled jobs: any number of schedulers run, and the one that holds the lease sends."""

import logging
import time
from uuid import uuid4

from celery.beat import Scheduler
from django.db import DatabaseError

from registry.choices import Sign
from registry.models import ScheduleLease
from registry.publishing.watching import Watcher, without_pool
from swecar import alive

LEASE = 20  # seconds after which another may take the lease of a scheduler that died
TURN = 5  # seconds between two looks at the lease; with LEASE less than the 30 that docs/operations.md tells

logger = logging.getLogger(__name__)


class LeasedScheduler(Scheduler):
    """Celery's scheduler, which remembers in the database what was sent, and sends while it holds the lease."""

    def __init__(self, *arguments, **options):
        self.name = uuid4().hex
        self.looked_at: float | None = None
        self.is_holder = False
        self.watcher = Watcher(Sign.BEAT, "")
        super().__init__(*arguments, **options)

    def tick(self, *arguments, **options) -> float:
        """Send what is due, as the holder; the seconds until the next turn."""
        alive.show("beat")
        if self.looked_at is None or time.monotonic() - self.looked_at >= TURN:
            self.look_at_lease()
        if not self.is_holder:
            return TURN
        self.watcher.show()  # of several the holder is seen
        return min(super().tick(*arguments, **options) or 0, TURN)

    def look_at_lease(self) -> None:
        """Take or renew it, and go on from what was sent, by whomever."""
        sent, self.looked_at = None, time.monotonic()
        try:
            with without_pool():
                sent = ScheduleLease.objects.hold(self.name, seconds=LEASE)
        except DatabaseError as fault:
            logger.warning("The database does not tell who sends the jobs: %s.", type(fault).__name__)
        if self.is_holder != (sent is not None):
            logger.info("This scheduler sends the jobs." if sent is not None else "Another may send the jobs.")
        self.is_holder = sent is not None
        for name, at in (sent or {}).items():
            entry = self.schedule.get(name)
            if entry and entry.last_run_at != at:
                entry.last_run_at = at.astimezone(self.app.timezone)
                self._heap = None  # which is in the order of what was known before

    def apply_entry(self, entry, producer=None) -> None:
        """Send a job, unless another holds the lease by now; noted first, so that it is never sent twice."""
        try:
            with without_pool():
                at = self.schedule[entry.name].last_run_at
                self.is_holder = ScheduleLease.objects.note_sent(self.name, name=entry.name, at=at)
        except DatabaseError as fault:
            logger.warning("A job is not sent without the database: %s.", type(fault).__name__)
            self.is_holder = False
        if self.is_holder:
            super().apply_entry(entry, producer=producer)

    def close(self) -> None:
        """Give the lease back, so that another goes on at once."""
        try:
            if self.is_holder:
                self.is_holder = False
                with without_pool():
                    ScheduleLease.objects.give_back(self.name)
        except DatabaseError as fault:
            logger.warning("The lease is not given back: %s.", type(fault).__name__)
        finally:
            super().close()
