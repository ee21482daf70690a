"""COUNTING.md read literally, in plain Python. It shares nothing with the product.

A registry is a list of plain rows, one an infusion: `person` (any key), the code of each dimension
(None where it has no value), `kind`, `status`, `infused_on` (a date), `date_precision`,
`sequence` and `age` (whole years at the infusion).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

TIME = ("year", "month")
MEASURES = ("patients", "infusions", "reinfusions", "further_doses", "first", "children", "products")
PRECISIONS = ("year", "month", "day")  # coarsest first


def counted(rows: Iterable[Mapping], as_of: date | None = None) -> list[Mapping]:
    """Submitted infusions that count as of a day, each with its place in the person's order."""
    courses = defaultdict(list)
    for row in rows:
        if row["status"] == "submitted":
            courses[row["person"]].append(row)
    placed = [row | {"place": _place(row, course)} for course in courses.values() for row in course]
    return [row for row in placed if as_of is None or row["place"][0] <= as_of]


def _place(row: Mapping, course: Sequence[Mapping]) -> tuple:
    """From which day an infusion counts, and what decides inside that day ("Precision").

    COUNTING.md is silent on what follows `sequence`; date, precision and centre give a fixed order.
    """
    printed = _printed(row)
    known = [
        other["infused_on"]
        for other in course
        if other["date_precision"] == "day" and other["infused_on"].isoformat().startswith(printed)
    ]
    if row["date_precision"] == "day":
        place = row["infused_on"], "b"
    elif row["kind"] == "first":
        place = row["infused_on"], "a"
    else:
        place = max(known, default=row["infused_on"]), "c"
    finest_first = -PRECISIONS.index(row["date_precision"])
    return *place, row["sequence"], row["infused_on"], finest_first, row["centre"]


def _printed(row: Mapping) -> str:
    """The date of an infusion as far as it is known."""
    length = {"year": 4, "month": 7, "day": 10}[row["date_precision"]]
    return row["infused_on"].isoformat()[:length]


def count(
    rows: Iterable[Mapping],
    by: Sequence[str] = (),
    *,
    filters: Mapping[str, Sequence] | None = None,
    as_of: date | None = None,
    since: date | None = None,
    until: date | None = None,
) -> dict[tuple, dict]:
    """Every measure of every group with at least one infusion, by the group's dimension values."""
    filters = filters or {}
    given_roles = _with_roles(_in_cells(counted(rows, as_of), by, filters))
    groups = defaultdict(list)
    for row in given_roles:
        wanted = all(_value(row, name) in filters[name] for name in filters)
        if wanted and (since is None or row["place"][0] >= since) and (until is None or row["place"][0] <= until):
            groups[tuple(_value(row, name) for name in by)].append(row)
    return {group: _measure(members) for group, members in groups.items()}


def total(rows: Iterable[Mapping], **query) -> dict:
    """The same for all infusions that the query selects, counted separately."""
    return count(rows, (), **query).get((), _measure([]))


def manufactured(rows: Iterable[Mapping], site: str, as_of: date | None = None) -> int:
    """Counted infusions, at any centre, of products made at the site."""
    return sum(row["manufacturing_site"] == site for row in counted(rows, as_of))


def patients_summed(rows: Iterable[Mapping], as_of: date | None = None) -> int:
    """The sum of patients over centre × category cells."""
    return sum(cell["patients"] for cell in count(rows, ("centre", "category"), as_of=as_of).values())


def data_through(rows: Iterable[Mapping]) -> str | None:
    """The date of the latest counted infusion as far as it is known; of two on one day the more precise."""
    found = counted(rows)
    if not found:
        return None
    latest = max(found, key=lambda row: (row["infused_on"], PRECISIONS.index(row["date_precision"])))
    return _printed(latest)


def _in_cells(rows: Iterable[Mapping], by: Sequence[str], filters: Mapping) -> dict[tuple, list[Mapping]]:
    """The infusions of each cell. Time is not part of a cell, and the age group follows from it."""
    makes_no_cell = {*TIME, "age_group"}
    cells = defaultdict(list)
    for row in rows:
        if all(row[name] in filters[name] for name in filters if name not in makes_no_cell):
            cells[tuple(row[name] for name in by if name not in makes_no_cell)].append(row)
    return cells


def _with_roles(cells: Mapping[tuple, list[Mapping]]) -> list[dict]:
    """Each infusion with its role in its cell and the person's age at the entry to it."""
    found = []
    for members in cells.values():
        courses = defaultdict(list)
        for row in members:
            courses[row["person"]].append(row)
        for course in courses.values():
            course.sort(key=lambda row: row["place"])
            entry = course[0]
            for row in course:
                if row is entry:
                    role = "entry"
                elif row["kind"] == "further_dose":
                    role = "further_dose"
                else:
                    role = "reinfusion"
                found.append({**row, "role": role, "entry_age": entry["age"]})
    return found


def _value(row: Mapping, name: str):
    """The value of a dimension, of an infusion that has its role."""
    if name == "age_group":
        return "child" if row["entry_age"] < 18 else "adult"
    if name == "year":
        return row["infused_on"].year
    if name == "month":
        return "unknown" if row["date_precision"] == "year" else row["infused_on"].isoformat()[:7]
    return row[name]


def _measure(members: Sequence[Mapping]) -> dict:
    entries = [row for row in members if row["role"] == "entry"]
    return {
        "patients": len(entries),
        "infusions": len(members),
        "reinfusions": sum(row["role"] == "reinfusion" for row in members),
        "further_doses": sum(row["role"] == "further_dose" for row in members),
        "first": _first(entries),
        "children": sum(row["age"] < 18 for row in entries),
        "products": len({row["product"] for row in members}),
    }


def _first(entries: Sequence[Mapping]) -> str | None:
    """The earliest entry in its own precision.

    COUNTING.md is silent where two persons' entries count from one day (2014 and 2014-01-01); the
    coarsest precision is printed, since no more than that is known of which was the first.
    """
    if not entries:
        return None
    return _printed(min(entries, key=lambda row: (row["place"][0], PRECISIONS.index(row["date_precision"]))))


def moved(before: Mapping, after: Mapping) -> dict:
    """By how much each number is another, where it is."""
    found = {key: after.get(key, 0) - before.get(key, 0) for key in {*before, *after}}
    return {key: by for key, by in found.items() if by}
