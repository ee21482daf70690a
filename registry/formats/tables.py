"""Documents as tables of rows: what the text file and the workbook have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.choices import Category, Sex
from registry.map_cells import Cell, walk_cells
from registry.measures import DERIVED, MEASURES
from registry.wording import LICENCE, MAP_ADDRESS

COUNTS_ADDRESS = "/api/v1/counts"  # within the registry's own host
MAP_MEASURES = ("first", "patients", "infusions", "reinfusions", "further_doses", "children")

PLACE = {"centre": "code", "name": "name", "city": "city", "region": "region", "status": "status"}


@dataclass(frozen=True)
class Table:
    """Rows by column name, the columns' labels in a language, and what the numbers are from.

    A row with numbers that are withheld has True in the column "suppressed", and None for each of them.
    about are pairs of (name, value) that hold for every row: snapshot, day, source, licence.
    """

    title: str
    columns: dict[str, str]
    rows: Sequence[dict]
    about: dict[str, object]


def tabulate_map(document: dict, language: str) -> Table:
    """A row for the nation, each centre, each of its categories, and each manufacturing site."""
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


def tabulate_counts(answer: dict, language: str) -> Table:
    """A row a cell; the total counted afresh is a fact about the table, since it is no row of it."""
    measures = [name for name in answer["total"] if name not in {"patients_summed", "suppressed"}]
    with override(language):
        labels = {name: label_dimension(name) for name in answer["by"]}
        labels |= {name: label_measure(name, language) for name in measures} | {"suppressed": _("not shown")}
        title = _("CAR-T treatments in Sweden")
    rows = [row | {"suppressed": is_suppressed(row)} for row in answer["rows"]]
    about = tell_about(answer["snapshot"], language, COUNTS_ADDRESS)
    about |= {f"total_{name}": value for name, value in answer["total"].items()}
    return Table(title, labels, rows, about)


def label_dimension(name: str) -> str:
    """A dimension of counts in the active language."""
    return {
        "centre": _("centre"),
        "category": _("category"),
        "product": _("product"),
        "modality": _("modality"),
        "indication": _("indication"),
        "age_group": _("age group"),
        "sex": _("sex"),
        "manufacturing_site": _("manufacturing site"),
        "region": _("region"),
        "trial": _("trial"),
        "year": _("year"),
        "month": _("month"),
    }[name]


def label_value(dimension: str, value: str) -> str:
    """A value of a dimension in the active language; what goes by a code or a name of its own keeps it."""
    return {
        "category": {code: str(label) for code, label in Category.choices},
        "sex": {code: str(label) for code, label in Sex.choices},
        "age_group": {"child": _("Child (under 18 years)"), "adult": _("Adult")},
        "month": {"unknown": _("Unknown")},
        "indication": {"none": _("not stated")},
        "manufacturing_site": {"none": _("not stated")},
        "trial": {"none": _("no trial")},
    }.get(dimension, {}).get(value, value)


def label_measure(name: str, language: str) -> str:
    """A measure by its label in a language."""
    measure = (MEASURES | DERIVED)[name]
    return measure.sv if language == "sv" else measure.en


def is_suppressed(cell: dict) -> bool:
    """Whether the policy withholds numbers of a cell, which are then None."""
    return bool(cell.get("suppressed"))


def tell_about(snapshot: dict, language: str, address: str) -> dict[str, object]:
    """What a file says of itself: which snapshot, as of which day, source, licence, and where it is from.

    address is the interface's for such documents, within the registry's own host.
    """
    with override(language):
        source = _("swecar, the national registry of CAR-T treatments in Sweden")
    return {
        "snapshot": snapshot["number"],
        "hash": snapshot["hash"],
        "built_at": snapshot["built_at"],
        "data_through": snapshot["data_through"],
        "as_of": snapshot["as_of"],
        "disclosure": snapshot["disclosure"],
        "source": source,
        "licence": LICENCE,
        "api": address,
    }


def _measures(cell: dict) -> dict:
    return {name: cell[name] for name in MAP_MEASURES if name in cell} | {"suppressed": is_suppressed(cell)}
