"""Statements that are sent together: one whose answer nobody waits for goes with the next one.

Each statement of a message sees what was committed before itself, as if it had been sent alone: a lock goes ahead
of what is read under it. The server answers them in their order, and leaves out those behind one that fails.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from psycopg import ClientCursor, Connection

BETWEEN = ";\n"  # two statements of one message


@dataclass(eq=False)
class Waiting:
    """A statement that is sent with the next one of its connection, at the latest when its rows are asked for."""

    connection: Any  # DatabaseWrapper
    statement: str
    parameters: Sequence[Any] | None
    is_asked: bool  # whether it has rows
    found: list[Any] | None = field(default=None, init=False)

    @property
    def rows(self) -> list[Any]:
        """Its rows."""
        if self.found is None:
            self.connection.send_waiting()
        if self.found is None:
            raise RuntimeError("The statement was taken back with its savepoint or transaction.")
        return self.found

    @property
    def row(self) -> Any:
        """Its one row."""
        [row] = self.rows
        return row

    def send(self, cursor: Any) -> None:
        """Send it, with what waits before it."""
        cursor.execute(self.statement, self.parameters)
        self.take_rows(cursor)

    def take_rows(self, cursor: Any) -> None:
        """Take its rows from a cursor that has them."""
        self.found = cursor.fetchall() if self.is_asked else []


class SentTogether(Connection[Any]):
    """A connection on which statements may wait for the next one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.waiting: list[Waiting] = []

    def send_waiting(self) -> None:
        """Send now what waits."""
        if self.waiting:
            last = self.waiting.pop()
            with self.cursor() as cursor:
                last.send(cursor)

    def commit(self) -> None:
        """Send what waits, and commit."""
        self.send_waiting()
        super().commit()

    def rollback(self) -> None:
        """Forget what waits, and roll back."""
        self.waiting.clear()
        super().rollback()


class Cursor(ClientCursor[Any]):
    """Sends what waits before its own statement, in one message."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """As the driver's."""
        waiting: list[Waiting] = self.connection.waiting  # type: ignore[attr-defined]
        if not waiting:
            return super().execute(query, params, **options)
        sent, waiting[:] = list(waiting), []
        statements = [self.mogrify(one.statement, one.parameters) for one in sent]
        super().execute(BETWEEN.join([*statements, self.mogrify(query, params)]), **options)
        for one in sent:
            one.take_rows(self)
            self.nextset()
        return self

    def executemany(self, *arguments: Any, **options: Any) -> None:
        """As the driver's."""
        self.connection.send_waiting()  # type: ignore[attr-defined]
        super().executemany(*arguments, **options)

    def copy(self, *arguments: Any, **options: Any) -> Any:
        """As the driver's."""
        self.connection.send_waiting()  # type: ignore[attr-defined]
        return super().copy(*arguments, **options)


def send_later(statement: str, parameters: Sequence[Any] | None = None, *, is_asked: bool = False) -> Waiting:
    """Send a statement with the next one, where somebody acts; is_asked: whether it has rows."""
    return connection.send_later(statement, parameters, is_asked=is_asked)  # type: ignore[attr-defined]
