"""The backend: Django's, without what a pooler refuses or leaves behind on another client's session."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from django.db.backends.postgresql.schema import DatabaseSchemaEditor

from swecar.postgresql.limits import session_settings
from swecar.postgresql.pool import Pool, WatchedConnection, watch
from swecar.postgresql.together import Cursor, Waiting


class Said(NamedTuple):
    """What the current transaction's settings say (registry.access.acting_as). mark: the transaction's."""

    actor: Any = None
    reason: str = ""
    purpose: str = ""
    context: Any = None
    mark: str = ""
    transaction: Any = None  # Django's outermost block, without which the rest is of another transaction

    def words(self) -> list[str]:
        """The values of actor, reason, purpose and context."""
        if self.actor is None:
            return ["", "", "", ""]
        return [self.actor.username, self.reason, self.purpose, self.context.sign(self.mark)]


SET = "SELECT set_config(%s, %s, false)"
# The driver, whose connections are ours.
DRIVER = SimpleNamespace(**vars(psycopg) | {"connect": WatchedConnection.connect})


class SchemaEditor(DatabaseSchemaEditor):
    """A migration waits for its locks no longer than those bear who come behind it."""

    def __enter__(self):
        """Begin, with a limit of its own."""
        super().__enter__()
        self._wait_for(settings.DATABASE_LIMITS["migrate"])
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        """End; where there was no transaction the session has its own limit again."""
        if not self.atomic_migration and not self.connection.in_atomic_block:
            self._wait_for(session_settings())
        super().__exit__(exc_type, exc_value, traceback)

    def _wait_for(self, limits: Mapping[str, str]) -> None:
        if not self.collect_sql and "lock_timeout" in limits:
            with self.connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, %s)", [limits["lock_timeout"], self.atomic_migration]
                )


class DatabaseWrapper(base.DatabaseWrapper):
    """Settings of the session are set by statements, and a server-side cursor never outlives its transaction.

    In a request nothing waits for a database that is away (swecar.postgresql.watch).
    """

    Database: Any = DRIVER
    SchemaEditorClass = SchemaEditor
    said = Said()
    is_reached = False  # whether the present request has had a connection, so that something may be stored

    @property
    def pool(self) -> Pool | None:
        """Django's, of the class of ours."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        pools: dict[str, Pool] = self._connection_pools  # type: ignore[attr-defined]
        if self.alias not in pools:
            if self.settings_dict.get("CONN_MAX_AGE", 0) != 0:
                raise ImproperlyConfigured("A pool has no place for connections that persist: CONN_MAX_AGE is 0.")
            made = self.get_connection_params() | {"autocommit": True}  # Django sets it as it wants it
            pools.setdefault(
                self.alias, Pool(kwargs=made, open=False, configure=self._configure_connection, **options)
            )
        return pools[self.alias]

    def get_connection_params(self):
        """Django's, with a cursor of ours."""
        return super().get_connection_params() | {"cursor_factory": Cursor}

    def send_later(
        self, statement: str, parameters: Sequence[Any] | None = None, *, is_asked: bool = False
    ) -> Waiting:
        """Send a statement with the next one where somebody acts; else at once. is_asked: whether it has rows.

        For what cannot be refused, or is refused as the transaction is: an error comes with the next statement.
        """
        one = Waiting(self, statement, parameters, is_asked)
        if self.in_atomic_block and self.said.actor is not None:
            self.connection.waiting.append(one)
        else:
            with self.cursor() as cursor:
                one.send(cursor)
        return one

    def send_waiting(self) -> None:
        """Send now what waits for the next statement."""
        if self.connection.waiting:
            last = self.connection.waiting.pop()
            with self.cursor() as cursor:
                last.send(cursor)

    def _savepoint(self, sid):
        self.send_later(self.ops.savepoint_create_sql(sid))

    def _savepoint_commit(self, sid):
        waiting = self.connection.waiting
        if waiting and waiting[-1].statement == self.ops.savepoint_create_sql(sid):
            waiting.pop()
        else:
            self.send_later(self.ops.savepoint_commit_sql(sid))

    def _savepoint_rollback(self, sid):
        waits = [one.statement for one in self.connection.waiting]
        begin = self.ops.savepoint_create_sql(sid)
        if begin in waits:
            del self.connection.waiting[waits.index(begin) + 1 :]
        else:
            self.connection.waiting.clear()
            super()._savepoint_rollback(sid)  # type: ignore[misc]

    def get_new_connection(self, conn_params):
        """One that lives and has the limits of what it is for. Raises DatabaseAway."""
        watch.refuse_request()
        opened = super().get_new_connection(conn_params)
        self.is_reached = True
        if not opened.autocommit:  # it came back out of a transaction: what is set on it now would begin another
            opened.autocommit = True
        if opened.limits is not None:
            self._limit(opened)  # of a pool: what it had before may have been another kind of request
        return opened

    def _configure_connection(self, connection) -> bool:  # for the pool and without it
        """Set the session's settings on a new connection: as a startup option PgBouncer refuses them."""
        super()._configure_connection(connection)  # type: ignore[misc]
        self._limit(connection)
        return True  # commit

    def _limit(self, opened: WatchedConnection) -> None:
        wanted = session_settings()
        if opened.limits == wanted:
            return
        had = opened.limits or {}
        with opened.cursor() as cursor:
            for name, value in wanted.items():
                if had.get(name) != value:
                    cursor.execute(SET, [name, value])
        opened.limits = wanted

    def chunked_cursor(self):
        """A server-side cursor within a transaction; else a usual one, since the next fetch may reach another."""
        if self.in_atomic_block:
            self.send_waiting()
        return super().chunked_cursor() if self.in_atomic_block else self.cursor()
