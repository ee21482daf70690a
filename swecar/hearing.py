"""A worker or a scheduler that has gone deaf ends by itself, so that its supervisor starts it again.

Celery goes on after an acknowledgement that failed, but never acknowledges that message: it counts as being worked
at for as long as the process lives, and with as many of them as the worker has processes nothing is taken any more
(docs/decisions/0045-a-deaf-worker-ends.md).
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from celery.signals import heartbeat_sent, task_received, worker_ready, worker_shutting_down
from celery.worker import state
from django.conf import settings
from kombu.asynchronous import get_event_loop
from kombu.transport import redis as transport
from redis.exceptions import RedisError

from swecar import alive
from swecar.redis_client import IMPATIENT, make_client

EVERY = 3  # seconds between two looks
LOOKS = 5  # in a row that find the same, so that a process that was itself stopped for a while does not end
LAST_JOBS = 30  # seconds for the jobs that still run in a worker that ends

logger = logging.getLogger(__name__)


def end_worker(reason: str) -> None:
    """Take no more jobs, and end within LAST_JOBS."""
    if state.should_stop:
        return
    logger.error("This worker ends and is to be started again: %s.", reason)
    state.should_stop = os.EX_TEMPFAIL

    def end_for_certain() -> None:
        if loop := get_event_loop():
            loop.call_soon(lambda: None)  # it waits for the broker, and would notice a second or two later
        time.sleep(LAST_JOBS)
        os._exit(os.EX_TEMPFAIL)  # its children end with it

    threading.Thread(target=end_for_certain, name="end", daemon=True).start()


class Window(transport.QoS):
    """The messages that a worker has taken and not acknowledged."""

    def ack(self, delivery_tag):
        """Acknowledge a message."""
        with _ends_where_it_fails():
            super().ack(delivery_tag)

    def reject(self, delivery_tag, requeue=False):
        """Give a message back, or drop it."""
        with _ends_where_it_fails():
            super().reject(delivery_tag, requeue=requeue)


@contextmanager
def _ends_where_it_fails() -> Iterator[None]:
    try:
        yield
    except Exception as fault:
        end_worker(f"an acknowledgement has failed ({type(fault).__name__})")
        raise


class Listener:
    """Whether a process that looks after the broker's messages still does."""

    def __init__(self) -> None:
        self.turned_at = time.monotonic()  # when the process's loop last went round
        self.taken = 0  # jobs
        self.is_ending = False
        self._turned_before, self._taken_before = self.turned_at, self.taken
        self._still = self._unheard = 0

    def turn(self, **_signal) -> None:
        """The loop goes round."""
        self.turned_at = time.monotonic()

    def take(self, **_signal) -> None:
        """A job was taken."""
        self.taken += 1

    def look(self, *, waiting: int | None, is_free: bool = False) -> str:
        """What is wrong, or "". waiting: jobs that the broker has, None where it does not respond."""
        stands = waiting is not None and self.turned_at == self._turned_before
        passes_over = bool(waiting) and is_free and self.taken == self._taken_before
        self._turned_before, self._taken_before = self.turned_at, self.taken
        self._still = self._still + 1 if stands else 0
        self._unheard = self._unheard + 1 if passes_over else 0
        if self._unheard >= LOOKS:
            return "jobs wait and it takes none"
        return "the broker responds and its loop stands still" if self._still >= LOOKS else ""


def count_waiting(queues: Sequence[str]) -> int | None:
    """How many messages wait in these queues; None where the broker does not respond."""
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    try:
        with make_client(settings.REDIS, **IMPATIENT) as client:
            client.ping()
            return sum(client.llen(prefix + queue) for queue in queues)
    except (RedisError, OSError):
        return None


def watch(part: str, listener: Listener, look: Callable[[], str], end: Callable[[str], object]) -> None:
    """Look from a thread until something is wrong, and let the container's check know as long as nothing is."""

    def run() -> None:
        while not listener.is_ending:
            if wrong := look():
                end(wrong)
                return
            alive.show(part)
            time.sleep(EVERY)

    threading.Thread(target=run, name="listener", daemon=True).start()


transport.Channel.QoS = Window
worker = Listener()
heartbeat_sent.connect(worker.turn)
task_received.connect(worker.take)


@worker_ready.connect
def watch_worker(sender, **_signal) -> None:
    """Watch a worker whose loop has begun."""
    queues = list(sender.app.amqp.queues.consume_from)

    def look() -> str:
        is_free = len(state.reserved_requests) < sender.pool.num_processes
        return worker.look(waiting=count_waiting(queues), is_free=is_free)

    watch("worker", worker, look, end_worker)


@worker_shutting_down.connect
def leave_alone(**_signal) -> None:
    """One that was told to end takes no job, and its loop stands still while it finishes those that it has."""
    worker.is_ending = True


def watch_scheduler(listener: Listener) -> None:
    """Watch a scheduler, whose ticks are the turns of its loop."""

    def end(reason: str) -> None:
        logger.error("This scheduler ends and is to be started again: %s.", reason)
        os._exit(os.EX_TEMPFAIL)

    watch("beat", listener, lambda: listener.look(waiting=count_waiting([])), end)
