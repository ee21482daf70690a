"""Counting the facts of a snapshot by a query: one statement, roles first, then the slices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from registry.choices import DatePrecision
from registry.infusion_rules import CHILD_BELOW
from registry.measures import DEFAULT_MEASURES, MEASURES, print_first
from registry.published.facts import name_table, reading_facts

# Dimensions that make a cell: columns of the facts.
CELL_DIMENSIONS = (
    "centre",
    "category",
    "product",
    "modality",
    "indication",
    "sex",
    "manufacturing_site",
    "region",
    "trial",
)
# Dimensions that slice a cell once every infusion has its role in it.
SLICES = {
    "age_group": f"CASE WHEN entry_age < {CHILD_BELOW} THEN 'child' ELSE 'adult' END",
    "year": "extract(year FROM infused_on)::integer",
    "month": f"CASE date_precision WHEN '{DatePrecision.YEAR}' THEN 'unknown' "
    "ELSE to_char(infused_on, 'YYYY-MM') END",
}
DIMENSIONS = (
    "centre",
    "category",
    "product",
    "modality",
    "indication",
    "age_group",
    "sex",
    "manufacturing_site",
    "region",
    "trial",
    "year",
    "month",
)
COUNTED = ("counts_from", "infused_on", "date_precision", "kind", "product", "age")  # what aggregates read
# Roles of a person's only fact, which enters whatever cell it is in, and of the others, by their course.
OF_ONLY = ", TRUE AS is_entry, age AS entry_age"
OF_COURSE = ", row_number() OVER course = 1 AS is_entry, first_value(age) OVER course AS entry_age"
NONE = "none"  # how a filter spells a dimension without a value


@dataclass(frozen=True)
class CountQuery:
    """What is counted: by which dimensions, of which infusions, up to and within which dates.

    filters maps a dimension to the values wanted. as_of limits what is known; since and until
    choose the period that is counted, without changing any infusion's role. A vague date stands where
    COUNTING.md's "Precision" puts it.
    """

    by: tuple[str, ...] = ()
    measures: tuple[str, ...] = DEFAULT_MEASURES
    filters: Mapping[str, Sequence] = field(default_factory=dict)
    as_of: date | None = None
    since: date | None = None
    until: date | None = None


def count_cells(snapshot: int, query: CountQuery) -> list[dict]:
    """A row a cell with at least one infusion: its dimensions, then its measures, in no order.

    Raises FactsNotKept where the snapshot is no longer the current one.
    """
    return count_together(snapshot, query)[0]


def count_together(snapshot: int, *queries: CountQuery) -> list[list[dict]]:
    """The cells of each query, as count_cells gives them, by one statement. Raises FactsNotKept."""
    statements: list[str] = []
    parameters: dict[str, Any] = {}
    for place, query in enumerate(queries):
        sql, values = compose(snapshot, query, prefix=f"q{place}_")
        statements.append(f"SELECT {place}, to_json(cell) FROM ({sql}) AS cell")
        parameters |= values
    counted: list[list[dict]] = [[] for _query in queries]
    with connection.cursor() as cursor:
        with reading_facts():
            cursor.execute(" UNION ALL ".join(statements), parameters)
        for place, row in cursor.fetchall():
            if "first" in row:
                row["first"] = print_first(row["first"])
            counted[place].append(row)
    return counted


def compose(snapshot: int, query: CountQuery, *, prefix: str = "") -> tuple[str, dict]:
    """The statement of a query and its parameters, their names with a prefix.

    The inner query gives every infusion its role in its cell, over all time up to as_of; the outer
    one slices and counts (COUNTING.md, "Over time").
    """
    conditions = Conditions(prefix, query)
    cell = [name for name in query.by if name in CELL_DIMENSIONS]
    dimensions = {name: SLICES.get(name, name) for name in query.by}
    aggregates = {name: MEASURES[name].sql for name in query.measures}
    columns = ", ".join(f"{sql} AS {name}" for name, sql in (dimensions | aggregates).items())
    read = ", ".join(dict.fromkeys((*cell, *COUNTED)))
    facts = f"FROM {name_table(snapshot)} WHERE {' AND '.join(['TRUE', *conditions.inner])}"
    if any(is_by_role(part) for part in (*dimensions.values(), *aggregates.values(), *conditions.outer)):
        course = f"PARTITION BY {', '.join(['person', *cell])} ORDER BY place"
        infusions = f"""
            SELECT {read}{OF_ONLY} {facts} AND is_only
            UNION ALL
            SELECT {read}{OF_COURSE} {facts} AND NOT is_only WINDOW course AS ({course})
        """
    else:
        infusions = f"SELECT {read} {facts}"
    sql = f"""
        SELECT {columns} FROM ({infusions}) AS infusion
        {"WHERE " + " AND ".join(conditions.outer) if conditions.outer else ""}
        {_group(len(dimensions))}
    """
    return sql, conditions.parameters


class Conditions:
    """A query's conditions in SQL: inner ones choose a cell's infusions, outer ones slice what is counted."""

    def __init__(self, prefix: str, query: CountQuery):
        """prefix: of the parameters' names."""
        self.prefix, self.parameters = prefix, dict[str, Any]()
        self.inner: list[str] = []
        self.outer: list[str] = []
        for name, values in query.filters.items():
            self._add_filter(name, values)
        self._add_day("as_of", query.as_of, "<=", self.inner)
        self._add_day("since", query.since, ">=", self.outer)
        self._add_day("until", query.until, "<=", self.outer)

    def _add_filter(self, name: str, values: Sequence) -> None:
        column = SLICES.get(name, name)
        self.parameters[self.prefix + name] = [value for value in values if value != NONE]
        condition = f"{column} = ANY(%({self.prefix}{name})s)"
        if NONE in values:
            condition = f"({condition} OR {column} IS NULL)"
        (self.outer if name in SLICES else self.inner).append(condition)

    def _add_day(self, name: str, day: date | None, compared: str, conditions: list[str]) -> None:
        if day:
            self.parameters[self.prefix + name] = day
            conditions.append(f"counts_from {compared} %({self.prefix}{name})s")


def is_by_role(expression: str) -> bool:
    """Whether an expression asks for a role; where none does, nobody's course has to be walked."""
    return "is_entry" in expression or "entry_age" in expression


def _group(columns: int) -> str:
    """A row a combination of the first columns; without columns one row, or none if empty."""
    if not columns:
        return "HAVING count(*) > 0"
    return "GROUP BY " + ", ".join(str(place) for place in range(1, columns + 1))
