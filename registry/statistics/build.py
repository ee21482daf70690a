"""Building, proving and publishing a snapshot: all of it in one transaction, or nothing."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from registry.choices import DatePrecision
from registry.errors import Difference, FactsNotKept, NotPublished, ProofFailed
from registry.models import Publication, Revision, Snapshot
from registry.models.isolation import one_view
from registry.statistics.blocks import draw_blocks
from registry.statistics.code_lists import read_code_lists
from registry.statistics.current import announce_current
from registry.statistics.disclosure import read_threshold
from registry.statistics.facts import name_table, write_facts
from registry.statistics.map_document import build_map
from registry.statistics.verify import compare_facts, compare_with_records

PUBLISHING_LOCK = 7202


def publish(*, progress: Callable[[str], None] = lambda step: None) -> Snapshot | None:
    """Publish the records as they are now; None where the current snapshot says it all already.

    Two at once publish once: the second waits for the first and finds nothing to do. Raises
    ProofFailed, with the old snapshot still current.
    """
    with _publishing():
        snapshot = _build(progress)
        if snapshot:
            announce_current(snapshot)
    return snapshot


def is_behind() -> bool:
    """Whether the records, or the policy, have moved on since the current snapshot."""
    return _is_behind(Publication.objects.select_related("snapshot").get(), Revision.objects.get().number)


def _is_behind(publication: Publication, revision: int) -> bool:
    snapshot = publication.snapshot
    return publication.revision != revision or bool(snapshot and snapshot.disclosure != settings.DISCLOSURE)


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


def content_hash(document: dict) -> str:
    """sha256 of a document in its canonical spelling (sorted keys, no spaces, UTF-8)."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def snapshot_hash(snapshot: Snapshot) -> str:
    """The hash of all that a snapshot prints; equal to its stored hash, or it was tampered with."""
    return content_hash(
        {
            "number": snapshot.number,
            "built_at": snapshot.built_at.astimezone(UTC).isoformat(),
            "data_through": str(snapshot.written_through),
            "disclosure": snapshot.disclosure,
            "facts": snapshot.facts,
            "map": snapshot.map_document,
            "lists": snapshot.code_lists,
        }
        | ({} if snapshot.blocks is None else {"blocks": snapshot.blocks})
    )


@contextmanager
def _publishing() -> Iterator[None]:
    """One publisher at a time, held outside the transaction: a transaction that waited for its
    lock would see the records as they were before the wait.
    """
    with connection.cursor() as cursor:
        # However long the other takes: the limit on waiting is for people at a form.
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [PUBLISHING_LOCK])
        cursor.execute("RESET lock_timeout")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [PUBLISHING_LOCK])


def _build(progress: Callable[[str], None]) -> Snapshot | None:
    with one_view():
        revision = Revision.objects.get().number
        publication = Publication.objects.select_related("snapshot").get()
        if not _is_behind(publication, revision):
            return None
        snapshot = _make(progress)
        snapshot.save(force_insert=True)
        publication.snapshot, publication.revision = snapshot, revision
        publication.save(update_fields=["snapshot", "revision"])
    return snapshot


def _make(progress: Callable[[str], None]) -> Snapshot:
    """Facts and documents of the next snapshot, proven; raises ProofFailed."""
    number = (Snapshot.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    progress("facts")
    facts = write_facts(number)
    progress("counts")
    lists = read_code_lists()
    document = build_map(number, lists)
    progress("proof")
    differences = compare_with_records(document)
    if differences:
        raise ProofFailed(differences)
    threshold = read_threshold()
    through, precision = _data_through(number)
    snapshot = Snapshot(
        number=number,
        built_at=timezone.now().replace(microsecond=0),
        data_through=through,
        data_through_precision=precision,
        disclosure=settings.DISCLOSURE,
        map_document=document,
        code_lists=lists,
        facts=facts,
        blocks=None if threshold is None else draw_blocks(number, threshold),
    )
    snapshot.hash = snapshot_hash(snapshot)
    return snapshot


def _data_through(snapshot: int) -> tuple[date | None, str]:
    """When the latest infusion was, and how well that is known; of two on one day the better known."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT infused_on, date_precision FROM {name_table(snapshot)} "
            "ORDER BY infused_on DESC, array_position(%s, date_precision) LIMIT 1",
            [DatePrecision.values],
        )
        return cursor.fetchone() or (None, "")
