"""Under a threshold: the blocks of a new snapshot, or that it is held back (decision 0039)."""

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from registry.dates import today
from registry.errors import FactsNotKept
from registry.models import Publication, Snapshot
from registry.published.disclosure_blocks import REPEAT, draw_blocks, draw_exact, read_cells
from registry.published.facts import reading_facts
from registry.publishing.visible_changes import (
    Drawn,
    fit_blocks,
    is_same,
    list_held,
    list_held_in_all,
    shows_change,
)

BEFORE = "before"  # beside the tables of the first blocks after an exact snapshot: what that one told


class HeldBack(Exception):
    """Too few persons have come or gone for the public to see it; the text names the tables, and no number."""


def choose_blocks(snapshot: Snapshot, threshold: int) -> dict:
    """The blocks of a new snapshot's facts that may be told beside all that was told before. Raises HeldBack."""
    kept = read_told()
    exact = [] if kept else _read_exact()
    told = kept or exact
    before: dict = {BEFORE: exact[0]} if exact else {}
    drawn = draw_blocks(snapshot.number, threshold, gathered=_gathers(told))
    fine, coarse = (fit_blocks(drawn, told, threshold, coarse=coarse) for coarse in (False, True))
    chosen = next((blocks for blocks in (fine, coarse) if not list_held(blocks, told, threshold)), None)
    if chosen is None and is_publication_day() and not list_held_in_all(fine, told, threshold):
        chosen = fine
    if chosen is None or (kept and not _is_worth_it(snapshot, chosen, kept[0])):
        held = ", ".join(list_held(coarse, told, threshold)) or "every table"
        raise HeldBack(f"Fewer than {threshold} persons would be seen to have come or gone in: {held}.")
    return dict(chosen) | before


def _is_worth_it(snapshot: Snapshot, drawn: Drawn, latest: Drawn) -> bool:
    """Whether there is something to see: else its number alone would tell that a record was touched.

    That is enough persons, or other code lists and nothing else.
    """
    if shows_change(drawn, latest):
        return True
    current = Publication.objects.select_related("snapshot").get().snapshot
    return (
        current is not None
        and is_same(drawn, latest)
        and snapshot.written_through == current.written_through
        and snapshot.code_lists != current.code_lists
    )


def read_told() -> list[Drawn]:
    """The blocks of every snapshot under a threshold, the latest first, and what an exact one told before."""
    told: list[Drawn] = []
    for blocks in Snapshot.objects.order_by("-number").values_list("blocks", flat=True).iterator(chunk_size=20):
        if blocks is None:
            break
        told.append({table: drawn for table, drawn in blocks.items() if table != BEFORE})
        if BEFORE in blocks:
            told.append(blocks[BEFORE])
    return told


def is_publication_day() -> bool:
    """Whether today is one of PUBLICATION_DAYS, and nothing has been published on it yet."""
    if f"{today():%m-%d}" not in settings.PUBLICATION_DAYS:
        return False
    latest = Publication.objects.select_related("snapshot").get().snapshot
    return latest is None or timezone.localdate(latest.built_at) < today()


def _read_exact() -> list[Drawn]:
    """What the current snapshot told, where that is exact; nothing, where its facts are not kept."""
    number = Publication.objects.values_list("snapshot", flat=True).get()
    if number is None:
        return []
    try:
        with transaction.atomic(), reading_facts():
            return [draw_exact(read_cells(number))]
    except FactsNotKept:
        return []


def _gathers(told: Iterable[Drawn]) -> bool:
    """Whether further doses and reinfusions were told as one role: they are not told apart later."""
    return any(
        atom[0] == REPEAT
        for drawn in told
        for blocks in drawn.values()
        for block in blocks
        for atom in block["atoms"]
    )
