"""Documents as JSON-stat 2.0."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.choices import Category
from registry.formats.about import tell_about, tell_about_map
from registry.formats.json_stat_dataset import TIMES, write_dataset
from registry.formats.labels import label_dimension, label_value
from registry.formats.tables import COUNTS_ADDRESS, list_counts_notes
from registry.map_cells import walk_cells
from registry.published.rates import RATES

MAP_METRICS = ("patients", "infusions", "reinfusions", "further_doses")
WHOLE = "all"  # the category of a total, which is counted separately
NONE = "none"  # a dimension without a value, as in filters


def write_counts_stat(counts: dict, language: str) -> bytes:
    """Write a value for each cell with infusions and each measure; where there is none, the total's.

    A dimension needs a category: without rows that is "all".
    """
    by = counts["by"]
    metrics = [name for name in counts["total"] if name not in {"first", "patients_summed", "suppressed"}]
    rows = counts["rows"]
    with override(language):
        nothing = {WHOLE: _("all")}
        dimensions = [
            (name, label_dimension(name), {key: label_value(name, key) for key in _keys(name, rows)} or nothing)
            for name in by
        ]
        notes = list_counts_notes(counts)
    cells = [({name: _key(row[name]) for name in by}, without_unknown(row)) for row in rows]
    cells = cells or [(dict.fromkeys(by, WHOLE), without_unknown(counts["total"]))]
    about = tell_about(counts["snapshot"], language, COUNTS_ADDRESS) | {"notes": notes}
    return write_dataset(about, language, dimensions, metrics, cells)


def write_map_stat(document: dict, language: str) -> bytes:
    """Write the country and the centres by category, with totals."""
    with override(language):
        whole = _("all")
        areas = {WHOLE: _("Sweden")} | {centre["code"]: centre["city"] for centre in document["centres"]}
        found = {cell.category for cell in walk_cells(document)}
        dimensions = [
            ("centre", label_dimension("centre"), areas),
            (
                "category",
                label_dimension("category"),
                {WHOLE: whole}
                | {code: label_value("category", code) for code in Category.values if code in found},
            ),
        ]

    cells = (
        (
            {"centre": cell.centre["code"] if cell.centre else WHOLE, "category": cell.category or WHOLE},
            cell.numbers,
        )
        for cell in walk_cells(document)
    )
    about = tell_about_map(document, language)
    return write_dataset(about, language, dimensions, MAP_METRICS, cells)


def without_unknown(cell: Mapping) -> Mapping:
    """A cell without the rate of a population that nobody knows, which is not withheld."""
    is_unknown = "population" in cell and cell["population"] is None
    return {name: value for name, value in cell.items() if not (is_unknown and name in RATES)}


def _keys(name: str, rows: Sequence[Mapping]) -> list[str]:
    """The values of a dimension in the order of the rows; times in chronological order."""
    keys = list(dict.fromkeys(_key(row[name]) for row in rows))
    return sorted(keys) if name in TIMES else keys


def _key(value: object) -> str:
    return NONE if value is None else str(value)
