"""The page on trials, hospital exemption and manufacture: what is read for it, and the page."""

from collections.abc import Mapping
from datetime import date, datetime

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.dates import STOCKHOLM
from registry.figure.chart import Stack, draw_columns
from registry.pages.public.atmp_figures import (
    Read,
    describe_figures,
    find_address,
    list_asked,
    say_counted,
    say_no_trials,
    say_silent,
)
from registry.pages.public.atmp_tables import Row, Table, list_files, sum_up
from registry.pages.public.atmp_words import NOT_TOLD, say_not_stated, say_population, say_rate
from registry.pages.public.day_lists import list_days
from registry.pages.public.figure_menu import card_address
from registry.pages.public.layout import PLACES, Card, describe_snapshot, frame
from registry.pages.public.selection import View
from registry.published.atmp import read_all
from registry.published.atmp_query import FIRST_TRIAL, MEASURES, RATE_RULE, TrialQuery
from registry.wording import say_day, say_number

BOTH = ("trials", "site_trials")
SIZES = {"wide": (760, 260), "narrow": (358, 220)}


def read_page(view: View, number: int) -> Read:
    """All that the page shows, of a snapshot. Raises NotPublished, DateInFuture, FactsNotKept."""
    asked = {
        "nation": TrialQuery(measures=(*BOTH, "ever"), as_of=view.as_of, rates=True),
        "region": TrialQuery(("region",), BOTH, as_of=view.as_of, rates=True),
        "year": TrialQuery(("year",), ("opened", "trials"), as_of=view.as_of),
        **{
            by: TrialQuery(tuple(by.split(",")), ("trials",), as_of=view.as_of)
            for by in ("centre", "class", "centre,class", "phase", "sponsor", "phase,sponsor")
        },
    }
    return Read(**read_all(asked, as_of=view.as_of, number=number))


def render_page(read: Read, view: View, *, host: str = "", problem: str = "") -> str:
    """The page in the active language, as of the view's day; problem: what is wrong with the day asked for."""
    nation, snapshot = read.counts["nation"], read.counts["nation"]["snapshot"]
    turned = {code: View(code, as_of=view.as_of).at(place) for code, place in PLACES["atmp"].items()}
    title = _("Trials, hospital exemption and manufacture")
    built = _find_day(snapshot)
    context = {
        "view": view,
        "problem": problem,
        "title": title,
        "action": PLACES["atmp"][view.language],
        "days": list_days(view.as_of, built, earliest=FIRST_TRIAL),
        "snapshot": describe_snapshot(snapshot),
        "is_empty": _is_empty(read),
        "figures": _list_numbers(nation),
        "no_trials": "" if read.counts["centre,class"]["rows"] else say_no_trials(),
        "regions": _lay_out_regions(read),
        "rate": _describe_rate(read.counts, view.language),
        "silent": say_silent(read, view.language),
        "counted": say_counted(),
        "taken": {
            "title": _("Ongoing trials"),
            "files": list_files(
                "counts",
                [("by", "region"), ("measures", "trials,site_trials,per_100_000"), *list_asked(view)],
            ),
            "address": find_address(view, host, "ongoing"),
        },
        "years": _describe_years(read, view, host),
        "parts": describe_figures(read, view, host),
    }
    card = Card(title, card_address(View(view.language, as_of=view.as_of), "map"))
    return render_to_string("pages/atmp.html", frame(view.language, turned, host=host, card=card) | context)


def _find_day(snapshot: Mapping) -> date:
    """The day on which a snapshot was built, in Sweden: what is shown is as of it unless a day is asked for."""
    return datetime.fromisoformat(snapshot["built_at"]).astimezone(STOCKHOLM).date()


def _is_empty(read: Read) -> bool:
    """Whether nobody has stated anything yet."""
    return not (read.counts["centre,class"]["rows"] or read.exemption["rows"] or read.manufacturing["rows"])


def _list_numbers(nation: Mapping) -> list[tuple[str, str, str]]:
    """The nation's numbers: each with its word and a remark."""
    total = nation["total"]
    trials, sites = total["trials"], total["site_trials"]
    rate = _("%(trials)s trials, %(persons)s inhabitants on 31 December %(year)s") % {
        "trials": say_number(trials), "persons": say_number(total["population"]),
        "year": total["population_year"],
    }  # fmt: skip
    opened = total["ever"]
    return [
        (say_number(trials), ngettext("ongoing trial", "ongoing trials", trials), ""),
        (
            say_number(sites), ngettext("trial at a hospital", "trials at hospitals", sites),
            _("a trial at two hospitals is two of these"),
        ),
        (
            say_rate(total), _("ongoing trials per 100,000 inhabitants"),
            rate if total["population"] else _("The registry has no population for the time."),
        ),
        (say_number(opened), ngettext("trial has opened", "trials have opened", opened), ""),
    ]  # fmt: skip


def _describe_rate(counts: Mapping[str, Mapping], language: str) -> dict:
    """The rule of the rate, and whose the populations are: a region's may be of another year than the nation's."""
    said = _("Inhabitants on 31 December %(year)s: %(source)s.")
    known = {said % one: one["year"] for name in ("nation", "region") for one in counts[name]["populations"]}
    return {"rule": RATE_RULE.rule(language), "sources": sorted(known, key=lambda one: (known[one], one))}


def _lay_out_regions(read: Read) -> Table | None:
    """The healthcare regions with both numbers of each rate; None where no hospital has answered."""
    told = {row["region"]: row for row in read.counts["region"]["rows"]}
    silent = set(read.counts["region"]["not_stated"])
    rows = []
    for region in dict.fromkeys(centre["region"] for centre in read.lists["centres"]):
        answered = {one["code"] for one in read.lists["centres"] if one["region"] == region} - silent
        if region in told:
            rows.append(Row(region, _list_cells(told[region])))
        elif answered:
            rows.append(Row(region, [("0", "n"), ("0", "n"), (NOT_TOLD, "n"), (NOT_TOLD, "n")]))
        else:
            rows.append(Row(region, [(say_not_stated(), "")], spans=4))
    if not told:
        return None
    whole = sum_up(_list_cells(read.counts["nation"]["total"]))
    head = [
        (_("Healthcare region"), ""), (_("Trials"), "n"), (_("At hospitals"), "n"), (_("Inhabitants (year)"), "n"),
        (_("Per 100,000"), "n"),
    ]  # fmt: skip
    return Table("regions-table", _("Ongoing trials by healthcare region"), head, [*rows, whole])


def _list_cells(cell: Mapping) -> list[tuple[str, str]]:
    numbers = [say_number(cell[name]) for name in BOTH]
    return [(said, "n") for said in (*numbers, say_population(cell), say_rate(cell))]


def _describe_years(read: Read, view: View, host: str) -> dict | None:
    """How many trials opened each year; the running year is marked, and there is no line through them."""
    rows = read.counts["year"]["rows"]
    if not rows:
        return None
    snapshot = read.counts["year"]["snapshot"]
    day = view.as_of or _find_day(snapshot)
    title, years = _("Trials that opened, by year"), [row["year"] for row in rows]
    opened, shown = [row["opened"] for row in rows], ("opened", "trials")
    running = _("%(year)s, through %(day)s") % {"year": day.year, "day": say_day(day)}
    names = {} if (day.month, day.day) == (12, 31) else {day.year: running}
    label = _("%(title)s. The numbers are in the table below.") % {"title": title}
    charts = [
        draw_columns(
            years, [Stack("one", _("Sweden"), opened)], opened, width=width, height=height, label=label,
            css=f"chart-{size}", names=names,
        )
        for size, (width, height) in SIZES.items()
    ]  # fmt: skip
    head = [(_("Year"), ""), (_("Opened"), "n"), (_("Ongoing at its end"), "n")]
    laid = [
        Row(names.get(row["year"], str(row["year"])), [(say_number(row[one]), "n") for one in shown])
        for row in rows
    ]
    return {
        "title": title,
        "charts": charts,
        "table": Table("years-table", title, head, laid, is_titled=True),
        "address": find_address(view, host, "opened"),
        "running": names.get(day.year, ""),
        "rule": MEASURES["opened"].rule(view.language),
        "files": list_files("counts", [("by", "year"), ("measures", "opened,trials"), *list_asked(view)]),
    }
