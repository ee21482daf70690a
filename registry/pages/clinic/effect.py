"""What a change to whole persons does to the published numbers, in words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import get_language

from registry.entry.patients.count_effect import Row
from registry.errors import NotPublished
from registry.map_cells import numbers_by_key
from registry.published.queries import read_map


def say_effect(rows: Iterable[Row]) -> Sequence[dict[str, Any]]:
    """The numbers of each cell as published now, and as they become."""
    published = _published()
    said = []
    for row in rows:
        now = published.get((row.centre, row.category), {})
        said.append(
            {
                "centre": row.centre,
                "category": row.category,
                "measures": [
                    {"moves": moves, "now": now[name], "then": now[name] + moves}
                    if name in now
                    else {"moves": moves}
                    for name, moves in row.moves.items()
                ],
            }
        )
    return said


def _published() -> Mapping[tuple[str, str], Mapping]:
    """The published numbers by centre and category; none before the first snapshot."""
    try:
        document = read_map(language=get_language() or "sv")
    except NotPublished:
        return {}
    return numbers_by_key(document)
