"""Publishing a snapshot of the records, in one transaction."""

from collections.abc import Callable

from django.conf import settings
from django.db.models import Max

from registry.models import HistoryHeads, Publication, Revision, Snapshot
from registry.models.isolation import one_view
from registry.published.current_snapshot import announce_current
from registry.published.disclosure import read_threshold
from registry.publishing.epochs import next_number, read_lineage
from registry.publishing.facts import has_every_dimension
from registry.publishing.history_proof import hash_heads, read_heads
from registry.publishing.new_snapshot import make_snapshot
from registry.purpose import read_purpose, refuse_other_purpose

LOCKED = Publication._meta.db_table  # by one publisher at a time


def publish(*, progress: Callable[[str], None] = lambda step: None) -> Snapshot | None:
    """Publish the records as they are now; None if the current snapshot is up to date, and made by this release.

    Concurrent calls publish once: the second waits and finds nothing to do. Raises ProofFailed if the recount
    does not agree; the old snapshot then stays current, as it does where HeldBack is raised: nothing of the new
    one is stored, not even its number. Raises WrongPurpose.
    """
    snapshot = _build(progress)
    if snapshot:
        announce_current(snapshot)
    return snapshot


def is_behind() -> bool:
    """Whether the records or the disclosure policy have changed since the current snapshot."""
    return _is_behind(Publication.objects.select_related("snapshot").get(), Revision.objects.get().number)


def is_in_batches() -> bool:
    """Whether changes are published together, by the policy that what is public was made under too."""
    if read_threshold() is None:
        return False
    return Publication.objects.filter(snapshot__disclosure=settings.DISCLOSURE).exists()


def _is_behind(publication: Publication, revision: int) -> bool:
    snapshot = publication.snapshot
    return publication.revision != revision or bool(snapshot and snapshot.disclosure != settings.DISCLOSURE)


def _build(progress: Callable[[str], None]) -> Snapshot | None:
    with one_view(lock=LOCKED):
        refuse_other_purpose(read_purpose())  # in the view that the records are read in
        revision = Revision.objects.get().number
        publication = Publication.objects.select_related("snapshot").get()
        current = publication.snapshot
        if not _is_behind(publication, revision) and (current is None or _has_everything(current)):
            return None
        heads, lineage = read_heads(), read_lineage()
        number = next_number(_last_number(), made_in=publication.lineage, lineage=lineage)
        snapshot = make_snapshot(number, progress, history_head=hash_heads(heads))
        snapshot.save(force_insert=True)
        HistoryHeads.objects.create(snapshot=snapshot, heads=heads)
        publication.snapshot, publication.revision, publication.lineage = snapshot, revision, lineage
        publication.save(update_fields=["snapshot", "revision", "lineage"])
    return snapshot


def _last_number() -> int:
    return Snapshot.objects.aggregate(last=Max("number"))["last"] or 0


def _has_everything(snapshot: Snapshot) -> bool:
    """Whether a snapshot holds all that this release publishes; one of the release before may not."""
    return snapshot.atmp is not None and has_every_dimension(snapshot.number)
