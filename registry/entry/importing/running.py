"""Running an import's job: a lock, and a thread that writes its progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from registry.background import repeated
from registry.choices import ImportState
from registry.models import ImportJob
from registry.models.isolation import own_transaction

JOB_LOCK = 7203  # with a part of the job's id; held by a connection of the worker's
PROGRESS_EVERY = 0.5  # seconds between two updates of the progress


@contextmanager
def hold_job(job_id: UUID) -> Iterator[bool]:
    """Whether this worker got the job's lock; it is released with its connection, however that ends."""
    key = [JOB_LOCK, int.from_bytes(job_id.bytes[:4], signed=True)]
    with own_transaction() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", key)
        yield cursor.fetchone()[0]


@contextmanager
def report_progress(job: ImportJob) -> Iterator[Callable[[str, int, int], None]]:
    """Write the latest of the steps that the job reports."""
    latest: list[tuple[str, int, int]] = []  # only the last entry is written
    written: list[tuple[str, int, int]] = []

    def write() -> None:
        if latest and latest[-1:] != written:
            written[:] = latest[-1:]
            [(stage, done, total)] = written
            running = ImportJob.objects.filter(pk=job.pk, state=ImportState.RUNNING)
            running.update(stage=stage, done=done, total=total)

    with repeated(write, every=PROGRESS_EVERY, name=f"progress of import {job.pk}"):
        yield lambda *step: latest.append(step)
