"""Publishing, verification and pruning as runs of the ledger."""

from collections.abc import Callable

from django.utils import timezone

from registry.choices import Outcome, Task
from registry.dates import today
from registry.errors import HistoryAltered, ProofFailed
from registry.models import Revision, Run
from registry.published.disclosure import read_threshold
from registry.publishing.batches import HeldBack, is_publication_day
from registry.publishing.history_proof import prove_history
from registry.publishing.ledger import close_dead_runs, is_waiting, recorded
from registry.publishing.old_facts import prune_facts
from registry.publishing.publish import is_behind, is_in_batches, publish
from registry.publishing.verification import verify
from registry.purpose import read_purpose, refuse_other_purpose


def run_publication(*, progress: Callable[[str], None] = lambda step: None) -> Run | None:
    """Publish, with a line in the ledger; None if no run is queued and nothing has changed.

    Raises WrongPurpose; and ProofFailed, which is also logged, stored in the ledger and mailed to administrators.
    """
    refuse_other_purpose(read_purpose())
    if not is_waiting(Task.PUBLISH) and not is_behind():
        return None
    with recorded(Task.PUBLISH) as run:
        try:
            snapshot = publish(progress=progress)
        except HeldBack as held:
            run.outcome, run.message = Outcome.HELD, str(held)
        else:
            run.outcome = Outcome.PUBLISHED if snapshot else Outcome.UNCHANGED
            run.snapshot = snapshot
            run.rows = snapshot.facts if snapshot else None
    prune_facts()  # after the run has ended, since readers do not wait for it
    return run


def run_sweep() -> Run | None:
    """Publish what a lost message or a dead worker has left undone.

    After a failed recount nothing is published until the records change or a run is queued. Under a threshold
    it is built once a day, after midnight: a snapshot's time shall not tell when a record was entered.
    """
    close_dead_runs()
    last = Run.objects.filter(task=Task.PUBLISH).exclude(finished_at=None).first()
    if not is_waiting(Task.PUBLISH) and last and not _is_due(last):
        return None
    return run_publication()


def _is_due(last: Run) -> bool:
    """Whether to build again after the last run that has ended."""
    is_same = last.revision == Revision.objects.get().number
    if last.outcome == Outcome.PROOF_FAILED and is_same:
        return False
    if read_threshold() is None or (last.outcome != Outcome.HELD and not is_in_batches()):
        return True
    is_of_today = last.started_at is not None and timezone.localdate(last.started_at) == today()
    is_held = last.outcome == Outcome.HELD and is_same and not is_publication_day()
    return not is_of_today and not is_held


def run_verification() -> Run:
    """Recount the current snapshot. Raises ProofFailed where it differs, as publishing does."""
    with recorded(Task.VERIFY) as run:
        result = verify()
        if result.tampered or (result.differences and not result.behind):
            raise ProofFailed(result.differences)
        run.outcome = Outcome.DONE
        run.message = "The records have changed since the snapshot." if result.behind else ""
    return run


def run_history_proof() -> Run:
    """Recompute the chains of history and access log. Raises HistoryAltered, and tells the administrators."""
    with recorded(Task.VERIFY_HISTORY) as run:
        proof = prove_history()
        if proof.findings:
            raise HistoryAltered(proof.findings)
        run.rows = sum(chain.rows for chain in proof.chains)
        run.outcome = Outcome.DONE
    return run


def run_pruning() -> Run:
    """Delete the facts of old snapshots."""
    with recorded(Task.PRUNE) as run:
        run.rows = prune_facts()
        run.outcome = Outcome.DONE
    return run
