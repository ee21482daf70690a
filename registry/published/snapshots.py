"""Published snapshots: what there is of them, and what differs between two."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from django.db.models import QuerySet

from registry.map_cells import numbers_by_key, read_number
from registry.measures import DERIVED, MEASURES, nothing_counted
from registry.models.snapshot import Snapshot
from registry.published.current_snapshot import describe_snapshot, print_instant
from registry.published.disclosure import publishable, without_numbers
from registry.published.queries import describe_map, find_snapshot


def list_snapshots() -> QuerySet[Snapshot]:
    """All snapshots without their documents, to be read a page at a time."""
    return Snapshot.objects.defer("map_document", "code_lists", "blocks", "atmp")


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
    """Each place of two map documents whose numbers differ, with both.

    A place is the nation (no centre), a centre, a category of it, or a manufacturing site.
    """
    old_places, new_places = _list_places(before), _list_places(after)
    changes = []
    for place in sorted(old_places.keys() | new_places.keys()):
        old, new = old_places.get(place), new_places.get(place)
        old, new = old or _nothing(new), new or _nothing(old)
        moved = {
            name: {"before": read_number(old, name), "after": read_number(new, name)}
            for name in (*MEASURES, *DERIVED)
            if (name in old or name in new) and read_number(old, name) != read_number(new, name)
        }
        if moved:
            centre, category, site = (code or None for code in place)
            changes.append({"centre": centre, "category": category, "site": site, "measures": moved})
    return changes


def _list_places(document: Mapping) -> dict[tuple[str, str, str], Mapping]:
    """Numbers by (centre, category, site); an empty text is the whole."""
    cells = {(*key, ""): numbers for key, numbers in numbers_by_key(document).items()}
    return cells | {("", "", site["site"]): site for site in document["manufacturing"]}


def _nothing(other: Mapping | None) -> Mapping:
    """A place of the other's kind of which nothing is counted."""
    return nothing_counted(tuple(name for name in (*MEASURES, *DERIVED) if name in (other or {})))
