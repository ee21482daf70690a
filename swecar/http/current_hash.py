"""The hash of the current snapshot, asked for by a thread of its own, so that no cached response waits for it."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from swecar.postgresql.limits import Limits, limited

FRESH_SECONDS = 0.1  # during which a busy process does not ask again
KNOWN_SECONDS = 2.0  # after which it knows nothing any more, should nobody have answered

logger = logging.getLogger(__name__)


class CurrentHash:
    """Gives what this process knows at once, or None; ask may wait for the cache and the database."""

    def __init__(self, ask: Callable[[], str | None]) -> None:
        self.ask = ask
        self.known: tuple[str | None, float] = None, -KNOWN_SECONDS  # and since when
        self.is_asking = False
        self.thread = ThreadPoolExecutor(1, "current-hash")  # begins with the first question, after the fork

    def __call__(self) -> str | None:
        """The hash; when it is no longer fresh the thread asks, once at a time."""
        known, since = self.known
        age = time.monotonic() - since
        if age > FRESH_SECONDS and not self.is_asking:
            self.is_asking = True
            self.thread.submit(self._ask)
        return known if age < KNOWN_SECONDS else None

    def _ask(self) -> None:
        asked_at = time.monotonic()
        try:
            with limited(Limits.PUBLIC):
                self.known = self.ask(), asked_at
        except Exception as fault:
            logger.warning("Which snapshot is current could not be asked: %s.", type(fault).__name__)
        finally:
            connections.close_all()
            self.is_asking = False
