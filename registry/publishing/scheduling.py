"""Sending the scheduled jobs: any number of schedulers run, and the one that holds the lease sends."""

import logging
import time
from datetime import datetime, timedelta
from uuid import uuid4

from celery.beat import Scheduler, SchedulingError
from celery.signals import beat_init
from django.db import Error
from django.utils import timezone

from registry.choices import Sign
from registry.models import ScheduleLease
from registry.publishing.watching import Watcher, without_pool
from swecar.hearing import Listener, watch_scheduler

LEASE = 20  # seconds after which another may take the lease of a scheduler that died
A_MINUTE = timedelta(minutes=1)  # by which two hosts' clocks may differ
TURN = 5  # seconds between two looks at the lease; with LEASE less than the 30 that docs/operations.md tells

logger = logging.getLogger(__name__)


@beat_init.connect
def watch(sender, **_signal) -> None:
    """Watch the scheduler of a process that is one."""
    watch_scheduler(sender.scheduler.listener)


class LeasedScheduler(Scheduler):
    """Celery's scheduler, which remembers in the database what was sent, and sends while it holds the lease."""

    def __init__(self, *arguments, **options):
        self.name = uuid4().hex
        self.looked_at: float | None = None
        self.is_holder = False
        self.watcher = Watcher(Sign.BEAT, "")
        self.listener = Listener()
        super().__init__(*arguments, **options)

    def tick(self, *arguments, **options) -> float:
        """Send what is due, as the holder; the seconds until the next turn."""
        self.listener.turn()
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
        except Error as fault:
            logger.warning("The database does not tell who sends the jobs: %s.", type(fault).__name__)
        if self.is_holder != (sent is not None):
            logger.info("This scheduler sends the jobs." if sent is not None else "Another may send the jobs.")
        self.is_holder = sent is not None
        # A time to come is of a clock that was wrong, this one too; nothing would be sent until then.
        latest = timezone.now() + A_MINUTE
        for name, at in (sent or {}).items():
            if name in self.schedule and at <= latest:
                self.know_sent(name, at.astimezone(self.app.timezone))
        for name, entry in self.schedule.items():
            if entry.last_run_at > latest:
                self.know_sent(name, timezone.localtime())

    def know_sent(self, name: str, at: datetime) -> None:
        """Go on from when a job was last sent."""
        if self.schedule[name].last_run_at != at:
            self.schedule[name].last_run_at = at
            self._heap = None  # which is in the order of what was known before

    def apply_entry(self, entry, producer=None) -> None:
        """Send a job, unless another holds the lease by now; noted first, so that it is never sent twice."""
        self.is_holder = self.note_sent(entry.name, self.schedule[entry.name].last_run_at)
        if self.is_holder:
            super().apply_entry(entry, producer=producer)
        else:
            logger.info("Another may send the jobs.")
            self.know_sent(entry.name, entry.last_run_at)

    def apply_async(self, entry, *arguments, **options):
        """The same, to the broker; where that does not take it, another scheduler may reach it."""
        try:
            return super().apply_async(entry, *arguments, **options)
        except SchedulingError:
            self.note_sent(entry.name, entry.last_run_at)  # as it was before
            self.give_back()
            raise

    def note_sent(self, name: str, at: datetime) -> bool:
        """Note for all schedulers when a job was last sent; False where this one is not the holder."""
        try:
            with without_pool():
                return ScheduleLease.objects.note_sent(self.name, name=name, at=at)
        except Error as fault:
            logger.warning("A job is not sent without the database: %s.", type(fault).__name__)
            return False

    def give_back(self) -> None:
        """Let another go on at once."""
        if not self.is_holder:
            return
        self.is_holder = False
        try:
            with without_pool():
                ScheduleLease.objects.give_back(self.name)
        except Error as fault:
            logger.warning("The lease is not given back: %s.", type(fault).__name__)

    def close(self) -> None:
        """Give the lease back, and end."""
        self.give_back()
        super().close()
