"""A JSON-stat 2.0 dataset: dimensions, and a value for each cell and measure."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod

from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.formats.data import write_json
from registry.formats.labels import label_measure

TIMES, PLACES = ("year", "month"), ("centre", "region", "county")
SUPPRESSED = "s"  # the status of a withheld value
Dimension = tuple[str, str, Mapping[str, str]]  # name, label, labels by key
Cells = Iterable[tuple[Mapping[str, str], Mapping]]  # the key of each dimension, and the values by measure


def write_dataset(
    about: Mapping,
    language: str,
    dimensions: Sequence[Dimension],
    metrics: Sequence[str],
    cells: Cells,
    *,
    title: str = "",
    labels: Mapping[str, str] | None = None,
) -> bytes:
    """Write a dataset in a language; a withheld value is null with a status.

    title and labels of the metrics, in this language, where they are not those of infusions.
    """
    with override(language):
        title, measure = title or _("CAR-T treatments in Sweden"), _("measure")
        note = "" if labels else _("A cell without infusions has no value.") + " "
        note += _("Totals are counted afresh, never added up from the parts.")
        withheld = _("%(sign)s: not shown, so that nobody can be recognised.") % {"sign": SUPPRESSED}
    labels = labels or {name: label_measure(name, language) for name in metrics}
    all_dimensions = [*dimensions, ("measure", measure, labels)]
    size = [len(keys) for _name, _label, keys in all_dimensions]
    values = _index_values(all_dimensions, metrics, cells)
    is_dense = len(values) == prod(size)
    status = {index: SUPPRESSED for index, value in values.items() if value is None}
    body = {
        "version": "2.0",
        "class": "dataset",
        "label": title,
        "source": about["source"],
        "updated": about["built_at"],
        "note": [note, *([withheld] if status else []), *about.get("notes", [])],
        "id": [name for name, _label, _keys in all_dimensions],
        "size": size,
        "role": _roles([name for name, _label, _keys in dimensions]),
        "dimension": {
            name: {"label": label, "category": {"index": list(keys), "label": dict(keys)}}
            for name, label, keys in all_dimensions
        },
        "value": [values[str(index)] for index in range(len(values))] if is_dense else values,
        **({"status": status} if status else {}),
        "extension": {"about": about},
    }
    return write_json(body, language)


def _index_values(dimensions: Sequence[Dimension], metrics: Sequence[str], cells: Cells) -> dict[str, int | None]:
    """The values by their index in row-major order, the last dimension being the measure."""
    places = [{key: place for place, key in enumerate(keys)} for _name, _label, keys in dimensions]
    sizes = [len(keys) for keys in places]
    values: dict[str, int | None] = {}
    for cell, row in cells:
        steps = [place[cell[name]] for place, (name, _label, _keys) in zip(places, dimensions[:-1], strict=False)]
        for number, name in enumerate(metrics):
            index = 0
            for step, size in zip((*steps, number), sizes, strict=True):
                index = index * size + step
            if name in row:
                values[str(index)] = row[name]
    return values


def _roles(names: Sequence[str]) -> dict[str, list[str]]:
    role = {
        "time": [name for name in names if name in TIMES],
        "geo": [name for name in names if name in PLACES],
        "metric": ["measure"],
    }
    return {name: listed for name, listed in role.items() if listed}
