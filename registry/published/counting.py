"""Counting the facts of a snapshot by queries."""

from django.db import connection

from registry.measures import print_first
from registry.published.count_query import CountQuery
from registry.published.count_statement import compose
from registry.published.facts import reading_facts


def count_cells(snapshot: int, query: CountQuery) -> list[dict]:
    """A row a cell with at least one infusion: its dimensions, then its measures, in no order.

    Raises FactsNotKept where the snapshot is no longer the current one.
    """
    return count_together(snapshot, query)[0]


def count_together(snapshot: int, *queries: CountQuery) -> list[list[dict]]:
    """The cells of each query, as count_cells gives them, by one statement. Raises FactsNotKept."""
    sql, parameters = compose(snapshot, queries)
    counted: list[list[dict]] = [[] for _query in queries]
    with connection.cursor() as cursor:
        with reading_facts():
            cursor.execute(sql, parameters)
        for place, row in cursor.fetchall():
            if "first" in row:
                row["first"] = print_first(row["first"])
            counted[place].append(row)
    return counted
