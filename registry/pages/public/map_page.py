"""The public map page, from published documents alone: no database, no cache, no request."""

from datetime import date

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from registry.caveats import say_horizon
from registry.choices import Category
from registry.completeness import is_complete
from registry.dates import read_date
from registry.figure.draw_map import draw_map
from registry.figure.shapes import draw_shapes
from registry.formats import MAP_FORMATS
from registry.infusion_rules import FIRST_TREATMENT
from registry.measures import DERIVED, MEASURES
from registry.pages.public.centre_panel import describe_choice
from registry.pages.public.day_lists import list_days
from registry.pages.public.figure_menu import describe_card, describe_map_menu, describe_time_menu
from registry.pages.public.layout import LANGUAGES, describe_snapshot, frame
from registry.pages.public.numbers_table import describe_table
from registry.pages.public.selection import View, check_centre
from registry.pages.public.time_panel import describe_series
from registry.wording import CentreText, describe_centres, say_citation, say_first, say_national, say_number

DEFINED = ("patients", "infusions", "reinfusions", "further_doses", "children")


def render_map_page(
    document: dict,
    *,
    language: str,
    series: dict | None = None,
    view: View | None = None,
    problem: str = "",
    host: str = "",
) -> str:
    """Return the public page of a map document (INTERFACE.md) as HTML.

    language is "sv" or "en", that of the document's own texts. series are the same numbers over time
    (published.time_series), view is what was chosen, problem a sentence on what could not be shown, host as in
    frame. Nothing else is read. Raises ChoiceUnknown where the view's centre is none of the document's.
    """
    view = view or View(language)
    with override(language):
        check_centre(view, [centre["code"] for centre in document["centres"]])
        turned = {code: view.address(language=code) for code in LANGUAGES}
        context = frame(language, turned, host=host, card=describe_card(view))
        context |= {"view": view, "problem": problem}
        menus = {"map_menu": describe_map_menu(view, host), "time_menu": describe_time_menu(view, host)}
        return render_to_string("pages/map.html", context | menus | _describe(document, series, view))


def _describe(document: dict, series: dict | None, view: View) -> dict:
    """What templates/pages/map.html is made of, besides its frame."""
    texts = describe_centres(document)
    return {
        "snapshot": describe_snapshot(document["snapshot"]),
        "when": _describe_when(view, document),
        "national": document["national"],
        "lead": _say_lead(document["national"]),
        "figures": _choose_figures(document["national"]),
        "shapes": draw_shapes(),
        "wide_map": _draw(document, view, "wide", texts),
        "narrow_map": _draw(document, view, "narrow", texts),
        "categories": [(category.value, category.label) for category in Category],
        "centres": texts,
        "chosen": describe_choice(document, series, view, texts),
        "time": series and describe_series(series, document, view),
        **describe_table(document),
        "citation": say_citation(document),
        "downloads": list_downloads(view),
        "definitions": _define(view.language),
    }


def _draw(document: dict, view: View, variant: str, texts: list[CentreText]) -> str:
    return draw_map(
        document,
        language=view.language,
        variant=variant,
        address=lambda code: view.address("centre", centre=code),
        chosen=view.centre,
        texts=texts,
    )


def list_downloads(view: View) -> list[tuple[str, str, str]]:
    """(name, address, meaning) of the files of what is shown."""
    day = f"&as_of={view.as_of.isoformat()}" if view.as_of else ""
    meanings = {
        "pdf": _("a sheet to print, with the table"),
        "pptx": _("a slide, and a table that can be edited"),
        "png": _("a picture for the screen"),
        "png-print": _("a picture for print"),
        "svg": _("a drawing that can be scaled"),
        "xlsx": _("a workbook"),
        "csv": _("rows for a program"),
        "csv-excel": _("rows for a Swedish Excel"),
        "json": _("the map as data, from the API"),
        "json-stat": _("the format of statistical offices"),
        "geojson": _("the centres as points"),
    }
    names = {"json-stat": "JSON-stat", "geojson": "GeoJSON"}  # the others are called as their files end
    return [
        (
            names.get(name) or MAP_FORMATS[name].ending.rpartition(".")[2].upper(),
            f"/api/v1/map?format={name}&lang={view.language}{day}",
            meaning,
        )
        for name, meaning in meanings.items()
    ]


def _describe_when(view: View, document: dict) -> dict:
    """The day that is shown, and the months that can be, from the first to that of the latest infusion.

    Where small numbers are not shown, only the ends of years can be. Months after `complete` are those that an
    active centre has not attested.
    """
    snapshot = document["snapshot"]
    through, exact = snapshot["data_through"], snapshot["disclosure"] == "exact"
    last = read_date(through)[0] if through else FIRST_TREATMENT
    if not exact:
        last = last.replace(month=12)
    months = [12 * (day.year - FIRST_TREATMENT.year) + day.month - 1 for day in (last, view.as_of or last)]
    return {
        "earliest": FIRST_TREATMENT.isoformat(),
        "day": view.as_of and view.as_of.isoformat(),
        "first": 0 if exact else 11,
        "step": 1 if exact else 12,
        "months": months[0],
        "month": min(months),
        "all": view.address(as_of=None),
        "lists": list_days(view.as_of, last, months=exact),
        "complete": sum(is_complete(document["centres"], month) for month in _list_months(last)) - 1,
        "horizon": say_horizon(document),
    }


def _list_months(last: date) -> list[str]:
    """The months from the registry's first to that of a day, as "2025-09"."""
    ends = 12 * last.year + last.month
    return [f"{at // 12}-{at % 12 + 1:02}" for at in range(12 * FIRST_TREATMENT.year, ends)]


def _say_lead(national: dict) -> str:
    if national["infusions"] == 0:
        return _("No infusion has been registered yet.")
    if national["patients"] is None or national["first"] is None:
        return _("How many people have been treated with CAR-T cells in Sweden is not shown here.")
    return ngettext(
        "Since %(date)s, %(count)s person has been treated with CAR-T cells in Sweden.",
        "Since %(date)s, %(count)s people have been treated with CAR-T cells in Sweden.",
        national["patients"],
    ) % {"date": say_first(national["first"]), "count": say_number(national["patients"])}


def _choose_figures(national: dict) -> list[dict]:
    """The national line: each number with its word and, where there is one, a remark."""
    names = ("patients", "infusions", "reinfusions", "further_doses")
    return [
        {"name": name, "number": say_number(number), "word": word, "remark": remark}
        for name, (number, word, remark) in zip(names, say_national(national), strict=True)
    ]


def _define(language: str) -> list[tuple[str, str]]:
    """The words of the page and what they mean: those of the numbers are the rules they are counted by."""
    defined = [MEASURES[name] for name in DEFINED] + [DERIVED["manufactured"]]
    measures = [(measure.label(language), measure.rule(language)) for measure in defined]
    arrangements = {
        Category.SOC: _("Treatment with an authorised product in ordinary care."),
        Category.ACT: _("A clinical trial with a university or a hospital as its sponsor."),
        Category.ICT: _("A clinical trial with a company as its sponsor."),
        Category.CUP: _("Treatment with a product that is not yet authorised, outside clinical trials."),
    }
    return [
        (
            "CAR-T",
            _(
                "Treatment with T cells, usually the patient’s own, that have been modified to find and "
                "attack diseased cells. TCR-T, a related treatment, is counted with it."
            ),
        ),
        (
            _("cell, in the rules"),
            _("A place in the table, not a cell of the body: a category at a centre, a centre, or the country."),
        ),
        *measures,
        *((f"{category.value} – {category.label.lower()}", meaning) for category, meaning in arrangements.items()),
    ]
