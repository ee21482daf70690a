"""Building, proving and publishing a snapshot: all of it in one transaction, or nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from registry.choices import DatePrecision
from registry.errors import ProofFailed
from registry.models import Publication, Revision, Snapshot
from registry.models.isolation import one_view
from registry.published.current_snapshot import announce_current
from registry.published.disclosure import read_threshold
from registry.published.disclosure_blocks import draw_blocks
from registry.published.facts import name_table
from registry.published.map_document import build_map
from registry.publishing.code_lists import read_code_lists
from registry.publishing.facts import write_facts
from registry.publishing.hashing import snapshot_hash
from registry.publishing.recount import compare_with_records

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
