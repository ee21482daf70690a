"""Making the next snapshot: facts, documents, recount and hash."""

from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.db import connection
from django.utils import timezone

from registry.choices import DatePrecision
from registry.errors import ProofFailed
from registry.models import Snapshot
from registry.published.disclosure import read_threshold
from registry.published.facts import name_table
from registry.published.map_document import build_map
from registry.publishing.atmp import read_atmp
from registry.publishing.batches import choose_blocks
from registry.publishing.beside import begin_beside
from registry.publishing.code_lists import read_code_lists
from registry.publishing.facts import write_facts
from registry.publishing.hashing import snapshot_hash
from registry.publishing.recount import compare, recount
from registry.publishing.trial_recount import prove_atmp

RECOUNTED_BESIDE = 20_000  # infusions, from which on a second connection is worth its while


def make_snapshot(number: int, progress: Callable[[str], None], *, history_head: str) -> Snapshot:
    """The snapshot with this number, unsaved, with its facts written.

    Raises ProofFailed if the recount does not agree, and HeldBack if too small a change would be seen.
    history_head: what dates history and access log as they are in this view (history_proof.hash_heads).
    """
    facts_before = Snapshot.objects.values_list("facts", flat=True).order_by("-number").first() or 0
    with begin_beside(recount, worth_it=facts_before >= RECOUNTED_BESIDE) as recounted:
        progress("facts")
        facts = write_facts(number)
        progress("counts")
        lists = read_code_lists()
        document = build_map(number, lists)
        atmp = read_atmp()
        built_at = timezone.now().replace(microsecond=0)
        progress("proof")
        differences = compare(document, recounted()) + prove_atmp(atmp, lists, timezone.localdate(built_at))
    if differences:
        raise ProofFailed(differences)
    threshold = read_threshold()
    through, precision = _data_through(number)
    snapshot = Snapshot(
        number=number,
        built_at=built_at,
        data_through=through,
        data_through_precision=precision,
        disclosure=settings.DISCLOSURE,
        map_document=document,
        code_lists=lists,
        atmp=atmp,
        facts=facts,
        history_head=history_head,
    )
    if threshold is not None:
        snapshot.blocks = choose_blocks(snapshot, threshold)
    snapshot.hash = snapshot_hash(snapshot)
    return snapshot


def _data_through(snapshot: int) -> tuple[date | None, str]:
    """The date of the latest infusion and its precision, the finest of those on one day."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT infused_on, date_precision FROM {name_table(snapshot)} "
            "ORDER BY infused_on DESC, array_position(%s, date_precision) LIMIT 1",
            [DatePrecision.values],
        )
        return cursor.fetchone() or (None, "")
