"""Comparing the current snapshot with a recount of the records, and its documents with their hash."""

from dataclasses import dataclass

from django.utils import timezone

from registry.errors import Difference, NotPublished
from registry.models import Publication, Revision
from registry.models.isolation import one_view
from registry.published.current_snapshot import retry_if_replaced
from registry.publishing.facts_check import compare_facts
from registry.publishing.hashing import snapshot_hash
from registry.publishing.recount import compare_with_records
from registry.publishing.trial_recount import prove_atmp


@dataclass(frozen=True)
class Verification:
    """How the current snapshot compares with a recount.

    behind: the records have changed since. tampered: its documents no longer have their published hash.
    """

    number: int
    differences: list[Difference]
    behind: bool
    tampered: bool


def verify() -> Verification:
    """Recount the current snapshot and its facts from the records, and check its hash.

    Raises NotPublished.
    """
    return retry_if_replaced(_verify)


def _verify() -> Verification:
    with one_view():
        publication = Publication.objects.select_related("snapshot").get()
        snapshot = publication.snapshot
        if snapshot is None:
            raise NotPublished
        differences = compare_with_records(snapshot.map_document) + compare_facts(snapshot.number)
        if snapshot.atmp is not None:
            differences += prove_atmp(snapshot.atmp, snapshot.code_lists, timezone.localdate(snapshot.built_at))
        behind = Revision.objects.get().number != publication.revision
    expected = snapshot_hash(snapshot)
    if expected != snapshot.hash:
        differences.append(Difference("snapshot", "hash", snapshot.hash, expected))
    return Verification(snapshot.number, differences, behind, tampered=expected != snapshot.hash)
