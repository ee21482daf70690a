"""The rate limit of a client: so many whole responses a minute; an unchanged one (304) is free, one that is
costly to make counts as several.

Each process takes some at a time from the count that all share, so that a response seldom costs a word
with the cache. Where the cache is down nobody is counted (swecar/http/tolerant_cache.py).
"""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

from registry.errors import TooManyRequests
from swecar.http.client_address import address_of

SECONDS = 60


@dataclass(frozen=True)
class Allowance:
    """What is left to a client, and in how many seconds there is more."""

    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """As the header fields RateLimit and RateLimit-Policy (IETF draft, structured fields)."""
        return {
            "RateLimit-Policy": f'"default";q={settings.RATE_LIMIT};w={SECONDS}',
            "RateLimit": f'"default";r={self.remaining};t={self.reset}',
        }


def _refuse(allowance: Allowance, cost: int) -> TooManyRequests:
    counts = f", and this one counts as {cost}" if cost > 1 else ""
    return TooManyRequests(
        f"At most {settings.RATE_LIMIT} responses a minute{counts}. Wait {allowance.reset} seconds; keep the "
        "ETag and send it as If-None-Match: an unchanged response is free.",
        headers=allowance.headers() | {"Retry-After": str(allowance.reset)},
    )


@dataclass
class _Taken:
    """What a process has taken for a client from the shared count, and what is left of that."""

    left: int = 0
    shared: int = 0  # what the shared count has come to

    def allow(self, reset: int) -> Allowance:
        """What the client has left, as far as this process knows."""
        return Allowance(max(0, settings.RATE_LIMIT - self.shared) + self.left, reset)

    def pay(self, cost: int, reset: int) -> Allowance:
        """Take the cost of a response; what is left then. Raises TooManyRequests."""
        if self.left < cost:
            raise _refuse(self.allow(reset), cost)
        self.left -= cost
        return self.allow(reset)


_lock = threading.Lock()
_taken: dict[bytes, _Taken] = {}
_minute = 0


def spend(meta: Mapping, cost: int) -> Allowance:
    """Count a response of that cost against its client, by the headers of the request.

    One that costs more than a minute has takes all of it. Raises TooManyRequests.
    """
    client, taken, minute, reset = _find_taken(meta)
    limit = settings.RATE_LIMIT
    cost = min(cost, limit)
    with _lock:
        if taken.left >= cost:
            return taken.pay(cost, reset)
        wanted = max(cost - taken.left, limit // 100)
    # Without the lock: while one waits for the cache, nobody else has to.
    shared = _raise_shared(f"rate:{minute}:{client.hex()}", by=wanted)
    with _lock:
        taken.shared = max(taken.shared, shared)
        taken.left += max(0, min(wanted, limit - (shared - wanted)))
        return taken.pay(cost, reset)


def spend_at_hand(meta: Mapping, cost: int) -> dict[str, str] | None:
    """The headers of one more response; None where this process has to take more from the shared count first."""
    _client, taken, _minute, reset = _find_taken(meta)
    with _lock:
        return taken.pay(cost, reset).headers() if taken.left >= cost else None


def _find_taken(meta: Mapping) -> tuple[bytes, _Taken, int, int]:
    """The client of a request, what is taken for it, the minute, and in how many seconds the next one begins."""
    global _minute  # noqa: PLW0603  one minute's counts are forgotten together
    now = time.time()
    minute, reset = int(now // SECONDS), SECONDS - int(now % SECONDS)
    client = hashlib.blake2b(address_of(meta).encode(), key=settings.SECRET_KEY.encode()[:64]).digest()[:16]
    with _lock:
        if minute != _minute:
            _taken.clear()
            _minute = minute
        return client, _taken.setdefault(client, _Taken()), minute, reset


def _raise_shared(key: str, *, by: int) -> int:
    """What the shared count has come to."""
    cache.add(key, 0, 2 * SECONDS)
    try:
        return cache.incr(key, by)
    except ValueError:  # it ran out between the two
        return by
