"""Publishing, verification and pruning as runs of the ledger."""

from collections.abc import Callable

from registry.choices import Outcome, Task
from registry.errors import HistoryAltered, ProofFailed
from registry.models import Revision, Run
from registry.publishing.history_proof import prove_history
from registry.publishing.ledger import close_dead_runs, is_waiting, recorded
from registry.publishing.old_facts import prune_facts
from registry.publishing.publish import is_behind, publish
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
        snapshot = publish(progress=progress)
        run.outcome = Outcome.PUBLISHED if snapshot else Outcome.UNCHANGED
        run.snapshot = snapshot
        run.rows = snapshot.facts if snapshot else None
    prune_facts()  # after the run has ended, since readers do not wait for it
    return run


def run_sweep() -> Run | None:
    """Publish what a lost message or a dead worker has left undone.

    After a failed recount nothing is published until the records change or a run is queued.
    """
    close_dead_runs()
    last = Run.objects.filter(task=Task.PUBLISH).exclude(finished_at=None).first()
    failed = last and last.outcome == Outcome.PROOF_FAILED and last.revision == Revision.objects.get().number
    if failed and not is_waiting(Task.PUBLISH):
        return None
    return run_publication()


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
