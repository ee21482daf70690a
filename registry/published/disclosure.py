"""The one door through which every public response passes, and the policy on small numbers.

`exact` lets every number through: the network publishes small numbers as they are. `threshold:k` lets
out no number of fewer than k persons, and none from which such a number could be told: what is
published is made of blocks alone, and none of a block's parts is published (decision 0012).
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from django.conf import settings

from registry.choices import Category, CentreStatus
from registry.errors import Withheld
from registry.published.count_query import NONE, CountQuery
from registry.published.disclosure_blocks import AGAIN, ALL, DOSE, ENTRY, REPEAT, TABLES

EXACT = "exact"
T = TypeVar("T")
Where = Callable[[Mapping], bool]


def read_threshold() -> int | None:
    """The fewest persons of whom a number is published; None where every number is."""
    return None if settings.DISCLOSURE == EXACT else int(settings.DISCLOSURE.partition(":")[2])


def publishable(document: T, withhold: Callable[[T, int], T]) -> T:
    """The document as the policy lets it out; withhold is how it is cut down to a threshold."""
    threshold = read_threshold()
    return document if threshold is None else withhold(document, threshold)


def without_numbers(document: T, threshold: int) -> T:
    """How a document is cut down that tells no number, or only such as are cut down already: not at all."""
    return document


def require_exact() -> None:
    """Raise Withheld where numbers that were made without the policy in mind may not be shown."""
    if read_threshold() is not None:
        raise Withheld


@dataclass(frozen=True)
class Blocks:
    """What a snapshot's numbers may be told of, by draw_blocks; without blocks nothing."""

    drawn: Mapping[str, list[dict]] | None
    threshold: int

    def withhold(self, cell: dict, tables: Collection[str], where: Where) -> dict:
        """A cell's measures with None for what is not let out, and then "suppressed".

        where tells which atoms of the tables the cell is made of, by their dimensions. A cell of all tables
        is the nation. Of a cell with patients all measures by role are there.
        """
        if self._is_everyone(tables, where):
            tables, where = tuple(TABLES), within({})
        is_nation = len(tables) > 1
        entries = all(self._is_whole(table, (ENTRY,), where) for table in tables)
        whole = all(self._is_whole(table, ALL, where) for table in tables)
        if cell.get("infusions") == 0 and whole:
            return cell
        everything = whole and all(self._are_open(table, ALL) for table in tables)
        # Entries to parts of the cell that are none to the cell itself: of persons who are in several.
        inner = 0 if is_nation else self._count(tables, where) - cell.get("patients", 0)
        mixed = bool(inner) or (not is_nation and self._tells_several(tables, where))
        entered = (entries or not inner) and not mixed
        few = not is_nation and 0 < cell.get("infusions", 0) - cell.get("patients", 0) < self.threshold
        allowed = {
            "patients": entries and not mixed and not (everything and few),
            "patients_summed": entries and tuple(tables) != ("time",),
            "infusions": everything,
            "manufactured": everything,
            "further_doses": entered and all(self._is_told(table, DOSE, where) for table in tables),
            "reinfusions": entered and all(self._is_told(table, AGAIN, where) for table in tables),
            "children": self._tells_children(tables, where),
            "products": is_nation and everything,
        }
        shown = dict(cell)
        for name in shown.keys() & allowed.keys():
            is_small = name != "products" and 0 < (shown[name] or 0) < self.threshold
            if is_small or not allowed[name]:
                shown[name] = None
        if cell.get("first"):
            # Of the nation and of its years alone, to the year: it tells that there was nobody before.
            shown["first"] = cell["first"][:4] if entries and "time" in tables else None
        if any(cell[name] is not None and shown[name] is None for name in cell):
            shown["suppressed"] = True
        return shown

    def _blocks(self, table: str) -> list[dict]:
        return self.drawn[table] if self.drawn is not None else []

    def _parts(self, table: str, roles: Collection[str], where: Where) -> Iterator[tuple[dict, list]]:
        """Each block that the cell has a part of, and which of its atoms."""
        names = TABLES[table]
        for block in self._blocks(table):
            inside = [
                atom
                for atom in block["atoms"]
                if atom[0] in roles and where(dict(zip(names, atom[1:-1], strict=True)))
            ]
            if inside:
                yield block, inside

    def _is_everyone(self, tables: Collection[str], where: Where) -> bool:
        """Whether the cell is the nation under another name."""
        return self.drawn is not None and all(
            where(dict(zip(TABLES[table], atom[1:-1], strict=True)))
            for table in tables
            for block in self._blocks(table)
            for atom in block["atoms"]
        )

    def _count(self, tables: Collection[str], where: Where) -> int:
        """Entries to the smallest cells."""
        (table,) = tables
        return sum(atom[-1] for _block, inside in self._parts(table, (ENTRY,), where) for atom in inside)

    def _tells_several(self, tables: Collection[str], where: Where) -> bool:
        """Whether a total of several smallest cells would tell of the few persons who are in more than one.

        The country's totals tell how many these are, so that a total without any would say where the others are.
        """
        (table,) = tables
        cells = {tuple(atom[1:-1]) for _block, inside in self._parts(table, (ENTRY,), where) for atom in inside}
        several = self._count((table,), within({})) - self._count(("time",), within({}))
        return len(cells) > 1 and 0 < several < self.threshold

    def _is_whole(self, table: str, roles: Collection[str], where: Where) -> bool:
        """Whether the cell is made of whole blocks; one without infusions is."""
        return self.drawn is not None and all(
            block["safe"] and len(inside) == len(block["atoms"])
            for block, inside in self._parts(table, roles, where)
        )

    def _is_told(self, table: str, role: str, where: Where) -> bool:
        """Whether a role is counted by itself and its part of the cell is made of whole blocks."""
        is_gathered = any(True for _part in self._parts(table, (REPEAT,), where))
        is_open = self._are_open(table, (role, REPEAT))
        return is_open and not is_gathered and self._is_whole(table, (role,), where)

    def _are_open(self, table: str, roles: Collection[str]) -> bool:
        """Whether roles are told: of one that is not, it is not even told which cells it has somebody in."""
        return all(block["safe"] or block["atoms"][0][0] not in roles for block in self._blocks(table))

    def _tells_children(self, tables: Collection[str], where: Where) -> bool:
        return "age" in tables and self._is_whole("age", (ENTRY,), within({"age_group": "child"}, where))


def choose_tables(query: CountQuery, through: date | None) -> tuple[tuple[str, ...], Where]:
    """The tables that a query is counted from, and which of their atoms it is about.

    Raises Withheld where its dimensions may not be combined, or a date falls within a year.
    """
    as_of, until = (day if day and through and day < through else None for day in (query.as_of, query.until))
    since = query.since
    used = {*query.by, *query.filters} | ({"year"} if as_of or until or since else set())
    if not used:
        return tuple(TABLES), within({})
    tables = [name for name, dimensions in TABLES.items() if used <= set(dimensions)]
    if not tables:
        together = "; ".join(", ".join(dimensions) for dimensions in TABLES.values())
        raise Withheld(
            f"With {settings.DISCLOSURE} only these are counted together: {together}; dates go with year alone."
        )
    ends = [day for day in (as_of, until) if day]
    if any((day.month, day.day) != (12, 31) for day in ends) or (since and (since.month, since.day) != (1, 1)):
        raise Withheld(f"With {settings.DISCLOSURE} numbers are told by whole years alone.")
    last = min((day.year for day in ends), default=9999)
    first = since.year if since else 0
    wanted = {
        name: {None if value == NONE else value for value in values} for name, values in query.filters.items()
    }

    def where(atom: Mapping) -> bool:
        if "year" in atom and not first <= atom["year"] <= last:
            return False
        return all(atom[name] in values for name, values in wanted.items())

    return tuple(tables), where


def askable(query: CountQuery, through: date | None) -> CountQuery:
    """The query as it is counted: under a threshold with all measures that a cell is judged by.

    Raises Withheld where the policy lets nothing out.
    """
    if read_threshold() is None:
        return query
    choose_tables(query, through)
    return replace(query, measures=tuple(dict.fromkeys((*query.measures, *JUDGED))))


def withhold_counts(counts: dict, blocks: Blocks, query: CountQuery, through: date | None) -> dict:
    """Counts with every measure by role, each row and the total by itself. Raises Withheld."""
    tables, where = choose_tables(query, through)
    whole, everyone = choose_tables(replace(query, by=()), through)
    rows = [
        blocks.withhold(row, tables, within({name: row[name] for name in query.by}, where))
        for row in counts["rows"]
    ]
    total = blocks.withhold(counts["total"], whole, everyone)
    if "patients_summed" in total and any(row["patients"] is None for row in rows):
        total |= {"patients_summed": None, "suppressed": True}
    return counts | {
        "rows": [_ask_for(query, row) for row in rows],
        "total": _ask_for(query, total),
    }


def _ask_for(query: CountQuery, cell: dict) -> dict:
    """A cell's measures that were asked for, and what they say of "suppressed"."""
    others = set(JUDGED) - set(query.measures)
    if "patients" in others:
        others.add("patients_summed")
    kept = {name: value for name, value in cell.items() if name not in others and name != "suppressed"}
    hidden = any(kept[name] is None for name in kept.keys() & {*query.measures, "patients_summed"})
    return kept | ({"suppressed": True} if hidden and "suppressed" in cell else {})


def within(values: Mapping, where: Where | None = None) -> Where:
    """What is of these values, among what where tells."""
    return lambda atom: (where is None or where(atom)) and all(atom[name] == one for name, one in values.items())


def withhold_map(document: dict, blocks: Blocks) -> dict:
    """A map document of all that is known."""
    return document | {
        "national": blocks.withhold(document["national"], tuple(TABLES), within({})),
        "centres": [
            blocks.withhold(centre, ("place",), within({"centre": centre["code"]}))
            | {
                "categories": [
                    blocks.withhold(
                        cell,
                        ("place",),
                        within({"centre": centre["code"], "category": cell["category"]}),
                    )
                    for cell in sorted(centre["categories"], key=_order)  # by their dates would tell of them
                ]
            }
            for centre in document["centres"]
        ],
        "manufacturing": [
            blocks.withhold(site, ("product",), within({"manufacturing_site": site["site"]}))
            for site in document["manufacturing"]
        ],
    }


def _order(cell: Mapping) -> int:
    return Category.values.index(cell["category"])


def withhold_day(document: dict, latest: dict, national: Mapping | None = None) -> dict:
    """A map document of an earlier day: the country's numbers, and of all else that they are not told.

    latest is the document of all that is known, as it is let out: where something was counted by then is
    not told, so its parts are this one's. What is nothing in it, or in the country by then, is nothing.
    """
    whole = national or hide(document["national"])
    nothing = {name for name in MEASURED if whole.get(name) == 0}
    if whole["infusions"] == 0:
        nothing.add("manufactured")

    def hide_part(cell: dict) -> dict:
        return hide(cell | dict.fromkeys(cell.keys() & nothing, 0))

    return document | {
        "national": whole,
        "centres": [
            hide_part(centre) | {"categories": [hide_part(cell) for cell in centre["categories"]]}
            for centre in latest["centres"]
        ],
        "manufacturing": [hide_part(site) for site in latest["manufacturing"]],
    }


JUDGED = ("patients", "infusions", "reinfusions", "further_doses")
MEASURED = (
    "patients", "patients_summed", "infusions", "reinfusions", "further_doses", "children", "manufactured",
    "first",
)  # fmt: skip


def withhold_older(document: dict) -> dict:
    """A map document of an older snapshot, of which nothing is told: beside the current one it would tell
    what has come between.
    """

    def empty(cell: dict) -> dict:
        is_awaited = cell.get("status") == CentreStatus.UPCOMING and cell["infusions"] == 0
        hidden = dict.fromkeys(cell.keys() & set(MEASURED)) | {"suppressed": True}
        return cell if is_awaited else cell | hidden

    return document | {
        "national": empty(document["national"]),
        "centres": [empty(centre) | {"categories": []} for centre in document["centres"]],
        "manufacturing": [empty(site) for site in document["manufacturing"]],
    }


def hide(cell: dict) -> dict:
    """A cell of which nothing is told but what is nothing."""
    hidden = {name: None for name in MEASURED if cell.get(name) not in {None, 0}}
    told = {name: value for name, value in cell.items() if name != "suppressed"}
    unknown = hidden or any(cell.get(name, 0) is None for name in MEASURED if name != "first")
    return told | hidden | ({"suppressed": True} if unknown else {})
