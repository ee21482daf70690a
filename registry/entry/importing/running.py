"""Running an import's job: a session lock, and a thread that writes its progress."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import DatabaseError, connection

from registry.choices import ImportState
from registry.models import ImportJob

JOB_LOCK = 7203  # with a part of the job's id; held by the worker's database session
PROGRESS_EVERY = 0.5  # seconds between two updates of the progress

logger = logging.getLogger(__name__)


@contextmanager
def hold_job(job_id: UUID) -> Iterator[bool]:
    """Whether this session got the job's lock; it is released with the session, however that ends."""
    key = [JOB_LOCK, int.from_bytes(job_id.bytes[:4], signed=True)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        held = cursor.fetchone()[0]
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


@contextmanager
def report_progress(job: ImportJob) -> Iterator[Callable[[str, int, int], None]]:
    """Write progress from a thread with its own connection, since the work is inside a transaction."""
    latest: list[tuple[str, int, int]] = []  # only the last entry is written
    ended = threading.Event()

    def write() -> None:
        written = None
        try:
            while not ended.wait(PROGRESS_EVERY):
                if latest and latest[-1] != written:
                    written = stage, done, total = latest[-1]
                    running = ImportJob.objects.filter(pk=job.pk, state=ImportState.RUNNING)
                    running.update(stage=stage, done=done, total=total)
        except DatabaseError:
            logger.warning("The progress of import %s is no longer updated.", job.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=write, name=f"import-{job.pk}", daemon=True)
    thread.start()
    try:
        yield lambda *step: latest.append(step)
    finally:
        ended.set()
        thread.join()
