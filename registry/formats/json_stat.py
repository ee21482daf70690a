"""JSON-stat 2.0, as statistical offices speak it: dimensions, their categories, and a value a cell."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.choices import Category
from registry.formats.data import write_json
from registry.formats.labels import label_dimension, label_measure, label_value
from registry.formats.tables import COUNTS_ADDRESS, tell_about
from registry.map_cells import walk_cells
from registry.wording import MAP_ADDRESS

TIMES, PLACES = ("year", "month"), ("centre", "region")
MAP_METRICS = ("patients", "infusions", "reinfusions", "further_doses")
WHOLE = "all"  # the category of a total that was counted afresh
NONE = "none"  # a dimension without a value, as filters spell it
SUPPRESSED = "s"


def write_counts_stat(answer: dict, language: str) -> bytes:
    """A value for each cell with infusions and each measure; a cell without any is left out."""
    by = answer["by"]
    metrics = [name for name in answer["total"] if name not in {"first", "patients_summed", "suppressed"}]
    with override(language):
        dimensions = [
            (name, label_dimension(name), {key: label_value(name, key) for key in _keys(name, answer["rows"])})
            for name in by
        ]
    cells = (({name: _key(row[name]) for name in by}, row) for row in answer["rows"])
    about = tell_about(answer["snapshot"], language, COUNTS_ADDRESS)
    return _write(about, language, dimensions, metrics, cells)


def write_map_stat(document: dict, language: str) -> bytes:
    """The nation and the centres by category, each with its totals."""
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
    about = tell_about(document["snapshot"], language, MAP_ADDRESS)
    return _write(about, language, dimensions, MAP_METRICS, cells)


def _keys(name: str, rows: Sequence[Mapping]) -> list[str]:
    """The values of a dimension in the order of the rows; time in its own."""
    keys = list(dict.fromkeys(_key(row[name]) for row in rows))
    return sorted(keys) if name in TIMES else keys


def _key(value: object) -> str:
    return NONE if value is None else str(value)


def _write(
    about: Mapping,
    language: str,
    dimensions: Sequence[tuple[str, str, Mapping[str, str]]],
    metrics: Sequence[str],
    cells: Iterable[tuple[Mapping[str, str], Mapping]],
) -> bytes:
    with override(language):
        title, measure = _("CAR-T treatments in Sweden"), _("measure")
        note = _("A cell without infusions has no value.")
        note += " " + _("Totals are always counted, never summed from the parts.")
        withheld = _("%(sign)s: not shown, so that nobody can be recognised.") % {"sign": SUPPRESSED}
    labels = {name: label_measure(name, language) for name in metrics}
    all_dimensions = [*dimensions, ("measure", measure, labels)]
    places = [{key: place for place, key in enumerate(keys)} for _name, _label, keys in all_dimensions]
    sizes = [len(keys) for keys in places]
    values: dict[str, int | None] = {}
    status: dict[str, str] = {}
    for cell, row in cells:
        steps = [place[cell[name]] for place, (name, _label, _keys) in zip(places, dimensions, strict=False)]
        for number, name in enumerate(metrics):
            index = 0
            for step, size in zip((*steps, number), sizes, strict=True):
                index = index * size + step
            values[str(index)] = row[name]
            if row[name] is None:
                status[str(index)] = SUPPRESSED
    names = [name for name, _label, _keys in all_dimensions]
    role = {
        "time": [name for name in names if name in TIMES],
        "geo": [name for name in names if name in PLACES],
        "metric": ["measure"],
    }
    body = {
        "version": "2.0",
        "class": "dataset",
        "label": title,
        "source": about["source"],
        "updated": about["built_at"],
        "note": [note, withheld] if status else [note],
        "id": names,
        "size": sizes,
        "role": {name: listed for name, listed in role.items() if listed},
        "dimension": {
            name: {"label": label, "category": {"index": list(keys), "label": dict(keys)}}
            for name, label, keys in all_dimensions
        },
        "value": values,
        **({"status": status} if status else {}),
        "extension": {"about": about},
    }
    return write_json(body, language)
