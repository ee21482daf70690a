"""Explore's page, from a question, its counts and the code lists alone: no database, no request."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from django.template.loader import render_to_string
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from registry.caveats import say_horizon, say_rates
from registry.formats import COUNTS_FORMATS
from registry.formats.labels import label_dimension, label_measure
from registry.formats.tables import is_unlike_sum
from registry.measures import DEFAULT_MEASURES
from registry.pages.public import explore_answer
from registry.pages.public.explore_answer import (
    describe_table,
    describe_title,
    draw_answer,
    list_rows,
    make_bars,
    say_state,
)
from registry.pages.public.explore_options import Options, list_options, name_values
from registry.pages.public.figure_menu import card_address
from registry.pages.public.layout import LANGUAGES, PLACES, Card, describe_snapshot, frame
from registry.pages.public.question import DRAWABLE, Chosen, Question, echo, label_field, list_parameters
from registry.pages.public.selection import View
from registry.published.count_limits import MOST_DIMENSIONS
from registry.published.count_query import ASKABLE, DIMENSIONS
from registry.published.current_snapshot import Current
from registry.published.queries import read_tables
from registry.wording import WITHHELD, say_date, say_number, say_people

MOST_BARS = 60  # that are drawn at once
TYPED = ("from", "to", "as_of", "beside", "month")
PER_INHABITANTS = "&measures=patients,per_100_000"
READY = (
    "product", "indication", "age_group,sex", "region", "year", "trial", f"region{PER_INHABITANTS}",
    f"county{PER_INHABITANTS}",
)  # fmt: skip


def render_answer(
    question: Question,
    chosen: Chosen,
    counts: dict,
    lists: Mapping[str, list[dict]],
    *,
    other: dict | None,
    host: str,
    bare: bool,
) -> str:
    """The page of an answered question, in the active language; counts as read_counts gives them.

    other: those as of the day beside, if one is chosen. bare: it stands at the page's address alone, since
    nothing was asked yet.
    """
    language = question.language
    addresses = PLACES["explore"] if bare else {code: question.address(language=code) for code in LANGUAGES}
    options = list_options(lists, language, counts["snapshot"]["data_through"])
    rows, bars = list_rows(counts, other), make_bars(question, counts, other, options)
    title = describe_title(question, question.drawn)
    context = {
        "answered": True,
        "snapshot": describe_snapshot(counts["snapshot"]),
        "title": title,
        "limits": _describe_limits(question, options),
        "horizon": say_horizon({"centres": lists["centres"], "snapshot": counts["snapshot"]}),
        "table": describe_table(question, counts, other, options),
        "all_rows": say_number(len(rows)) if len(rows) > explore_answer.MOST_ROWS else "",
        "most_rows": say_number(explore_answer.MOST_ROWS),
        "sum": "" if other else _say_sum(counts["total"]),
        "rates": [] if other else say_rates(counts),
        "withheld": WITHHELD if any(cell.get("suppressed") for cell in (*rows, counts["total"])) else "",
        "charts": draw_answer(question, bars[:MOST_BARS]),
        "most_bars": say_number(MOST_BARS) if len(bars) > MOST_BARS else "",
        "faint": any(bar.faint for bar in bars[:MOST_BARS]),
        "drawn": _list_drawn(question),
        "files": [
            (say_state(one.query.as_of), _list_downloads(one), host + one.data_address("csv"))
            for one in ([question, question.other] if other else [question])
        ],
        "address": host + question.address(),
    }
    form = describe_form(language, chosen, options, question)
    card = Card(title, card_address(View(language, as_of=question.query.as_of), "map"))
    page = frame(language, addresses, host=host, card=card)
    return render_to_string("pages/explore.html", page | form | context)


def render_form(
    language: str,
    chosen: Chosen,
    current: Current,
    lists: Mapping[str, list[dict]],
    *,
    problem: str,
    wrong: str,
) -> str:
    """The form as it was filled in, with a sentence on what is wrong, and the name of that field or ""."""
    form = describe_form(language, chosen, list_options(lists, language, current.data_through))
    context = {"problem": problem, "wrong": wrong}
    return render_to_string("pages/explore.html", frame(language, PLACES["explore"]) | form | context)


def describe_form(language: str, chosen: Chosen, options: Options, asked: Question | None = None) -> dict:
    """The fields with what is chosen in them, and the questions that are ready."""
    by = chosen.get("by", ())[:MOST_DIMENSIONS]
    measures, place = chosen.get("measures", DEFAULT_MEASURES), PLACES["explore"][language]
    parameters = list_parameters(asked.query) if asked and not asked.beside else None
    draw = echo(chosen, "draw")
    return {
        "action": place,
        "ready": [
            (f"{place}?by={one}", _name_ready(one), parameters == parse_qsl(f"by={one}")) for one in _list_ready()
        ],
        "labels": {name: label_field(name) for name in ("by", "measures", *TYPED)},
        "divisions": [*by, *[""] * (MOST_DIMENSIONS - len(by))],
        "dimensions": [(name, capfirst(label_dimension(name))) for name in DIMENSIONS],
        "measures": [(name, capfirst(label_measure(name, language)), name in measures) for name in ASKABLE],
        "filters": [_describe_filter(name, options[name], chosen) for name in DIMENSIONS if name in options],
        "typed": {name: echo(chosen, name) for name in TYPED},
        "draw": draw if draw in DRAWABLE else "",
    }


def _describe_filter(name: str, values: Mapping[str, str], chosen: Chosen) -> dict:
    wanted = chosen.get(name, ())
    return {
        "name": name,
        "label": label_field(name),
        "values": [(value, label, value in wanted) for value, label in values.items()],
        "chosen": [label for value, label in values.items() if value in wanted],
    }


def _list_ready() -> list[str]:
    """The ready questions that the policy on small numbers lets somebody ask."""
    tables = read_tables()
    parts = {one: set(one.partition("&")[0].split(",")) for one in READY}
    return [one for one in READY if tables is None or any(parts[one] <= set(table) for table in tables)]


def _name_ready(by: str) -> str:
    return {
        "product": _("By product"),
        "indication": _("By indication"),
        "age_group,sex": _("By age and sex"),
        "region": _("By region"),
        "year": _("By year"),
        "trial": _("By trial"),
        f"region{PER_INHABITANTS}": _("Per 100,000 by region"),
        f"county{PER_INHABITANTS}": _("Per 100,000 by county"),
    }[by]


def _describe_limits(question: Question, options: Options) -> list[tuple[str, str]]:
    """(what, how) of everything that narrows the question down."""
    query = question.query
    days = {"from": query.since, "to": query.until, "as_of": query.as_of, "beside": question.beside}
    limits = [(label_field(name), name_values(options, name, values)) for name, values in query.filters.items()]
    return limits + [(label_field(name), say_date(day.isoformat())) for name, day in days.items() if day]


def _say_sum(total: dict) -> str:
    """Why the patients of the rows are more than the total, where they are."""
    if not is_unlike_sum(total):
        return ""
    return _(
        "The patients of the rows add up to %(summed)s, but they are %(people)s: a person with infusions in "
        "several rows is a patient in each of them, and one patient in the total."
    ) % {"summed": say_number(total["patients_summed"]), "people": say_people(total["patients"])}


def _list_drawn(question: Question) -> list[tuple[str, str, bool]]:
    """(address, name, whether it is the one) of each measure that can be drawn, where there are several."""
    names = [name for name in question.query.measures if name in DRAWABLE]
    found = [
        (
            question.address(drawn=name),
            capfirst(label_measure(name, question.language)),
            name == question.drawn,
        )
        for name in names
    ]
    return found if len(found) > 1 else []


def _list_downloads(question: Question) -> list[tuple[str, str, str]]:
    """(name, address, meaning) of each file of the same numbers."""
    meanings = {
        "xlsx": _("a workbook"),
        "csv": _("rows for a program"),
        "csv-excel": _("rows for a Swedish Excel"),
        "json": _("the answer as data, from the API"),
        "json-stat": _("the format of statistical offices"),
    }
    if question.query.measures == ("first",):
        del meanings["json-stat"]  # it has no dates
    return [
        (
            "JSON-stat" if name == "json-stat" else COUNTS_FORMATS[name].ending.upper(),
            question.data_address(name, question.language),
            meaning,
        )
        for name, meaning in meanings.items()
    ]
