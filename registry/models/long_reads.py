"""Reading more rows than memory should hold, while a client takes them."""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from itertools import count
from time import monotonic

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

from registry.access import Actor, reading_as, say_to
from registry.models.isolation import own_transaction

ROWS_AT_ONCE = 2_000
STALLED = "60s"  # without a fetch, since the client takes nothing: PostgreSQL ends the transaction
LONGEST = 600  # seconds, for a client that takes little
_numbers = count()


def read_batches(rows: QuerySet, *, by: Actor) -> Generator[list[tuple]]:
    """The rows of a `values_list`, ROWS_AT_ONCE at a time, as one statement sees them.

    The connection of this thread stays free to write and commit; the other is closed with the generator. Raises
    TimeoutError after LONGEST.
    """
    try:
        sql, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return
    name, ends = f"rows_{next(_numbers)}", monotonic() + LONGEST
    with _another_transaction(by) as (cursor, seeing):
        with seeing():
            cursor.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {sql}", parameters)
        more = True
        while more:
            with seeing():
                cursor.execute(f"FETCH {ROWS_AT_ONCE} FROM {name}")
            if batch := cursor.fetchall():
                yield batch
            more = len(batch) == ROWS_AT_ONCE
            if more and monotonic() > ends:
                raise TimeoutError(f"The rows were not all taken within {LONGEST} seconds.")


@contextmanager
def _another_transaction(by: Actor) -> Iterator[tuple[CursorWrapper, Callable[[], AbstractContextManager]]]:
    """On another connection; inside a transaction the caller's own, which alone sees what it has changed.

    With what each statement has to stand in, to see what the actor may.
    """
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            yield cursor, partial(reading_as, by)
    else:
        with own_transaction(idle=STALLED) as cursor:
            say_to(cursor, by)
            yield cursor, nullcontext
