"""Counting the facts of a snapshot by a question: one statement, roles first, then the slices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

from registry.choices import DatePrecision
from registry.rules import CHILD_BELOW
from registry.statistics.measures import DEFAULT_MEASURES, MEASURES, print_first

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
    "year",
    "month",
)
COUNTED = ("infused_on", "date_precision", "kind", "product", "age")  # what aggregates read
ROLES = ", row_number() OVER course = 1 AS is_entry, first_value(age) OVER course AS entry_age"
NONE = "none"  # how a filter spells a dimension without a value


@dataclass(frozen=True)
class Question:
    """What is counted: by which dimensions, of which infusions, up to and within which dates.

    filters maps a dimension to the values wanted. as_of limits what is known; since and until
    choose the period that is counted, without changing any infusion's role.
    """

    by: tuple[str, ...] = ()
    measures: tuple[str, ...] = DEFAULT_MEASURES
    filters: Mapping[str, Sequence] = field(default_factory=dict)
    as_of: date | None = None
    since: date | None = None
    until: date | None = None


def count_cells(snapshot: int, question: Question) -> list[dict]:
    """A row a cell with at least one infusion: its dimensions, then its measures, in no order."""
    sql, parameters = compose(snapshot, question)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [*question.by, *question.measures]
        rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    for row in rows:
        if "first" in row:
            row["first"] = print_first(row["first"])
    return rows


def compose(snapshot: int, question: Question) -> tuple[str, dict]:
    """The statement of a question and its parameters.

    The inner query reads a person's facts together, as the table's key has them, and gives
    every infusion its role in its cell, over all time up to as_of; the outer one slices and
    counts (COUNTING.md, "Over time").
    """
    parameters: dict[str, object] = {"snapshot": snapshot}
    inner: list[str] = ["snapshot = %(snapshot)s"]
    outer: list[str] = []
    for name, values in question.filters.items():
        parameters[name] = [value for value in values if value != NONE]
        column = SLICES.get(name, name)
        condition = f"{column} = ANY(%({name})s)"
        if NONE in values:
            condition = f"({condition} OR {column} IS NULL)"
        (outer if name in SLICES else inner).append(condition)
    for name, condition, value in (
        ("as_of", "infused_on <= %(as_of)s", question.as_of),
        ("since", "infused_on >= %(since)s", question.since),
        ("until", "infused_on <= %(until)s", question.until),
    ):
        if value:
            parameters[name] = value
            (inner if name == "as_of" else outer).append(condition)
    cell = [name for name in question.by if name in CELL_DIMENSIONS]
    columns = [SLICES.get(name, name) for name in question.by]
    aggregates = [MEASURES[name].sql for name in question.measures]
    roles = ROLES if any(is_by_role(part) for part in (*columns, *aggregates, *outer)) else ""
    sql = f"""
        SELECT {", ".join([*columns, *aggregates])}
        FROM (
            SELECT {", ".join(dict.fromkeys((*cell, *COUNTED)))}{roles}
            FROM registry_fact
            WHERE {" AND ".join(inner)}
            WINDOW course AS (PARTITION BY {", ".join(["person", *cell])} ORDER BY place)
        ) AS infusion
        {"WHERE " + " AND ".join(outer) if outer else ""}
        {_group(len(columns))}
    """
    return sql, parameters


def is_by_role(expression: str) -> bool:
    """Whether an expression asks for a role; where none does, nobody's course has to be walked."""
    return "is_entry" in expression or "entry_age" in expression


def _group(columns: int) -> str:
    """A row a combination of the first columns; without columns one row, or none if empty."""
    if not columns:
        return "HAVING count(*) > 0"
    return "GROUP BY " + ", ".join(str(place) for place in range(1, columns + 1))
