"""Counts of what happens, of all processes together, for /metrics; docs/operations.md lists them.

Each process adds up its own and moves them to Redis every five seconds, so that no request waits for it. A process
that is killed loses these seconds; if Redis begins anew, so do the counters.
"""

import json
import os
import threading
import time
from bisect import bisect_left
from collections import Counter

from django.conf import settings
from redis.exceptions import RedisError

from swecar.redis_client import IMPATIENT, make_client

# name: what it counts, its labels. No label is of a person, a centre or a user.
COUNTERS = {
    "requests": ("Requests by part of the service and status of the response.", ("part", "status")),
    "jobs_sent": ("Messages to the workers, of web servers, workers and the scheduler.", ("job",)),
    "jobs": ("Jobs that a worker has ended, by outcome.", ("job", "outcome")),
    "job_seconds": ("Seconds that workers have spent on jobs.", ("job",)),
    "entries": ("Infusions stored, by the way they came.", ("way",)),
    "refusals": ("Refused requests, forms and files, by the error's code.", ("way", "code")),
    "proofs": ("Recounts of a snapshot, by whether they agreed.", ("outcome",)),
    "sign_ins": ("Attempts to sign in, by outcome.", ("outcome",)),
}
SECONDS = "request_seconds"
SECONDS_MEANING = "Seconds until a response was made, by part of the service."
BOUNDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
BUCKETS = (*map(str, BOUNDS), "+Inf")
EVERY = 5.0  # seconds
KEY = "swecar-counts"

_lock = threading.Lock()
_waiting: Counter[tuple[str, ...]] = Counter()
_mover: list[threading.Thread] = []


def count(name: str, *labels: str, by: float = 1) -> None:
    """Add to a counter; labels in the order of the table."""
    with _lock:
        _waiting[name, *labels] += by  # type: ignore[assignment]  # seconds are parts of one
        _begin()


def count_request(part: str, status: int, seconds: float) -> None:
    """One response and how long it took."""
    bound = BUCKETS[bisect_left(BOUNDS, seconds)]
    with _lock:
        _waiting["requests", part, str(status)] += 1
        _waiting[SECONDS, part, bound] += 1
        _waiting[SECONDS, part, "sum"] += seconds  # type: ignore[assignment]
        _begin()


def _begin() -> None:
    if not _mover:
        _mover.append(threading.Thread(target=_move_for_ever, name="counts", daemon=True))
        _mover[0].start()


def move() -> None:
    """Move what this process has counted to where all processes' counts stand; kept if Redis is down."""
    with _lock:
        moved = dict(_waiting)
        _waiting.clear()
    if not moved:
        return
    try:
        with make_client(settings.REDIS, **IMPATIENT) as server, server.pipeline() as pipeline:
            for key, value in moved.items():
                pipeline.hincrbyfloat(KEY, json.dumps(key), value)
            pipeline.execute()
    except RedisError:
        with _lock:
            _waiting.update(moved)


def read_counts() -> dict[tuple[str, ...], float] | None:
    """What all processes have counted; None if Redis is down."""
    move()
    try:
        with make_client(settings.REDIS, **IMPATIENT) as server:
            found = server.hgetall(KEY)
    except RedisError:
        return None
    return {tuple(json.loads(key)): float(value) for key, value in found.items()}


def _move_for_ever() -> None:
    while True:
        time.sleep(EVERY)
        move()


def _begin_anew() -> None:
    """A forked process has no thread, and what its parent has counted is its parent's."""
    global _lock  # noqa: PLW0603  it may be held by a thread that the child has not
    _lock = threading.Lock()
    _waiting.clear()
    _mover.clear()


os.register_at_fork(after_in_child=_begin_anew)
