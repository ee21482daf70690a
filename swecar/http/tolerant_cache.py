"""The cache that all processes share, which may be unavailable: nobody waits for it or notices.

A read that fails is a miss; a write that fails is lost. What must not be lost is in the database. After a fault
the cache is not tried for a moment, so that a server that accepts connections and does not respond costs one
timeout a moment, and not one a call.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

PAUSE = 2  # seconds

logger = logging.getLogger(__name__)


class Client(RedisCacheClient):
    """Django's, which raises a RedisError where this one gives what an empty cache would."""

    away_until = 0.0  # of the process; by time.monotonic()

    def _ask(self, method: Callable, *arguments: Any, away: Any) -> Any:
        if time.monotonic() < Client.away_until:
            return away
        try:
            return method(self, *arguments)
        except RedisError as fault:
            Client.away_until = time.monotonic() + PAUSE
            logger.warning("The cache is down, and not asked for %s seconds: %s.", PAUSE, type(fault).__name__)
            return away

    def get(self, key, default):
        """The value, or the default."""
        return self._ask(RedisCacheClient.get, key, default, away=default)

    def add(self, key, value, timeout):
        """Whether the place was free; it is in an empty cache."""
        return self._ask(RedisCacheClient.add, key, value, timeout, away=True)

    def set(self, key, value, timeout):
        """Keep a value."""
        self._ask(RedisCacheClient.set, key, value, timeout, away=None)

    def touch(self, key, timeout):
        """Whether there was something to keep longer."""
        return self._ask(RedisCacheClient.touch, key, timeout, away=False)

    def delete(self, key):
        """Whether there was something."""
        return self._ask(RedisCacheClient.delete, key, away=False)

    def get_many(self, keys):
        """The values that there are."""
        return self._ask(RedisCacheClient.get_many, keys, away={})

    def has_key(self, key):
        """Whether there is a value."""
        return self._ask(RedisCacheClient.has_key, key, away=False)

    def incr(self, key, delta):
        """The count with delta more, of nothing before where it is not known."""
        return self._ask(RedisCacheClient.incr, key, delta, away=delta)

    def set_many(self, data, timeout):
        """Keep values."""
        self._ask(RedisCacheClient.set_many, data, timeout, away=None)

    def delete_many(self, keys):
        """Forget values."""
        self._ask(RedisCacheClient.delete_many, keys, away=None)

    def clear(self):
        """Whether all was forgotten."""
        return self._ask(RedisCacheClient.clear, away=False)


class SharedCache(RedisCache):
    """Django's cache in Redis, by a client that forgives."""

    def __init__(self, server, params):
        super().__init__(server, params)
        self._class = Client
