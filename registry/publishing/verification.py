"""The current snapshot beside a second count of the records, and its documents beside their hash."""

from dataclasses import dataclass

from registry.errors import Difference, FactsNotKept, NotPublished
from registry.models import Publication, Revision
from registry.models.isolation import one_view
from registry.publishing.hashing import snapshot_hash
from registry.publishing.recount import compare_facts, compare_with_records


@dataclass(frozen=True)
class Verification:
    """The current snapshot beside a recount; behind where the records have moved on since.

    tampered: its documents do not have the hash that they were published with.
    """

    number: int
    differences: list[Difference]
    behind: bool
    tampered: bool


def verify() -> Verification:
    """Recount the current snapshot from the records, its facts too, and check its hash.

    Raises NotPublished.
    """
    try:
        return _verify()
    except FactsNotKept:  # another was published meanwhile, and is the current one
        return _verify()


def _verify() -> Verification:
    with one_view():
        publication = Publication.objects.select_related("snapshot").get()
        snapshot = publication.snapshot
        if snapshot is None:
            raise NotPublished
        differences = compare_with_records(snapshot.map_document) + compare_facts(snapshot.number)
        behind = Revision.objects.get().number != publication.revision
    expected = snapshot_hash(snapshot)
    if expected != snapshot.hash:
        differences.append(Difference("snapshot", "hash", snapshot.hash, expected))
    return Verification(snapshot.number, differences, behind, tampered=expected != snapshot.hash)
