"""Connections that no request waits for in vain, and the pool of them.

psycopg_pool doubles its pauses after a failed attempt, up to minutes, and looks at one lost connection a pause: a
web server would answer 503 for half a minute after its database is back.
"""

import time
from collections.abc import Mapping
from typing import Any

from django.db import connection
from psycopg import Error, OperationalError
from psycopg.errors import _WaitTimeout
from psycopg.pq import ConnStatus
from psycopg_pool import ConnectionPool, PoolTimeout

from swecar.postgresql.limits import longest_silence
from swecar.postgresql.together import SentTogether
from swecar.postgresql.watch import PROBE, DatabaseAway, Watch

TURN = 0.1  # seconds, after which who waits looks around
PATIENCE = 2  # seconds of a probe
QUIET = 0.3  # of the silence that a request bears, after which the probe is asked


class WatchedConnection(SentTogether):
    """Waits no longer for a database that is away."""

    limits: Mapping[str, str] | None = None  # what the session is set to (DatabaseWrapper)
    longest: float | None = None  # seconds for any answer, of the probe's own
    failed: tuple[float, Error] | None = None  # the last attempt to connect, of the process

    @classmethod
    def connect(cls, *arguments: Any, **options: Any) -> "WatchedConnection":
        """As the driver's; a failure is remembered for those who wait for a connection."""
        try:
            return super().connect(*arguments, **options)
        except Error as failure:
            WatchedConnection.failed = time.monotonic(), failure
            raise

    def wait(self, gen: Any, interval: float = TURN, timeout: float | None = None) -> Any:
        """The end of what was begun with the server. Raises DatabaseAway, after which the connection is closed."""
        silence = longest_silence()
        if silence is None:
            return super().wait(gen, interval, timeout or self.longest)
        try:
            return super().wait(gen, interval, timeout or silence * QUIET)
        except _WaitTimeout:
            if timeout:
                raise
        except OperationalError:
            if self.pgconn.status == ConnStatus.BAD:
                watch.suspect()
            raise
        return self._wait_on(gen, interval, silence)

    def _wait_on(self, gen: Any, interval: float, silence: float) -> Any:
        """The server has said nothing for a while: it may be at work, or there may be none."""
        while True:
            watch.suspect()
            try:
                return super().wait(gen, interval, TURN)
            except _WaitTimeout:
                if watch.is_away():
                    self.pgconn.finish()
                    raise DatabaseAway("The database does not respond.") from None


class Pool(ConnectionPool[WatchedConnection]):
    """Gives connections that live, or says soon that there is none."""

    def __init__(self, **options: Any) -> None:
        # A lost connection is tried again once, a second later; after that each request tries.
        super().__init__(connection_class=WatchedConnection, reconnect_timeout=1, **options)

    def getconn(self, timeout: float | None = None) -> WatchedConnection:
        """A connection. Raises PoolTimeout; in a request also DatabaseAway, or why none could be made."""
        began, silence = time.monotonic(), longest_silence()
        ends = began + (self.timeout if timeout is None else timeout)
        while True:
            watch.refuse_request()
            try:
                found = super().getconn(max(0.001, min(TURN, ends - time.monotonic())))
            except PoolTimeout:
                if time.monotonic() >= ends:
                    raise
                if silence is not None:
                    self._look_around(began, silence)
                continue
            try:
                self.check_connection(found)
            except DatabaseAway:
                self.putconn(found)
                raise
            except Error:
                self.putconn(found)  # which finds it lost
                self.drain()  # of a server that has been restarted none lives
            else:
                return found

    def give_idle(self) -> WatchedConnection | None:
        """One that nobody uses, unchecked."""
        try:
            return super().getconn(TURN / 10)
        except PoolTimeout:
            return None

    def _look_around(self, began: float, silence: float) -> None:
        """For a request that waits since then; raise why no connection can be made, unless one comes back soon."""
        waited = time.monotonic() - began
        failure = WatchedConnection.failed
        has_failed = failure is not None and failure[0] >= began
        if has_failed or waited > silence * QUIET:
            watch.suspect()
        if failure and has_failed and waited > silence * PROBE:
            raise failure[1]


def probe() -> None:
    """Return if the database answers, by an idle connection, since there may be no room for another, or a new one.

    Raises psycopg.Error.
    """
    pool: Pool | None = connection.pool  # type: ignore[attr-defined]
    idle = pool.give_idle() if pool and not pool.closed else None
    if pool and idle:
        idle.longest = PATIENCE
        try:
            pool.check_connection(idle)
        except Error:
            idle.close()
        else:
            return
        finally:
            idle.longest = None
            pool.putconn(idle)
    options = connection.get_connection_params() | {"connect_timeout": str(PATIENCE), "autocommit": True}
    with WatchedConnection.connect(**options) as opened:
        opened.longest = PATIENCE
        opened.execute("SELECT 1")


def forget_connections() -> None:
    """Replace all that the pool has: a server that was away may have been restarted."""
    pool: Pool | None = connection.pool  # type: ignore[attr-defined]
    if pool and not pool.closed:
        pool.drain()


watch = Watch(probe, forget_connections)
