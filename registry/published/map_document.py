"""The map document of INTERFACE.md: every centre, the nation, and what is made where."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from registry.measures import DEFAULT_MEASURES, nothing_counted
from registry.published.count_query import CountQuery
from registry.published.counting import count_together

NATIONAL_MEASURES = (*DEFAULT_MEASURES, "children")


def build_map(snapshot: int, lists: dict[str, list[dict]], as_of: date | None = None) -> dict:
    """Count a snapshot's facts up to as_of into a document without its `snapshot` part."""
    return assemble_map(count_together(snapshot, *map_queries(as_of)), lists)


def map_queries(as_of: date | None = None) -> tuple[CountQuery, ...]:
    """What assemble_map is made of."""
    return (
        CountQuery(by=("centre", "category"), as_of=as_of),
        CountQuery(by=("centre",), as_of=as_of),
        CountQuery(measures=NATIONAL_MEASURES, as_of=as_of),
        CountQuery(by=("manufacturing_site",), measures=("infusions",), as_of=as_of),
    )


def assemble_map(counted: Sequence[list[dict]], lists: dict[str, list[dict]]) -> dict:
    """The document of what map_queries have counted.

    Every centre of the lists is there, with zeros where nothing is counted; a total is counted
    afresh, never added up from its parts.
    """
    cells, totals, national, sites = counted
    centres = {row["centre"]: row for row in totals}
    made = {row["manufacturing_site"]: row["infusions"] for row in sites}
    order = {category["code"]: place for place, category in enumerate(lists["categories"])}
    by_centre = defaultdict(list)
    for row in sorted(cells, key=lambda row: (row["first"], order[row["category"]])):
        by_centre[row.pop("centre")].append(row)
    nation = national[0] if national else nothing_counted(NATIONAL_MEASURES)
    return {
        "national": nation | {"patients_summed": sum(row["patients"] for row in cells)},
        "centres": [
            _centre(centre, centres.get(centre["code"]), by_centre[centre["code"]]) for centre in lists["centres"]
        ],
        "manufacturing": [
            {
                "site": site["code"],
                "name": site["name"],
                "centre": site["centre"],
                "manufactured": made.get(site["code"], 0),
            }
            for site in lists["manufacturing_sites"]
        ],
    }


def _centre(centre: dict, total: dict | None, categories: list[dict]) -> dict:
    """A centre with its measures; patients_summed where its parts do not add up to its patients."""
    counted = total or nothing_counted()
    summed = sum(row["patients"] for row in categories)
    differs = {} if summed == counted["patients"] else {"patients_summed": summed}
    described = {name: centre[name] for name in ("code", "name", "city", "status", "region", "location")}
    described["complete_through"] = centre.get("complete_through")  # lists of older snapshots have none
    counted = {name: counted[name] for name in DEFAULT_MEASURES}
    return described | counted | differs | {"categories": categories}
