"""Transactions that see one state of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from swecar.postgresql.limits import session_settings

LONGEST = "5min"
HUNG = "30s"  # without a statement: the process hangs, whose connection may live on


@contextmanager
def one_view(*, lock: str = "") -> Iterator[None]:
    """A REPEATABLE READ transaction; inside a caller's transaction, the caller's isolation stays.

    lock: a table that one transaction at a time may lock so. LOCK TABLE comes before the view is taken, so that
    it shows what the one before has committed; it may wait for LONGEST, since lock_timeout is for people at forms.
    Whoever holds it and says nothing for HUNG loses it, with the transaction.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            if outermost:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            if lock:
                cursor.execute("SET LOCAL lock_timeout = %s", [LONGEST])
                cursor.execute(f"LOCK TABLE {lock} IN SHARE ROW EXCLUSIVE MODE")
                keep_session_settings(cursor)  # a SELECT, which takes the view
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = %s", [HUNG])
        yield


@contextmanager
def own_transaction(*, view: str = "", idle: str = "0") -> Iterator[CursorWrapper]:
    """A transaction on a connection of its own, as for a lock that is to last over several of the caller's.

    A lock of a session would be left behind where a pooler gives each transaction another session. view: what
    export_view gave; the transaction sees that and writes nothing. idle: how long PostgreSQL lets it wait for its
    next statement; without end if not said.
    """
    alone = unpooled()
    try:
        with alone.cursor() as cursor:
            cursor.execute("BEGIN")
            if view:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute("SET TRANSACTION SNAPSHOT %s", [view])
            keep_session_settings(cursor)
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = %s", [idle])
            yield cursor
    finally:
        alone.close()


def export_view() -> str | None:
    """What this transaction sees, for own_transaction, as long as this one lasts; None from inside a savepoint."""
    if connection.savepoint_ids:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        view: str = cursor.fetchone()[0]
        return view


def unpooled() -> BaseDatabaseWrapper:
    """Another connection to the database, outside the pool."""
    alone = connection.copy()
    options = {name: value for name, value in alone.settings_dict["OPTIONS"].items() if name != "pool"}
    alone.settings_dict["OPTIONS"] = {"connect_timeout": 5} | options
    return alone


def keep_session_settings(cursor: CursorWrapper) -> None:
    """Set what the session was given for this transaction: behind a pooler it may be another session."""
    for name, value in session_settings().items():
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def require_own_session() -> None:
    """Raise ImproperlyConfigured if a pooler gives this connection's session to others between transactions.

    What is kept in a session, as an import's temporary tables are, would then reach another import.
    """
    with connection.cursor() as cursor:
        told = cursor.connection.info.backend_pid  # PgBouncer tells one of its own making
        for _attempt in range(3):  # another client may come between
            cursor.execute("SELECT pg_backend_pid()")
            session = cursor.fetchone()[0]
            if session == told:
                return
            with own_transaction() as other:
                other.execute("SELECT pg_backend_pid()")
                if other.fetchone()[0] == session:
                    raise ImproperlyConfigured(
                        "An import keeps its rows in its session, and the pooler in DATABASE_URL shares sessions. "
                        "Give the worker and the commands the address of PostgreSQL or of a pool in session mode."
                    )
