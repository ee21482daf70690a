"""The statement that counts: the facts are read once for all queries that know the same infusions.

In three steps (COUNTING.md, "Over time"): every infusion gets its role in each kind of cell, over all time up to
as_of; infusions that no query tells apart are gathered to one row with their number `n`; each query adds up.
"""

from collections.abc import Sequence
from typing import Any

from registry.measures import ASKED, FIRST, MEASURES
from registry.published.count_query import CELL_DIMENSIONS, NONE, SLICES, CountQuery
from registry.published.facts import name_table

COUNTED = (
    "counts_from",
    "infused_on",
    "date_precision",
    "kind",
    "product",
    "age",
)  # what is read beside the cells
# Roles of a person's only fact, which enters whatever cell it is in, and of the others, by their course.
OF_ONLY = ", TRUE AS is_entry{role}, age AS entry_age{role}"
OF_COURSE = (
    ", row_number() OVER course{role} = 1 AS is_entry{role}, first_value(age) OVER course{role} AS entry_age{role}"
)


def compose(snapshot: int, queries: Sequence[CountQuery]) -> tuple[str, dict]:
    """The statement of some queries and its parameters; a row is a query's place and one of its cells as JSON."""
    passes: dict[tuple, Pass] = {}
    selects: list[str] = []
    for place, query in enumerate(queries):
        one = passes.setdefault(_known(query), Pass(f"gathered{place}"))
        selects.append(f"SELECT {place}, to_json(cell) FROM ({one.add(query, prefix=f'q{place}_')}) AS cell")
    gathered = ", ".join(f"{one.name} AS ({one.sql(snapshot)})" for one in passes.values())
    parameters = {name: value for one in passes.values() for name, value in one.parameters.items()}
    return f"WITH {gathered} {' UNION ALL '.join(selects)}", parameters


def _known(query: CountQuery) -> tuple:
    """What decides which infusions a query knows."""
    filters = {(name, *values) for name, values in query.filters.items() if name in CELL_DIMENSIONS}
    return frozenset(filters), query.as_of


class Pass:
    """One reading of the facts, for queries that know the same infusions.

    cells: the kinds of cell in which roles are given, with their numbers. keys: what tells two infusions
    apart, by name. conditions: which infusions are known.
    """

    def __init__(self, name: str):
        self.name = name
        self.cells: dict[tuple[str, ...], int] = {}
        self.keys: dict[str, str] = {}
        self.conditions: dict[str, None] = {}
        self.parameters: dict[str, Any] = {}

    def add(self, query: CountQuery, *, prefix: str) -> str:
        """The statement that adds up a query's cells. prefix: of its parameters' names."""
        cell = tuple(name for name in query.by if name in CELL_DIMENSIONS)
        aggregates = {name: MEASURES[name].sql for name in query.measures}
        asked = " ".join([*aggregates.values(), *query.by, *query.filters])
        role = ""
        if "is_entry" in asked or "age_group" in asked:  # where neither is, nobody's course has to be walked
            role = str(self.cells.setdefault(cell, len(self.cells)))
        slices = {name: sql.format(role=role) for name, sql in SLICES.items()}
        places = {name: f"{name}{role}" if name == "age_group" else name for name in query.by}
        self.keys |= {places[name]: slices.get(name, name) for name in query.by}
        self.keys |= {name: sql for name, sql in ASKED.items() if name in asked}
        if "is_entry" in asked:
            self.keys[f"is_entry{role}"] = f"is_entry{role}"
        where = ""
        if conditions := self._limit(query, slices, prefix):
            self.keys[f"{prefix}wanted"] = " AND ".join(conditions)
            where = f"WHERE {prefix}wanted"
        columns = [f"{places[name]} AS {name}" for name in query.by]
        columns += [f"{sql.replace('is_entry', f'is_entry{role}')} AS {name}" for name, sql in aggregates.items()]
        return f"SELECT {', '.join(columns)} FROM {self.name} {where} {_group(len(query.by))}"

    def _limit(self, query: CountQuery, slices: dict[str, str], prefix: str) -> list[str]:
        """Take in the conditions of what is known; return those of what is counted of it."""
        counted: list[str] = []
        known: list[str] = []
        for name, values in query.filters.items():
            self.parameters[prefix + name] = [value for value in values if value != NONE]
            column = slices.get(name, name)
            condition = f"{column} = ANY(%({prefix}{name})s)"
            if NONE in values:
                condition = f"({condition} OR {column} IS NULL)"
            (counted if name in SLICES else known).append(condition)
        for name, day, compared, conditions in (
            ("as_of", query.as_of, "<=", known),
            ("since", query.since, ">=", counted),
            ("until", query.until, "<=", counted),
        ):
            if day:
                self.parameters[prefix + name] = day
                conditions.append(f"counts_from {compared} %({prefix}{name})s")
        if not self.conditions:  # the other queries of the pass have the same
            self.conditions = dict.fromkeys(["TRUE", *known])
        return counted

    def sql(self, snapshot: int) -> str:
        """The statement that gathers, once all queries are added."""
        cells = dict.fromkeys(name for name in self.keys if name in CELL_DIMENSIONS)
        read = ", ".join(dict.fromkeys((*cells, *COUNTED)))
        facts = f"FROM {name_table(snapshot)} WHERE {' AND '.join(self.conditions)}"
        if not self.cells:
            return self._gather(f"SELECT {read} {facts}")
        only = "".join(OF_ONLY.format(role=role) for role in self.cells.values())
        several = "".join(OF_COURSE.format(role=role) for role in self.cells.values())
        courses = ", ".join(
            f"course{role} AS (PARTITION BY {', '.join(['person', *cell])} ORDER BY place)"
            for cell, role in self.cells.items()
        )
        # Apart, since PostgreSQL reads in parallel where nobody's course is walked.
        return f"""
            {self._gather(f"SELECT {read}{only} {facts} AND is_only")}
            UNION ALL
            {self._gather(f"SELECT {read}{several} {facts} AND NOT is_only WINDOW {courses}")}
        """

    def _gather(self, infusions: str) -> str:
        keys = "".join(f"{sql} AS {name}, " for name, sql in self.keys.items())
        return f"""
            SELECT {keys} count(*) AS n, min({FIRST}) AS first
            FROM ({infusions}) AS infusion {_group(len(self.keys))}
        """


def _group(columns: int) -> str:
    """A row a combination of the first columns; without columns one row, or none if empty."""
    if not columns:
        return "HAVING count(*) > 0"
    return "GROUP BY " + ", ".join(str(place) for place in range(1, columns + 1))
