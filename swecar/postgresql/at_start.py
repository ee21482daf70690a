"""What a process asks its database before it begins, and forks."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connection


@contextmanager
def asking_at_start() -> Iterator[None]:
    """A question on which a process may end; where nobody answers, each request and each change asks it again."""
    try:
        with suppress(DatabaseError):
            yield
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # its threads would not survive the fork
