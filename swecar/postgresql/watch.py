"""Whether this process reaches the database: what a request asks before it waits.

Whoever finds the database silent, or a connection lost, starts the probe, a thread, one at a time. As long as that
finds nobody there no request waits for the database; when somebody answers the thread ends.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from psycopg import Error, OperationalError

from swecar.postgresql.limits import longest_silence

PAUSE = 0.5  # seconds between two probes
PROBE = 0.5  # of the silence that a request bears, that the probe may take

logger = logging.getLogger(__name__)


class DatabaseAway(OperationalError):
    """The database is known not to respond, so it was not asked."""


class Watch:
    """What a process knows of its database.

    probe returns if the database answers, within some seconds, or raises; returned is called when it is back.
    """

    def __init__(self, probe: Callable[[], None], returned: Callable[[], None]) -> None:
        self.probe, self.returned = probe, returned
        self.since: datetime | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked_at = 0.0  # by time.monotonic(), while a probe is waited for

    def is_away(self) -> bool:
        """Whether it does not respond; a probe that is silent for long says so too."""
        asked_at, silence = self._asked_at, longest_silence()
        if self.since is None and asked_at and silence and time.monotonic() - asked_at > silence * PROBE:
            self._note("silent")
        return self.since is not None

    def refuse_request(self) -> None:
        """Raise DatabaseAway in a request if it does not respond."""
        if longest_silence() is not None and self.is_away():
            self.suspect()  # a probe that has died, or was left behind by a fork, would never see it return
            raise DatabaseAway("The database does not respond.")

    def suspect(self) -> None:
        """Have it looked at whether it responds; returns at once."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # it does not survive a fork
                self._asked_at = time.monotonic()
                self._thread = threading.Thread(target=self._look, name="database-watch", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        while True:
            try:
                self.probe()
            except (Error, OSError) as fault:
                if self.since is None:
                    self._note(" ".join(f"{type(fault).__name__}: {fault}".split()))
                self._asked_at = 0.0
                time.sleep(PAUSE)
                self._asked_at = time.monotonic()
                continue
            with self._lock:
                self._asked_at, self._thread = 0.0, None
                if self.since is not None:
                    logger.warning("The database responds again, after %d seconds.", self.seconds())
                    self.returned()
                    self.since = None
                return

    def seconds(self) -> float:
        """For how long it has been away."""
        return (datetime.now(UTC) - self.since).total_seconds() if self.since else 0.0

    def _note(self, why: str) -> None:
        self.since = datetime.now(UTC)
        logger.warning("The database does not respond, and is asked only by the probe: %s.", why)
