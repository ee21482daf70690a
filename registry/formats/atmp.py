"""Trials, the hospital exemption and manufacture as files (ATMP.md, "Interface")."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from registry.caveats import say_made_up, say_populations
from registry.formats import CSV, JSON, STAT, XLSX, Format
from registry.formats.about import tell_about
from registry.formats.data import encode, write_csv
from registry.formats.json_stat import without_unknown
from registry.formats.json_stat_dataset import write_dataset
from registry.formats.labels import label_about, label_dimension, label_value, say_disclosure
from registry.formats.tables import Table, say_answers
from registry.formats.workbook import write_xlsx
from registry.measures import DERIVED, Measure
from registry.published.atmp_query import (
    EXEMPTION_MEASURES,
    MANUFACTURING_MEASURES,
    MEASURES,
    RATE_RULE,
)
from registry.published.count_query import RATE
from registry.trial_rules import ONGOING

TRIALS, COUNTS, EXEMPTION, MANUFACTURING = (
    f"/api/v1/atmp/{name}" for name in ("trials", "counts", "exemption", "manufacturing")
)
MADE = DERIVED["manufactured"]
COUNTED = MEASURES | {RATE: RATE_RULE} | {name: DERIVED[name] for name in ("population", "population_year")}


def say_notes(document: Mapping) -> list[str]:
    """The caveats of a document on trials or of statements, in the current language."""
    said = list(say_made_up())
    if document["basis"] == "stated":
        said.append(
            _("According to those who state the numbers. The registry has not counted them, nor adds them up.")
        )
    if silent := document.get("not_stated"):
        said.append(_("These hospitals have not stated any trials: %(codes)s.") % {"codes": ", ".join(silent)})
    for fall in document.get("falls", ()):
        told = _(
            "%(site)s states %(to)s %(measure)s as of %(as_of)s, but stated %(from)s before: a question to it."
        )
        named = MANUFACTURING_MEASURES[fall["measure"]].label(str(get_language()))
        said.append(told % {**fall, "measure": named})
    if "populations" in document:
        said += [RATE_RULE.rule(str(get_language())), *say_populations(document)]
    return said


def tabulate_trials(document: Mapping, language: str) -> Table:
    """A row for each trial at each hospital, with its status there on the day."""
    names = ("identifier", "name", "phase", "sponsor", "sponsor_name", "class", "area")
    flags = ("is_car_t", "long_term_follow_up")
    rows = [
        {name: trial[name] for name in (*names, *flags)}
        | {"other_identifiers": " ".join(trial["other_identifiers"])}
        | {name: site[name] for name in ("centre", "unit", "status", "since", "source")}
        for trial in document["trials"]
        for site in trial["sites"]
    ]
    rows = [row | {"trial_source": row.pop("source")} for row in rows]
    with override(language):
        columns = {
            "identifier": _("number"), "other_identifiers": _("other numbers"), "name": _("name"),
            "phase": _("phase"), "sponsor": _("sponsor"), "sponsor_name": _("name of the sponsor"),
            "class": _("class"), "area": _("therapeutic area"), "is_car_t": _("CAR-T or TCR-T"),
            "long_term_follow_up": _("long-term follow-up only"), "centre": _("centre"), "unit": _("unit"),
            "status": _("status"), "since": _("since"), "trial_source": _("stated in"),
        }  # fmt: skip
        words = _say_values(("phase", "sponsor", "class", "area", "status"), rows, document)
        words |= say_answers(*flags)
        title = _("Trials of advanced therapies in Sweden")
    return _put_together(title, columns, rows, document, TRIALS, words, MEASURES, language)


def tabulate_counts(document: Mapping, language: str) -> Table:
    """A row per cell; the total, which is counted afresh, stands in `about`."""
    with override(language):
        columns = {name: label_dimension(name) for name in document["by"]}
        columns |= {name: COUNTED[name].label(language) for name in document["total"]}
        words = _say_values(document["by"], document["rows"], document)
        title = _("Trials of advanced therapies in Sweden")
    return _put_together(
        title, columns, document["rows"], document, COUNTS, words, COUNTED, language, document["total"]
    )


def tabulate_exemption(document: Mapping, language: str) -> Table:
    """A row for each hospital, product and year, or years."""
    with override(language):
        columns = {
            "centre": _("centre"), "product": _("product"), "class": _("class"), "first_year": _("first year"),
            "year": _("year"), "through": _("through"), "is_running": _("the year runs"),
            **{name: measure.label(language) for name, measure in EXEMPTION_MEASURES.items()},
            "about": _("about"), "stated_by": _("stated by"), "stated_in": _("stated in"),
            "suppressed": _("not shown"),
        }  # fmt: skip
        rows = [_stated(row, columns) for row in document["rows"]]
        words = _say_values(("class",), rows, document) | say_answers("about", "is_running", "suppressed")
        title = _("Treatments under the hospital exemption")
    return _put_together(title, columns, rows, document, EXEMPTION, words, EXEMPTION_MEASURES, language)


def tabulate_manufacturing(document: Mapping, language: str) -> Table:
    """A row for each manufacturing site, with its latest statement and, beside it, what the registry counts."""
    with override(language):
        columns = {
            "site": _("manufacturing site"), "stated_as_of": _("as of"),
            **{name: measure.label(language) for name, measure in MANUFACTURING_MEASURES.items()},
            "classes": _("kinds of product by class"), "receiving_countries": _("named countries"),
            "about": _("about"), "stated_by": _("stated by"), "stated_in": _("stated in"),
            "manufactured": MADE.label(language),
        }  # fmt: skip
        rows = [
            _stated(row, columns)
            | {
                "classes": "; ".join(
                    f"{label_value('class', one['class'])}: {one['products']}" for one in row["classes"]
                ),
                "receiving_countries": " ".join(row["receiving_countries"]),
            }
            for row in document["rows"]
        ]
        title = _("Manufacture of advanced therapies")
        words = say_answers("about")
    rules = MANUFACTURING_MEASURES | {"manufactured": MADE}
    return _put_together(title, columns, rows, document, MANUFACTURING, words, rules, language)


def _stated(row: Mapping, columns: Iterable[str]) -> dict[str, Any]:
    """A statement's columns; its source and day have names of their own beside those of the file."""
    told = {**row, "stated_in": row["source"], "stated_as_of": row.get("as_of")}
    told["suppressed"] = bool(row.get("suppressed"))
    return {name: told[name] for name in columns if name in told}


def _say_values(names: Iterable[str], rows: Sequence[Mapping], document: Mapping) -> dict[str, dict]:
    """The words for the values of columns, in the current language."""
    areas = {area["code"]: area["name"][str(get_language())] for area in document.get("areas", ())}
    found = {
        name: {row[name]: label_value(name, row[name]) for row in rows if row[name] is not None}
        for name in names
        if name not in {"centre", "region", "year"}
    }
    return found | ({"area": found["area"] | areas} if "area" in found else {})


def _put_together(
    title: str, columns: dict[str, str], rows: Sequence[dict], document: Mapping, address: str, words: dict,
    measures: Mapping[str, Measure], language: str, totals: Mapping[str, Any] | None = None,
) -> Table:  # fmt: skip
    about = tell_about(document["snapshot"], language, address)
    totals = totals or {}
    about |= {f"total_{name}": value for name, value in totals.items()}
    with override(language):
        about |= {"basis": document["basis"], "notes": say_notes(document)}
        labels = label_about(about, language) | {"basis": _("basis")}
        labels |= {f"total_{name}": _("total: %(measure)s") % {"measure": columns[name]} for name in totals}
        said: dict[object, str] = {about["disclosure"]: say_disclosure(about["disclosure"]), **_say_basis()}
        words |= {"about": words.get("about", {}) | said}
    return Table(title, columns, rows, about, labels, words, measures)


def _say_basis() -> dict[object, str]:
    return {"counted": _("counted by the registry"), "stated": _("stated by others")}


def _noted_json(document: Mapping, language: str) -> bytes:
    with override(language):
        return encode({**document, "notes": say_notes(document)})


def _formats(
    tabulate: Callable[[Mapping, str], Table], stat: Callable[[Mapping, str], bytes]
) -> dict[str, Format]:
    def rows(document: dict, language: str) -> bytes:
        return write_csv(tabulate(document, language))

    def excel(document: dict, language: str) -> bytes:
        return write_csv(tabulate(document, language), for_excel=True)

    def book(document: dict, language: str) -> bytes:
        return write_xlsx(tabulate(document, language), language)

    return {
        "json": Format(JSON, "json", _noted_json, shown=True),
        "csv": Format(CSV, "csv", rows),
        "csv-excel": Format(CSV, "csv", excel),
        "xlsx": Format(XLSX, "xlsx", book),
        "json-stat": Format(STAT, "json-stat.json", stat, shown=True),
    }


def _stat_about(document: Mapping, language: str, address: str) -> dict[str, Any]:
    about = tell_about(document["snapshot"], language, address)
    return about | {"basis": document["basis"], "notes": say_notes(document)}


def _trials_stat(document: Mapping, language: str) -> bytes:
    """1 for each trial that is ongoing at a hospital, 0 for one that stands there and is not."""
    sites = [(trial, site) for trial in document["trials"] for site in trial["sites"]]
    with override(language):
        dimensions = [
            ("trial", label_dimension("trial"), {trial["identifier"]: trial["name"] for trial, _site in sites}),
            ("centre", label_dimension("centre"), {site["centre"]: site["centre"] for _trial, site in sites}),
        ]
        title, about = _("Trials of advanced therapies in Sweden"), _stat_about(document, language, TRIALS)
    cells = [
        (
            {"trial": trial["identifier"], "centre": site["centre"]},
            {"site_trials": int(site["status"] in ONGOING)},
        )
        for trial, site in sites
    ]
    return _write(about, language, dimensions, {"site_trials": MEASURES["site_trials"]}, cells, title)


def _counts_stat(document: Mapping, language: str) -> bytes:
    rows, by = document["rows"], document["by"]
    with override(language):
        words = _say_values(by, rows, document)
        dimensions = [
            (
                name,
                label_dimension(name),
                {str(row[name]): words.get(name, {}).get(row[name], str(row[name])) for row in rows},
            )
            for name in by
        ]
        title, about = _("Trials of advanced therapies in Sweden"), _stat_about(document, language, COUNTS)
    rules = {name: COUNTED[name] for name in document["total"]}
    silent = set(document["not_stated"])
    cells = [
        ({name: str(row[name]) for name in by}, row if row.get("centre") not in silent else {})
        for row in map(without_unknown, rows)
    ]
    return _write(about, language, dimensions, rules, cells or [({}, document["total"])], title)


def _exemption_stat(document: Mapping, language: str) -> bytes:
    def years(row: Mapping) -> str:
        return str(row["year"]) if row["first_year"] == row["year"] else f"{row['first_year']}–{row['year']}"

    rows = document["rows"]
    with override(language):
        dimensions = [
            ("centre", label_dimension("centre"), {row["centre"]: row["centre"] for row in rows}),
            ("product", label_dimension("product"), {row["product"]: row["product"] for row in rows}),
            ("year", label_dimension("year"), {one: one for one in sorted(map(years, rows))}),
        ]
        title = _("Treatments under the hospital exemption")
        about = _stat_about(document, language, EXEMPTION)
    cells = [
        (
            {"centre": row["centre"], "product": row["product"], "year": years(row)},
            {name: row[name] for name in EXEMPTION_MEASURES if row[name] is not None or row.get("suppressed")},
        )
        for row in rows
    ]
    return _write(about, language, dimensions, EXEMPTION_MEASURES, cells, title)


def _manufacturing_stat(document: Mapping, language: str) -> bytes:
    rows = document["rows"]
    rules = MANUFACTURING_MEASURES | {"manufactured": MADE}
    with override(language):
        sites = {row["site"]: row["site"] for row in rows}
        dimensions = [("site", label_dimension("manufacturing_site"), sites)]
        title, about = _("Manufacture of advanced therapies"), _stat_about(document, language, MANUFACTURING)
    cells = [({"site": row["site"]}, {name: row[name] for name in rules if row[name] is not None}) for row in rows]
    return _write(about, language, dimensions, rules, cells, title)


def _write(
    about: Mapping, language: str, dimensions: list, rules: Mapping[str, Measure], cells: list, title: str
) -> bytes:
    """A dataset; a dimension needs a category: where there is nothing that is "all", without a value."""
    with override(language):
        nothing = {"all": _("all")}
    filled = [(name, label, keys or nothing) for name, label, keys in dimensions]
    known = [(cell, row) for cell, row in cells if len(cell) == len(dimensions)]
    labels = {name: rule.label(language) for name, rule in rules.items()}
    return write_dataset(about, language, filled, list(rules), known, title=title, labels=labels)


TRIALS_FORMATS: Mapping[str, Format] = _formats(tabulate_trials, _trials_stat)
TRIAL_COUNTS_FORMATS: Mapping[str, Format] = _formats(tabulate_counts, _counts_stat)
EXEMPTION_FORMATS: Mapping[str, Format] = _formats(tabulate_exemption, _exemption_stat)
MANUFACTURING_FORMATS: Mapping[str, Format] = _formats(tabulate_manufacturing, _manufacturing_stat)
