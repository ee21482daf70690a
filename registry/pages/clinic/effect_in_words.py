"""The effect of a change to whole persons on the published numbers, in words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import get_language

from registry.entry.patients.count_effect import MEASURES, ON_THE_MAP, Cell, Row
from registry.errors import NotPublished
from registry.formats.labels import label_dimension, label_value
from registry.map_cells import numbers_by_key
from registry.published.count_query import NONE
from registry.published.current_snapshot import retry_if_replaced
from registry.published.queries import read_map
from registry.published.tables import count_tables

Published = Mapping[Cell, Mapping[str, Any]]


def say_effect(rows: Iterable[Row]) -> dict[str, Sequence[dict[str, Any]]]:
    """The published numbers of each cell, now and after the change: on the map, and in the other tables."""
    rows = list(rows)
    tables = dict.fromkeys(row.cell.by for row in rows)
    published = retry_if_replaced(lambda: _read_published(tables))
    on_the_map = [row for row in rows if row.cell.by in ON_THE_MAP]
    elsewhere = [row for row in rows if row.cell.by not in ON_THE_MAP]
    return {
        "effect": [
            {name: row.cell.value(name) for name in ("centre", "category")} | _measures(row, published)
            for row in on_the_map
        ],
        "elsewhere": [_say_cell(row.cell) | _measures(row, published) for row in elsewhere],
    }


def _measures(row: Row, published: Published) -> dict[str, list[dict]]:
    """The change of each measure, with the numbers before and after unless unpublished or withheld."""
    now = published.get(row.cell, {})
    return {
        "measures": [
            {"moves": moves} | ({} if now.get(name) is None else {"now": now[name], "then": now[name] + moves})
            for name, moves in row.moves.items()
        ]
    }


def _say_cell(cell: Cell) -> dict[str, str]:
    by = list(zip(cell.by, cell.values, strict=True))
    return {
        "table": ", ".join(label_dimension(dimension) for dimension, _value in by),
        "value": ", ".join(
            label_value(dimension, NONE if value is None else str(value)) for dimension, value in by
        ),
    }


def _read_published(tables: Iterable[tuple[str, ...]]) -> Published:
    """The published numbers of each cell; empty before the first snapshot."""
    try:
        document = read_map(language=get_language() or "sv")
        asked = [by for by in tables if by not in ON_THE_MAP]
        others = count_tables(asked, measures=MEASURES) if asked else {}
    except NotPublished:
        return {}
    found = {_on_the_map(*key): numbers for key, numbers in numbers_by_key(document).items()}
    return found | {Cell(by, values): row for by, table in others.items() for values, row in table.items()}


def _on_the_map(centre: str, category: str) -> Cell:
    values = tuple(filter(None, (centre, category)))
    return Cell(ON_THE_MAP[len(values)], values)
