"""Published snapshots: what there is of them, and what differs between two."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from django.db.models import QuerySet

from registry.map_cells import numbers_by_key
from registry.measures import MEASURES, nothing_counted
from registry.models.snapshot import Snapshot
from registry.published.current_snapshot import describe_snapshot, print_instant
from registry.published.disclosure import publishable, without_numbers
from registry.published.queries import describe_map, find_snapshot


def list_snapshots() -> QuerySet[Snapshot]:
    """All snapshots without their documents, to be read a page at a time."""
    return Snapshot.objects.defer("map_document", "code_lists", "blocks")


def describe_snapshots(found: Iterable[Snapshot]) -> dict:
    """A page of them."""
    return publishable({"snapshots": [asdict(describe_snapshot(snapshot)) for snapshot in found]}, without_numbers)


def read_first_built() -> str | None:
    """When the first snapshot was built."""
    return print_instant(Snapshot.objects.order_by("number").values_list("built_at", flat=True).first())


def read_snapshot(number: int) -> dict:
    """One snapshot's description and national numbers. Raises NotFound."""
    snapshot = find_snapshot(number)
    national = describe_map(snapshot, snapshot.map_document, "sv", None)["national"]
    described = asdict(describe_snapshot(snapshot)) | {"history_head": snapshot.history_head or None}
    return publishable(described | {"national": national}, without_numbers)


def read_changes(number: int, since: int) -> dict:
    """What moved between two snapshots: per cell and measure, before and after. Raises NotFound."""
    before, after = (find_snapshot(one).map_document for one in (since, number))
    return publishable(
        {"snapshot": number, "since": since, "changes": compare_documents(before, after)},
        lambda whole, _threshold: whole | {"changes": [], "suppressed": True},
    )


def compare_documents(before: Mapping, after: Mapping) -> list[dict]:
    """Each cell of two map documents whose measures differ, with both; centre None is the nation."""
    old_cells, new_cells = _flatten(before), _flatten(after)
    changes = []
    for cell in sorted(old_cells.keys() | new_cells.keys()):
        old = old_cells.get(cell) or nothing_counted(tuple(new_cells[cell]))
        new = new_cells.get(cell) or nothing_counted(tuple(old))
        moved = {name: {"before": old[name], "after": new[name]} for name in old if old[name] != new[name]}
        if moved:
            changes.append({"centre": cell[0] or None, "category": cell[1] or None, "measures": moved})
    return changes


def _flatten(document: Mapping) -> dict[tuple[str, str], dict]:
    """Measures by (centre, category); an empty text is the whole."""
    return {
        cell: {name: numbers[name] for name in MEASURES if name in numbers}
        for cell, numbers in numbers_by_key(document).items()
    }
