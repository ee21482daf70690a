"""Documents as tables, for CSV and workbooks."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.formats.about import tell_about
from registry.formats.labels import label_dimension, label_measure
from registry.map_cells import Cell, walk_cells
from registry.wording import MAP_ADDRESS

COUNTS_ADDRESS = "/api/v1/counts"  # on the registry's own host
MAP_MEASURES = ("first", "patients", "infusions", "reinfusions", "further_doses", "children")

PLACE = {"centre": "code", "name": "name", "city": "city", "region": "region", "status": "status"}


@dataclass(frozen=True)
class Table:
    """Rows by column name, and the columns' labels in a language.

    A row with withheld numbers has True in the column "suppressed", and None for each of them. about holds for
    every row: snapshot, day, source, licence.
    """

    title: str
    columns: dict[str, str]
    rows: Sequence[dict]
    about: dict[str, object]


def tabulate_map(document: dict, language: str) -> Table:
    """A row for the country, each centre, each of its categories, and each manufacturing site."""
    rows = [_place(cell) | _measures(cell.numbers) for cell in walk_cells(document)]
    rows += [
        {"level": "manufacturing_site", "centre": site["centre"], "name": site["name"]}
        | {"manufactured": site["manufactured"], "suppressed": is_suppressed(site)}
        for site in document["manufacturing"]
    ]
    with override(language):
        columns = {
            "level": _("level"), "centre": _("centre"), "name": _("name"), "city": _("city"),
            "region": _("region"), "status": _("status"), "category": _("category"),
            **{name: label_measure(name, language) for name in (*MAP_MEASURES, "manufactured")},
            "suppressed": _("not shown"),
        }  # fmt: skip
        title = _("CAR-T treatments in Sweden")
    return Table(title, columns, rows, tell_about(document["snapshot"], language, MAP_ADDRESS))


def _place(cell: Cell) -> dict[str, str]:
    if not cell.centre:
        return {"level": "nation"}
    place = {name: cell.centre[key] for name, key in PLACE.items()}
    return place | ({"level": "category", "category": cell.category} if cell.category else {"level": "centre"})


def tabulate_counts(counts: dict, language: str) -> Table:
    """A row per cell. The total, which is counted separately, is in `about`, since it is not a row."""
    measures = [name for name in counts["total"] if name not in {"patients_summed", "suppressed"}]
    with override(language):
        labels = {name: label_dimension(name) for name in counts["by"]}
        labels |= {name: label_measure(name, language) for name in measures} | {"suppressed": _("not shown")}
        title = _("CAR-T treatments in Sweden")
    rows = [row | {"suppressed": is_suppressed(row)} for row in counts["rows"]]
    about = tell_about(counts["snapshot"], language, COUNTS_ADDRESS)
    about |= {f"total_{name}": value for name, value in counts["total"].items()}
    return Table(title, labels, rows, about)


def is_suppressed(cell: dict) -> bool:
    """Whether the disclosure policy withholds numbers of the cell, which are then None."""
    return bool(cell.get("suppressed"))


def _measures(cell: dict) -> dict:
    return {name: cell[name] for name in MAP_MEASURES if name in cell} | {"suppressed": is_suppressed(cell)}
