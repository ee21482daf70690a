"""The four figures on trials, hospital exemption and manufacture: their tables, rules, caveats and files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.caveats import say_withheld
from registry.figure.bars import Bar
from registry.measures import DERIVED, Measure
from registry.pages.public.atmp_tables import Row, Table, cross, draw, list_files
from registry.pages.public.atmp_words import (
    name_class,
    name_phase,
    name_sponsor,
    say_about,
    say_stated,
    say_years,
)
from registry.pages.public.layout import PLACES
from registry.pages.public.selection import View
from registry.published.atmp_query import EXEMPTION_MEASURES, MANUFACTURING_MEASURES, MEASURES
from registry.wording import WITHHELD, list_words, say_date, say_number

MADE = ("batches", "dose_preparations", "products")
TREATED = ("patients", "patients_with_imports")


class Read(NamedTuple):
    """What the page is made of, all of one snapshot and as of one day (registry.published.atmp)."""

    counts: Mapping[str, dict]
    exemption: dict
    manufacturing: dict
    lists: Mapping[str, list[dict]]

    def name_centre(self, code: str, language: str) -> str:
        """A centre's city."""
        cities = {centre["code"]: centre["city"][language] for centre in self.lists["centres"]}
        return cities.get(code, code)

    def name_site(self, code: str) -> str:
        """A manufacturing site's name."""
        return {site["code"]: site["name"] for site in self.lists["manufacturing_sites"]}.get(code, code)


@dataclass(frozen=True)
class Figure:
    """A figure as the template lays it out; empty is the sentence in its place where nothing is stated."""

    name: str
    title: str
    basis: str
    shows: str = ""
    empty: str = ""
    charts: Sequence[tuple[str, list[str]]] = ()
    tables: Sequence[Table] = ()
    caveats: Sequence[str] = ()
    rules: Sequence[tuple[str, str]] = ()
    files: Sequence[tuple[str, str]] = ()
    address: str = ""


def describe_figures(read: Read, view: View, host: str) -> list[Figure]:
    """The four, in the order of the page."""
    return [
        _describe_classes(read, view, host),
        _describe_phases(read, view, host),
        _describe_exemption(read, view, host),
        _describe_manufacturing(read, view, host),
    ]


def say_counted() -> str:
    """What a figure of counted numbers is marked with."""
    return _("Counted: from the trials that hospitals have registered")


def say_basis_stated() -> str:
    """What a figure of stated numbers is marked with."""
    return _("Stated: somebody’s own sums, not counted by the registry")


def _describe_classes(read: Read, view: View, host: str) -> Figure:
    counts, title = read.counts, _("Ongoing trials by hospital and class")
    crossed = cross(counts["centre,class"], counts["centre"], counts["class"], silent=True)

    def name(code: str) -> str:
        return read.name_centre(code, view.language)

    where = [code for code, number in crossed.row_totals.items() if number]
    shows = _("Trials that recruit or follow up patients, by hospital and class of medicine: %(parts)s.")
    parts = [f"{name(code)} {say_number(crossed.row_totals[code])}" for code in where]
    return Figure(
        name="classes",
        title=title,
        basis=say_counted(),
        shows=shows % {"parts": ", ".join(parts)} if parts else "",
        empty="" if parts else say_no_trials(),
        charts=[("", draw(crossed.list_bars(name, name_class), title))],
        tables=[crossed.lay_out("classes-table", title, _("Hospital"), name, name_class)],
        caveats=[*_say_sites(counts["nation"]["total"]), *say_silent(read, view.language)],
        rules=_list_rules(MEASURES, ("trials", "site_trials"), view.language),
        files=list_files("counts", [("by", "class,centre"), *list_asked(view)]),
        address=find_address(view, host, "classes"),
    )


def say_no_trials() -> str:
    """In place of what would be counted of trials."""
    return _("No ongoing trial has been stated.")


def _say_sites(total: Mapping) -> list[str]:
    """How the sum over hospitals is another number than that of trials."""
    said = _(
        "The hospitals’ numbers add up to %(site_trials)s, but the trials are %(trials)s: a trial at several "
        "hospitals is one trial in the country, and one at each of them."
    )
    if total["trials"] == total["site_trials"]:
        return []
    return [said % {name: say_number(total[name]) for name in ("trials", "site_trials")}]


def say_silent(read: Read, language: str) -> list[str]:
    """Which hospitals have never answered."""
    cities = [read.name_centre(code, language) for code in read.counts["nation"]["not_stated"]]
    if not cities:
        return []
    said = _("Not answered: %(hospitals)s. What they have is not known, and is not zero.")
    return [said % {"hospitals": list_words(cities)}]


def _describe_phases(read: Read, view: View, host: str) -> Figure:
    counts, title = read.counts, _("Ongoing trials by phase and sponsor")
    crossed = cross(counts["phase,sponsor"], counts["phase"], counts["sponsor"])
    turned = cross(counts["phase,sponsor"], counts["sponsor"], counts["phase"])
    parts = [f"{name_sponsor(code).lower()} {say_number(number)}" for code, number in turned.row_totals.items()]
    shows = _("%(trials)s ongoing trials in the country, by phase and sponsor: %(parts)s.")
    said = {"trials": say_number(crossed.total), "parts": ", ".join(parts)}
    return Figure(
        name="phases",
        title=title,
        basis=say_counted(),
        shows=shows % said if parts else "",
        empty="" if parts else say_no_trials(),
        charts=[("", draw(turned.list_bars(name_sponsor, name_phase), title))],
        tables=[crossed.lay_out("phases-table", title, _("Phase"), name_phase, name_sponsor)],
        caveats=say_silent(read, view.language),
        rules=_list_rules(MEASURES, ("trials",), view.language),
        files=list_files("counts", [("by", "phase,sponsor"), *list_asked(view)]),
        address=find_address(view, host, "phases"),
    )


def _describe_exemption(read: Read, view: View, host: str) -> Figure:
    rows, title = read.exemption["rows"], _("Patients treated under the hospital exemption, by year")

    def name(row: Mapping) -> str:
        return f"{row['product']} ({read.name_centre(row['centre'], view.language)})"

    bars = [
        Bar(
            say_years(row), row["patients"], group=name(row), hatched=row["is_running"],
            said=_say_patients(row, "patients"),
        )
        for row in rows
    ]  # fmt: skip
    shows = _("What hospitals state of patients treated with a product of their own making: %(parts)s.")
    parts = ", ".join(dict.fromkeys(map(name, rows)))
    return Figure(
        name="exemption",
        title=title,
        basis=say_basis_stated(),
        shows=shows % {"parts": parts} if rows else "",
        empty="" if rows else _("No hospital has stated any treatment under the hospital exemption."),
        charts=[("", draw(bars, title))],
        tables=[_lay_out_exemption(rows, title, name)],
        caveats=_say_exemption(rows),
        rules=_list_rules(EXEMPTION_MEASURES, tuple(EXEMPTION_MEASURES), view.language),
        files=list_files("exemption", list_asked(view)),
        address=find_address(view, host, "exemption"),
    )


def _lay_out_exemption(rows: Sequence[Mapping], title: str, name: Callable[[Mapping], str]) -> Table:
    head = [
        (_("Product and hospital"), ""), (_("Years"), "period"), (_("Patients"), "n"), (_("Deliveries"), "n"),
        (_("According to"), "told"),
    ]  # fmt: skip
    laid = [
        Row(name(row), [
            (say_years(row), "period"),
            (_say_patients(row, "patients"), "n"),
            (_say_patients(row, "deliveries"), "n"),
            (say_stated(row, row["through"]), "told"),
        ])
        for row in rows
    ]  # fmt: skip
    return Table("exemption-table", title, head, laid, is_titled=True)


def _say_patients(row: Mapping, measure: str) -> str:
    return WITHHELD if row.get("suppressed") else say_about(row[measure], row["about"])


def _say_exemption(rows: Sequence[Mapping]) -> list[str]:
    said = []
    if any(row["is_running"] for row in rows):
        said.append(_("A hatched bar is of a year that is not over: its number goes through the day given."))
    if any(row["first_year"] != row["year"] for row in rows):
        said.append(_("A number of several years was stated as one: its years are not known one by one."))
    if any(row["about"] for row in rows):
        said.append(_("A number with “about” was stated as approximate, and is added to no other."))
    if any(row.get("suppressed") for row in rows):
        said.append(say_withheld())
    return said


def _describe_manufacturing(read: Read, view: View, host: str) -> Figure:
    rows, title = read.manufacturing["rows"], _("Manufacture")
    charts, tables, caveats = [], [], []
    for row in rows:
        site = read.name_site(row["site"])
        charts += _draw_site(row, site, view.language)
        tables += [_lay_out_site(row, site, view.language), *_lay_out_classes(row, site)]
        caveats.append(_say_countries(row, site))
    shows = _("What has been made since the start, by the latest statement of each site: %(sites)s.")
    sites = ", ".join(
        _("%(site)s as of %(date)s") % {"site": read.name_site(row["site"]), "date": say_date(row["as_of"])}
        for row in rows
    )
    return Figure(
        name="manufacture",
        title=title,
        basis=say_basis_stated(),
        shows=shows % {"sites": sites} if rows else "",
        empty="" if rows else _("No manufacturing site has stated what it has made."),
        charts=charts,
        tables=tables,
        caveats=[*_say_falls(read, view.language), *caveats, _say_beside()],
        rules=[
            *_list_rules(MANUFACTURING_MEASURES, tuple(MANUFACTURING_MEASURES), view.language),
            *_list_rules(DERIVED, ("manufactured",), view.language),
        ],
        files=list_files("manufacturing", list_asked(view)),
        address=find_address(view, host, "manufacture"),
    )


def _draw_site(row: Mapping, site: str, language: str) -> list[tuple[str, list[str]]]:
    made = [
        Bar(_label(name, language), row[name], said=say_about(row[name], row["about"]))
        for name in (*MADE, *TREATED)
        if row[name] is not None
    ]
    classes = [Bar(name_class(one["class"]), one["products"]) for one in row["classes"]]
    found = [
        (_("%(site)s: made since the start") % {"site": site}, made),
        (_("%(site)s: kinds of product by class") % {"site": site}, classes),
    ]
    return [(title, draw(bars, title)) for title, bars in found if bars]


def _label(measure: str, language: str) -> str:
    return capfirst(MANUFACTURING_MEASURES[measure].label(language))


def _lay_out_site(row: Mapping, site: str, language: str) -> Table:
    """All measures of a statement; below them what is counted, which no line adds to them."""
    stated = say_stated(row, row["as_of"])
    rows = [
        Row(_label(name, language), [(say_about(row[name], row["about"]), "n"), (stated, "told")])
        for name in MANUFACTURING_MEASURES
    ]
    counted = DERIVED["manufactured"].label(language)
    label = _("%(measure)s for an infusion in the registry") % {"measure": capfirst(counted)}
    beside = Row(label, [(say_number(row["manufactured"]), "n"), (_("counted by the registry, beside"), "told")])
    title = _("%(site)s: made since the start") % {"site": site}
    return Table(
        f"{row['site'].lower()}-table", title,
        [(_("Measure"), ""), (_("Number"), "n"), (_("According to"), "told")], [*rows, beside],
    )  # fmt: skip


def _lay_out_classes(row: Mapping, site: str) -> list[Table]:
    if not row["classes"]:
        return []
    rows = [Row(name_class(one["class"]), [(say_number(one["products"]), "n")]) for one in row["classes"]]
    whole = sum(one["products"] for one in row["classes"])
    title = _("%(site)s: kinds of product by class") % {"site": site}
    total = Row(_("Total"), [(say_number(whole), "n")], is_total=True)
    head = [(_("Class"), ""), (_("Kinds of product"), "n")]
    return [Table(f"{row['site'].lower()}-classes", title, head, [*rows, total])]


def _say_countries(row: Mapping, site: str) -> str:
    named = row["receiving_countries"]
    if not named:
        return _("%(site)s: which the receiving countries are is not stated.") % {"site": site}
    said = ngettext(
        "%(site)s: receiving country by its ISO code %(countries)s.",
        "%(site)s: receiving countries by their ISO codes %(countries)s.",
        len(named),
    )
    return said % {"site": site, "countries": ", ".join(named)}


def _say_falls(read: Read, language: str) -> list[str]:
    """What is less than in the statement before, as a question to the site."""
    said = _("Question to %(site)s: %(measure)s, before %(before)s, are %(after)s as of %(date)s. Why fewer?")
    return [
        said
        % {
            "site": read.name_site(fall["site"]),
            "measure": MANUFACTURING_MEASURES[fall["measure"]].label(language),
            "before": say_number(fall["from"]),
            "after": say_number(fall["to"]),
            "date": say_date(fall["as_of"]),
        }
        for fall in read.manufacturing["falls"]
    ]


def _say_beside() -> str:
    return _(
        "What the registry counts as made at a site is products for its own infusions. It is another number than "
        "the site’s, and the two are never added."
    )


def _list_rules(measures: Mapping[str, Measure], names: Sequence[str], language: str) -> list[tuple[str, str]]:
    return [(capfirst(measures[name].label(language)), measures[name].rule(language)) for name in names]


def list_asked(view: View) -> list[tuple[str, str]]:
    """The parameters of the API that all files share."""
    day = [("as_of", view.as_of.isoformat())] if view.as_of else []
    return [*day, ("lang", view.language)]


def find_address(view: View, host: str, name: str) -> str:
    """The address of a figure as it is shown."""
    return f"{host}{view.at(PLACES['atmp'][view.language])}#{name}"
