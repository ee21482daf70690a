"""Over time: new patients and infusions by year, of the nation, of each category and of each centre."""

from collections.abc import Sequence
from datetime import date

from registry.published.count_query import CountQuery
from registry.published.disclosure import Blocks, within

SERIES_MEASURES = ("patients", "infusions")


def series_queries(as_of: date | None = None) -> tuple[CountQuery, ...]:
    """What assemble_series is made of."""
    cells: tuple[tuple[str, ...], ...] = ((), ("category",), ("centre",))
    return tuple(CountQuery(by=(*cell, "year"), measures=SERIES_MEASURES, as_of=as_of) for cell in cells)


def assemble_series(counted: Sequence[list[dict]], lists: dict[str, list[dict]]) -> dict:
    """Every year from the first to the last in which anything is counted, with zeros between.

    {"years": […], "nation": {measure: [a number a year]}, "categories": {code: …}, "centres": {code: …}}.
    A column adds up to its cell's measure (COUNTING.md, "Over time"); patients are new patients there.
    """
    nation, categories, centres = counted
    found = [row["year"] for row in nation]
    years = list(range(min(found), max(found) + 1)) if found else []
    return {
        "years": years,
        "nation": _column(nation, years),
        "categories": _columns(categories, years, "category", [one["code"] for one in lists["categories"]]),
        "centres": _columns(centres, years, "centre", [one["code"] for one in lists["centres"]]),
    }


def withhold_series(series: dict, blocks: Blocks, as_of: date | None) -> dict:
    """The country's years with None for what is not let out; the parts are not told by year at all.

    A day within a year is not told either, nor what came before it.
    """
    whole = as_of is None or (as_of.month, as_of.day) == (12, 31)
    years = series["years"] if whole else []
    kept = {
        year: blocks.withhold(
            {measure: series["nation"][measure][place] for measure in SERIES_MEASURES},
            ("time",),
            within({"year": year}),
        )
        for place, year in enumerate(years)
    }
    nation = {measure: [kept[year][measure] for year in years] for measure in SERIES_MEASURES}
    return {"years": years, "nation": nation, "categories": {}, "centres": {}}


def _columns(rows: list[dict], years: list[int], dimension: str, codes: list[str]) -> dict[str, dict]:
    """By code, in the order of the list; a code without infusions has zeros."""
    return {code: _column([row for row in rows if row[dimension] == code], years) for code in codes}


def _column(rows: list[dict], years: list[int]) -> dict[str, list[int]]:
    by_year = {row["year"]: row for row in rows}
    nothing = dict.fromkeys(SERIES_MEASURES, 0)
    return {measure: [by_year.get(year, nothing)[measure] for year in years] for measure in SERIES_MEASURES}
