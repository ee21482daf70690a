"""Populations as a snapshot stores them: of the country, of each healthcare region and of each county."""

from collections import defaultdict

from registry.areas import NATION, REGION_PARTS
from registry.choices import County
from registry.models import Population


def read_populations() -> list[dict]:
    """A row for each area and year; a region has the sum of its parts, in years of which all are known."""
    known: dict[int, dict[str, Population]] = defaultdict(dict)
    for row in Population.objects.order_by("year", "area"):
        known[row.year][row.area] = row
    return [one for year, areas in known.items() for one in _list_year(year, areas)]


def _list_year(year: int, areas: dict[str, Population]) -> list[dict]:
    parts: dict[tuple[str, str], tuple[str, ...]] = {("nation", NATION): (NATION,)}
    parts |= {("region", region.value): names for region, names in REGION_PARTS.items()}
    parts |= {("county", county): (county,) for county in County.values}
    return [
        {
            "level": level,
            "area": area,
            "year": year,
            "persons": sum(areas[name].persons for name in names),
            "source": "; ".join(dict.fromkeys(areas[name].source for name in names)),
        }
        for (level, area), names in parts.items()
        if areas.keys() >= set(names)
    ]
