"""Several tables of the current snapshot at once, by dimension."""

from collections.abc import Sequence

from registry.errors import NotPublished
from registry.models.isolation import one_view
from registry.models.publication import Publication
from registry.published.count_query import CountQuery
from registry.published.counting import count_together
from registry.published.disclosure import publishable

Table = dict[tuple, dict]


@one_view()
def count_tables(tables: Sequence[tuple[str, ...]], *, measures: tuple[str, ...]) -> dict[tuple[str, ...], Table]:
    """The numbers of each table by the values of its dimensions. Under a threshold none of them.

    Raises NotPublished, FactsNotKept.
    """
    snapshot = Publication.objects.select_related("snapshot").defer("snapshot__map_document").get().snapshot
    if snapshot is None:
        raise NotPublished
    counted = count_together(snapshot.number, *(CountQuery(by=by, measures=measures) for by in tables))
    found = {
        by: {tuple(row[name] for name in by): row for row in rows}
        for by, rows in zip(tables, counted, strict=True)
    }
    return publishable(found, lambda _found, _threshold: {})
