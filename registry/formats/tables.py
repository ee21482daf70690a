"""Documents as tables, for CSV and workbooks."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.caveats import say_attested, say_made_up, say_policy, say_rates, say_withheld
from registry.choices import CentreStatus
from registry.completeness import is_complete
from registry.formats.about import tell_about, tell_about_map
from registry.formats.labels import label_about, label_dimension, label_measure, label_value, say_disclosure
from registry.map_cells import Cell, walk_cells
from registry.measures import DERIVED, MEASURES, Measure
from registry.wording import say_number, say_people

COUNTS_ADDRESS = "/api/v1/counts"  # on the registry's own host
MAP_MEASURES = ("first", "patients", "infusions", "reinfusions", "further_doses", "children")

PLACE = {"centre": "code", "name": "name", "city": "city", "region": "region", "status": "status"}


@dataclass(frozen=True)
class Table:
    """Rows by column name, and the columns' labels in a language.

    A row with withheld numbers has True in the column "suppressed", and None for each of them. about holds for
    every row: snapshot, day, source, licence, notes. words are those of a column's codes in the language, for
    files that people read. measures: those whose rules a workbook tells.
    """

    title: str
    columns: dict[str, str]
    rows: Sequence[dict]
    about: dict[str, object]
    about_labels: Mapping[str, str]
    words: Mapping[str, Mapping[object, str]]
    measures: Mapping[str, Measure] = field(default_factory=lambda: MEASURES | DERIVED)

    def say(self, column: str, value: object) -> object:
        """A value as people read it."""
        return self.words.get(column, {}).get(value, value) if isinstance(value, Hashable) else value


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
            "region": _("region"), "status": _("status"), "complete_through": _("complete through"),
            "category": _("category"),
            **{name: label_measure(name, language) for name in (*MAP_MEASURES, "manufactured")},
            "suppressed": _("not shown"),
        }  # fmt: skip
        title = _("CAR-T treatments in Sweden")
        words = say_answers("suppressed") | {
            "level": {
                "nation": _("country"), "centre": _("centre"), "category": _("category"),
                "manufacturing_site": _("manufacturing site"),
            },
            "status": {code: str(label).lower() for code, label in CentreStatus.choices},
        }  # fmt: skip
    return _put_together(title, columns, rows, tell_about_map(document, language), words, language)


def _put_together(
    title: str, columns: dict[str, str], rows: list[dict], about: dict, words: dict, language: str
) -> Table:
    with override(language):
        words |= {"about": {about["disclosure"]: say_disclosure(about["disclosure"])}}
        return Table(title, columns, rows, about, label_about(about, language), words)


def say_answers(*columns: str) -> dict[str, dict]:
    return {name: {True: _("yes"), False: _("no")} for name in columns}


def _place(cell: Cell) -> dict[str, str | None]:
    if not cell.centre:
        return {"level": "nation"}
    place = {name: cell.centre[key] for name, key in PLACE.items()}
    if cell.category:
        return place | {"level": "category", "category": cell.category}
    return place | {"level": "centre", "complete_through": cell.centre.get("complete_through")}


def tabulate_counts(counts: dict, language: str) -> Table:
    """A row per cell. The total, which is counted separately, is in `about`, since it is not a row."""
    measures = [name for name in counts["total"] if name not in {"patients_summed", "suppressed"}]
    with override(language):
        labels = {name: label_dimension(name) for name in counts["by"]}
        labels |= {name: label_measure(name, language) for name in measures}
        labels |= {"complete": _("complete")} if "coverage" in counts else {}
        labels |= {"suppressed": _("not shown")}
        title = _("CAR-T treatments in Sweden")
        words = say_answers("complete", "suppressed") | _say_values(counts)
        notes = list_counts_notes(counts)
    rows = [row | tell_complete(row, counts) | {"suppressed": is_suppressed(row)} for row in counts["rows"]]
    about = tell_about(counts["snapshot"], language, COUNTS_ADDRESS)
    about |= {f"total_{name}": value for name, value in counts["total"].items()} | {"notes": notes}
    return _put_together(title, labels, rows, about, words, language)


def _say_values(counts: dict) -> dict[str, dict]:
    """The words for the values of dimensions; codes and proper names stay as they are."""
    return {
        name: {row[name]: label_value(name, row[name]) for row in counts["rows"] if row[name] is not None}
        for name in counts["by"]
        if name in {"county", "sex", "age_group", "month"}
    }


def list_counts_notes(counts: dict) -> list[str]:
    """The caveats of a table, in the current language."""
    total = counts["total"]
    hidden = any(map(is_suppressed, (total, *counts["rows"])))
    said = [*say_made_up(), *([say_withheld(as_data=True)] if hidden else []), *say_policy(counts["snapshot"])]
    if is_unlike_sum(total):
        told = _("The patients of the rows add up to %(summed)s, but they are %(patients)s.")
        numbers = {"summed": say_number(total["patients_summed"]), "patients": say_people(total["patients"])}
        said.append(told % numbers)
    said += say_attested(row | {"city": row["centre"]} for row in counts.get("coverage", []))
    return [*said, *say_rates(counts)]


def is_unlike_sum(total: dict) -> bool:
    """Whether the patients of the rows add up to another number than the total, and both are shown."""
    summed, patients = total.get("patients_summed"), total.get("patients")
    return None not in {summed, patients} and summed != patients


def tell_complete(row: dict, counts: dict) -> dict[str, bool | None]:
    """In a table by year or month: whether every active centre of the row has attested the period to its end.

    None in a row of which neither is known.
    """
    if "coverage" not in counts:
        return {}
    month = row.get("month", "unknown")
    period = str(row.get("year", "")) if month == "unknown" else month
    counted = [
        centre
        for centre in counts["coverage"]
        if all(row[place] == centre[place] for place in ("centre", "region", "county") if place in row)
    ]
    return {"complete": is_complete(counted, period, counts["snapshot"]["as_of"]) if period else None}


def is_suppressed(cell: dict) -> bool:
    """Whether the disclosure policy withholds numbers of the cell, which are then None."""
    return bool(cell.get("suppressed"))


def _measures(cell: dict) -> dict:
    return {name: cell[name] for name in MAP_MEASURES if name in cell} | {"suppressed": is_suppressed(cell)}
