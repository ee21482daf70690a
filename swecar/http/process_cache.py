"""What a process alone remembers, by a clock that nobody sets."""

import time
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache


class ProcessCache(LocMemCache):
    """Django's counts by the time of day: what it keeps while that is an hour ahead it would keep for an hour."""

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> float | None:
        """When a value ends, by time.monotonic(); None for never."""
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else time.monotonic() + seconds

    def _has_expired(self, key: str) -> bool:
        ends = self._expire_info.get(key, 0)  # type: ignore[attr-defined]  # the stubs lack it
        return ends is not None and ends <= time.monotonic()
