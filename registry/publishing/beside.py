"""Work beside a transaction and not after it: on a connection of its own that sees the same."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection
from django.db.backends.utils import CursorWrapper

from registry.models.isolation import export_view, own_transaction

Found = TypeVar("Found")
AWAKE = 5  # seconds


@contextmanager
def begin_beside(work: Callable[[CursorWrapper], Found], *, worth_it: bool) -> Iterator[Callable[[], Found]]:
    """Begin work; what is yielded waits for its result. worth_it: else it is done when the result is asked for.

    So it is too inside a savepoint, since what the transaction has written is seen by nobody else.
    """
    view = export_view() if worth_it else None
    if view is None:
        yield lambda: _do_here(work)
        return

    def do_there() -> Found:
        with own_transaction(view=view) as cursor:
            return work(cursor)

    with ThreadPoolExecutor(max_workers=1) as thread:
        found = thread.submit(do_there)

        def wait_for_it() -> Found:
            while not wait([found], timeout=AWAKE).done:
                _do_here(lambda cursor: cursor.execute("SELECT 1"))  # this transaction is at work (isolation.HUNG)
            return found.result()

        yield wait_for_it


def _do_here(work: Callable[[CursorWrapper], Found]) -> Found:
    with connection.cursor() as cursor:
        return work(cursor)
