"""The ledger of runs: what was queued, what works on it, how it ended, and what died."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.mail import mail_admins
from django.db import DatabaseError, connection
from django.utils import timezone

from registry.choices import Outcome, Task
from registry.errors import ProofFailed
from registry.models import Revision, Run
from registry.publishing.build import is_behind, publish
from registry.publishing.facts import prune_facts
from registry.publishing.verification import verify

HEARTBEAT_SECONDS = 5

logger = logging.getLogger(__name__)


def run_publication(*, progress: Callable[[str], None] = lambda step: None) -> Run | None:
    """Publish, with a line in the ledger; None where nobody asked and nothing has changed.

    A failed proof ends in the ledger, in the log and with the administrators; it is raised too.
    """
    if not _is_waiting(Task.PUBLISH) and not is_behind():
        return None
    with _recorded(Task.PUBLISH) as run:
        snapshot = publish(progress=progress)
        run.outcome = Outcome.PUBLISHED if snapshot else Outcome.UNCHANGED
        run.snapshot = snapshot
        run.rows = snapshot.facts if snapshot else None
    prune_facts()  # after the run has ended: readers have the new snapshot already
    return run


def run_sweep() -> Run | None:
    """Publish what a lost message or a dead worker has left behind.

    A proof that failed is not tried again until the records have changed or someone asks.
    """
    _bury_the_silent()
    last = Run.objects.filter(task=Task.PUBLISH).exclude(finished_at=None).first()
    failed = last and last.outcome == Outcome.PROOF_FAILED and last.revision == Revision.objects.get().number
    if failed and not _is_waiting(Task.PUBLISH):
        return None
    return run_publication()


def run_verification() -> Run:
    """Recount the current snapshot; a difference is told like a failed proof."""
    with _recorded(Task.VERIFY) as run:
        result = verify()
        if result.tampered or (result.differences and not result.behind):
            raise ProofFailed(result.differences)
        run.outcome = Outcome.DONE
        run.message = "The records have moved on since the snapshot." if result.behind else ""
    return run


def run_pruning() -> Run:
    """Delete the facts of old snapshots."""
    with _recorded(Task.PRUNE) as run:
        run.rows = prune_facts()
        run.outcome = Outcome.DONE
    return run


@contextmanager
def _recorded(task: str) -> Iterator[Run]:
    """A run of a task from its claim to its outcome, with a heartbeat between."""
    _bury_the_silent()
    run = _claim(task)
    try:
        with _heartbeat(run):
            yield run
    except ProofFailed as failure:
        run.outcome, run.message = Outcome.PROOF_FAILED, str(failure)
        logger.error("%s: the numbers differ from a recount:\n%s", task, failure)
        mail_admins(f"swecar: {task}: the numbers differ", str(failure), fail_silently=True)
        raise
    except Exception as fault:
        # The class alone: a text of the database may quote values.
        run.outcome, run.message = Outcome.FAILED, type(fault).__name__
        raise
    finally:
        run.finished_at = timezone.now()
        run.outcome = run.outcome or Outcome.FAILED
        run.save(update_fields=["finished_at", "outcome", "message", "rows", "snapshot"])


def _is_waiting(task: str) -> bool:
    return Run.objects.filter(task=task, started_at=None).exists()


def _claim(task: str) -> Run:
    """The waiting run, if this process is the one that takes it; else a run of its own."""
    now = timezone.now()
    begun = {"started_at": now, "heartbeat_at": now, "revision": Revision.objects.get().number}
    waiting = Run.objects.filter(task=task, started_at=None).first()
    if waiting and Run.objects.filter(pk=waiting.pk, started_at=None).update(**begun) == 1:
        waiting.refresh_from_db()
        return waiting
    return Run.objects.create(task=task, queued_at=now, **begun)


def _bury_the_silent() -> None:
    now = timezone.now()
    Run.objects.silent().update(finished_at=now, outcome=Outcome.LOST)


@contextmanager
def _heartbeat(run: Run) -> Iterator[None]:
    """Sign of life from a thread with a connection of its own: the work sits in a transaction."""
    done = threading.Event()

    def beat() -> None:
        try:
            while not done.wait(HEARTBEAT_SECONDS):
                Run.objects.filter(pk=run.pk, finished_at=None).update(heartbeat_at=timezone.now())
        except DatabaseError:
            logger.warning("The heartbeat of run %s has stopped.", run.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat-{run.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
