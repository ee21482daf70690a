"""What is written while the work is inside a transaction: from a thread, whose connection is its own."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

logger = logging.getLogger(__name__)


@contextmanager
def repeated(write: Callable[[], object], *, every: float, name: str) -> Iterator[None]:
    """Call write every so many seconds while the block runs; without the database it stops, with a warning."""
    ended = threading.Event()

    def repeat() -> None:
        try:
            while not ended.wait(every):
                write()
        except DatabaseError:
            logger.warning("The %s is no longer written.", name)
        finally:
            connection.close()

    thread = threading.Thread(target=repeat, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
