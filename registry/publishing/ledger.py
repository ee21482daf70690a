"""The ledger: claiming a run, its heartbeat and its outcome."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from django.utils import timezone

from registry.background import repeated
from registry.choices import FAILURES, Outcome, Sign, Task
from registry.errors import HistoryAltered, ProofFailed
from registry.models import LastSeen, Revision, Run
from registry.publishing.alarm import send_alarm
from swecar.counts import count

HEARTBEAT_SECONDS = 5
SIGNS = {
    Task.PUBLISH: Sign.PUBLISH,
    Task.VERIFY: Sign.VERIFY,
    Task.VERIFY_HISTORY: Sign.VERIFY_HISTORY,
    Task.PRUNE: Sign.PRUNE,
}
RECOUNTED = {(Task.PUBLISH, Outcome.PUBLISHED), (Task.PUBLISH, Outcome.HELD), (Task.VERIFY, Outcome.DONE)}
logger = logging.getLogger(__name__)


@contextmanager
def recorded(task: str) -> Iterator[Run]:
    """Record a run of a task, from claim to outcome, with a heartbeat while it works."""
    close_dead_runs()
    run = _claim(task)
    try:
        with _heartbeat(run):
            yield run
    except ProofFailed as failure:
        run.outcome, run.message = Outcome.PROOF_FAILED, str(failure)
        logger.error("%s: the numbers differ from a recount:\n%s", task, failure)
        count("proofs", "differed")
        send_alarm(f"{task}: the numbers differ", str(failure))
        raise
    except HistoryAltered as failure:
        run.outcome, run.message = Outcome.ALTERED, str(failure)
        logger.error("%s: history or access log were altered:\n%s", task, failure)
        send_alarm(f"{task}: history or access log were altered", str(failure))
        raise
    except Exception as fault:
        # Only the class: the message of a database error may quote values.
        run.outcome, run.message = Outcome.FAILED, type(fault).__name__
        raise
    finally:
        run.finished_at = timezone.now()
        run.outcome = run.outcome or Outcome.FAILED
        run.save(update_fields=["finished_at", "outcome", "message", "rows", "snapshot"])
        if (task, run.outcome) in RECOUNTED:
            count("proofs", "agreed")
        if run.outcome not in FAILURES:
            LastSeen.objects.see(SIGNS[Task(task)])


def is_waiting(task: str) -> bool:
    return Run.objects.filter(task=task, started_at=None).exists()


def _claim(task: str) -> Run:
    """The queued run, unless another process takes it first; else a new one."""
    now = timezone.now()
    begun = {"started_at": now, "heartbeat_at": now, "revision": Revision.objects.get().number}
    waiting = Run.objects.filter(task=task, started_at=None).first()
    if waiting and Run.objects.filter(pk=waiting.pk, started_at=None).update(**begun) == 1:
        waiting.refresh_from_db()
        return waiting
    return Run.objects.create(task=task, queued_at=now, **begun)


def close_dead_runs() -> None:
    now = timezone.now()
    Run.objects.silent().update(finished_at=now, outcome=Outcome.LOST)


def _heartbeat(run: Run) -> AbstractContextManager[None]:
    def beat() -> None:
        Run.objects.filter(pk=run.pk, finished_at=None).update(heartbeat_at=timezone.now())

    return repeated(beat, every=HEARTBEAT_SECONDS, name=f"heartbeat of run {run.pk}")
