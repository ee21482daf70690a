"""What hospitals and manufacturing sites have stated, of the document that a snapshot holds (publishing/atmp.py).

Numbers here are their own sums and never added to what the registry counts (ATMP.md). Of several statements of the
same the one entered last holds; one without numbers takes back those before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from registry.published.atmp_query import EXEMPTION_MEASURES, MANUFACTURING_MEASURES

MEASURES = tuple(MANUFACTURING_MEASURES)
NUMBERS = tuple(EXEMPTION_MEASURES)


def list_exemption(rows: Iterable[Mapping], day: str, threshold: int | None = None) -> list[dict[str, Any]]:
    """Patients and deliveries under the hospital exemption, by hospital, product and year, as of a day.

    Under a threshold years go together from the first on until they hold so many patients, and what follows the
    last such years is withheld: so a later year never tells what one before it held.
    """
    latest: dict[tuple, Mapping] = {}
    for row in rows:
        if row["through"] <= day:
            latest[row["centre"], row["product"], row["first_year"], row["year"]] = row
    stated = [
        {**row, "is_running": row["through"] < f"{row['year']}-12-31"}
        for _key, row in sorted(latest.items())
        if any(row[name] is not None for name in NUMBERS)
    ]
    return stated if threshold is None else _put_together(stated, threshold)


def _put_together(rows: Sequence[dict[str, Any]], least: int) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    for row in rows:
        before = told[-1] if told else {}
        is_open = before.get("suppressed") and (before["centre"], before["product"]) == (
            row["centre"],
            row["product"],
        )
        whole = _join(told.pop(), row) if is_open else dict(row)
        whole["suppressed"] = whole["patients"] is None or whole["patients"] < least
        told.append(whole)
    return [row | dict.fromkeys(NUMBERS) if row["suppressed"] else row for row in told]


def _join(before: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Two periods as one."""
    sums = {name: _add(before[name], row[name]) for name in NUMBERS}
    sources = "; ".join(dict.fromkeys((before["source"], row["source"])))
    first = min(before["first_year"], row["first_year"])
    return {**row, **sums, "first_year": first, "about": before["about"] or row["about"], "source": sources}


def _add(*numbers: int | None) -> int | None:
    return None if None in numbers else sum(number for number in numbers if number is not None)


def list_manufacturing(rows: Iterable[Mapping], day: str) -> list[dict[str, Any]]:
    """The latest statement of each manufacturing site as of a day."""
    return [stated[-1] for stated in _by_site(rows, day).values()]


def _by_site(rows: Iterable[Mapping], day: str) -> dict[str, list[dict[str, Any]]]:
    """The statements that hold, by site, in order of the day that they are as of."""
    latest = {(row["site"], row["as_of"]): dict(row) for row in rows if row["as_of"] <= day}
    found: dict[str, list[dict[str, Any]]] = {}
    for (site, _as_of), row in sorted(latest.items()):
        if any(row[name] is not None for name in MEASURES):
            found.setdefault(site, []).append(row)
    return found


def list_falls(rows: Iterable[Mapping], day: str) -> list[dict[str, Any]]:
    """Each measure since a site's start that is less than in the statement before: a question to the site."""
    return [
        {"site": site, "measure": name, "from": before[name], "to": after[name], "as_of": after["as_of"]}
        for site, stated in _by_site(rows, day).items()
        for before, after in pairwise(stated)
        for name in MEASURES
        if before[name] is not None and after[name] is not None and after[name] < before[name]
    ]
