"""Patients, or trials, per 100,000 inhabitants, of counts that have passed the policy on small numbers.

A rate is made of the number that is told beside it: where that is withheld, so is the rate.
"""

from collections.abc import Mapping, Sequence

from registry.areas import NATION
from registry.published.atmp_query import TrialQuery
from registry.published.count_query import CountQuery

RATES = ("per_100_000", "population", "population_year")
AREAS = ("county", "region")  # the dimensions that have inhabitants, the narrower first
NEVER = "9999-12-31"
Area = tuple[str, str]  # level and area of a population
Query = CountQuery | TrialQuery


def add_rates(
    counts: dict,
    query: Query,
    populations: Sequence[Mapping],
    last: str,
    *,
    of: str = "patients",
) -> dict:
    """Counts with the rate, the population and its year in each row and in the total.

    populations are a snapshot's, last is the day (ISO 8601) that the counts are as of or end with: the population
    is the latest that is not after it, and in a row of a year or month not after that. of: what is divided.
    """
    known: dict[Area, dict[int, int]] = {}
    for one in populations:
        known.setdefault((one["level"], one["area"]), {})[one["year"]] = one["persons"]

    def rate(cell: dict) -> dict:
        return cell | _rate(cell[of], _sum_up(known, _find_areas(cell, query), min(last, _end(cell))))

    told = counts | {"rows": [rate(row) for row in counts["rows"]], "total": rate(counts["total"])}
    years = {cell["population_year"] for cell in (*told["rows"], told["total"])}
    sources = {(one["year"], one["source"]): None for one in populations if one["year"] in years}
    return told | {"populations": [{"year": year, "source": source} for year, source in sorted(sources)]}


def _end(cell: Mapping) -> str:
    """The last day of a row's year or month; a day that never comes where it has none."""
    if "year" in cell:
        return f"{cell['year']}-12-31"
    month = cell.get("month", "unknown")
    return NEVER if month == "unknown" else f"{month}-31"


def _find_areas(cell: Mapping, query: Query) -> list[Area]:
    """The areas whose inhabitants a cell is set against; none where part of a region's was chosen."""
    for dimension in AREAS:
        if dimension in cell:
            return [(dimension, cell[dimension])]
        if dimension in query.filters:
            is_part = dimension == "county" and "region" in query.by
            return [] if is_part else [(dimension, str(value)) for value in query.filters[dimension]]
    return [("nation", NATION)]


def _sum_up(known: Mapping[Area, Mapping[int, int]], areas: Sequence[Area], day: str) -> tuple[int, int] | None:
    """The persons of some areas together, and the latest year until the day of which all are known."""
    years = [set(known.get(area, {})) for area in areas]
    common = [year for year in set.intersection(*years) if f"{year}-12-31" <= day] if years else []
    if not common:
        return None
    year = max(common)
    return sum(known[area][year] for area in areas), year


def _rate(counted: int | None, population: tuple[int, int] | None) -> dict:
    persons, year = population or (None, None)
    return {
        "per_100_000": None if counted is None or persons is None else round_rate(counted, persons),
        "population": persons,
        "population_year": year,
    }


def round_rate(counted: int, persons: int) -> float:
    """How many to 100,000 persons, to two decimals, half up."""
    return (2 * counted * 10_000_000 + persons) // (2 * persons) / 100
