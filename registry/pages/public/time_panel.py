"""The page's part over time: the country's columns by category, and each centre's small ones."""

from datetime import date

from django.utils.translation import gettext as _

from registry.choices import Category, DatePrecision
from registry.dates import last_day, read_date
from registry.figure.chart import Stack, add_up, draw_columns
from registry.figure.small_chart import draw_small
from registry.pages.public.selection import MEASURES, SPANS, View
from registry.wording import say_day, say_month_name, say_number

SIZES = {"wide": (760, 300), "narrow": (358, 240)}


def describe_series(series: dict, document: dict, view: View) -> dict:
    """What the template needs to draw a map document's series, by the measure and span of the view."""
    years, unfinished = series["years"], _say_unfinished(series, document)

    def read(column: dict[str, list]) -> list:
        numbers = column[view.measure]
        return add_up(numbers) if view.span == "total" else numbers

    totals = read(series["nation"])
    stacks = [Stack(code.lower(), code, read(column)) for code, column in series["categories"].items()]
    if not stacks:  # the policy tells the country's years alone
        stacks = [Stack("whole", _("Sweden"), [number or 0 for number in totals])]
    title = _title(view)
    charts = [
        draw_columns(
            years,
            stacks,
            totals,
            width=width,
            height=height,
            label=title,
            css=f"chart-{name}",
            unfinished=unfinished,
        )
        for name, (width, height) in SIZES.items()
    ]
    by_centre = {code: read(column) for code, column in series["centres"].items()}
    most = max((number for numbers in by_centre.values() for number in numbers), default=0)
    return {
        "title": title,
        "unfinished": unfinished,
        "switches": [
            [(view.address("time", measure=one), _say_measure(one), one == view.measure) for one in MEASURES],
            [(view.address("time", span=one), _say_span(one), one == view.span) for one in SPANS],
        ],
        "charts": charts,
        "categories": [
            (code, Category(code).label) for code, column in series["categories"].items() if any(read(column))
        ],
        "small": [
            {
                "city": centre["city"],
                "address": view.address("centre", centre=centre["code"]),
                "total": say_number(centre[view.measure]),
                "drawing": draw_small(
                    years, by_centre[centre["code"]], most=most, label=centre["city"], unfinished=unfinished
                ),
            }
            for centre in document["centres"]
            if any(by_centre.get(centre["code"], ()))
        ],
        "head": list(series["categories"]),
        "rows": [
            (
                unfinished if unfinished and year == years[-1] else year,
                [say_number(stack.numbers[place]) for stack in stacks if series["categories"]],
                say_number(totals[place]),
            )
            for place, year in enumerate(years)
        ],
        "differs": any(
            sum(stack.numbers[place] for stack in stacks) != (totals[place] or 0) for place in range(len(years))
        ),
    }


def describe_years(series: dict, document: dict, code: str, view: View) -> str:
    """One centre's new patients or infusions by year, drawn to its own scale."""
    numbers = series["centres"][code][view.measure]
    return draw_small(
        series["years"],
        numbers,
        most=max(numbers, default=0),
        label=_title(view),
        unfinished=_say_unfinished(series, document),
    )


def _say_unfinished(series: dict, document: dict) -> str:
    """What the last year is called where what is shown does not go to its end; nothing where it does."""
    snapshot = document["snapshot"]
    periods = [read_date(text) for text in (snapshot["data_through"], snapshot["as_of"]) if text]
    if not periods or not series["years"]:
        return ""
    # A vague date goes to the end of its period.
    day, precision = min(periods, key=lambda period: last_day(*period))
    year = series["years"][-1]
    if last_day(day, precision) >= date(year, 12, 31):
        return ""
    through = say_month_name(day) if precision == DatePrecision.MONTH else say_day(day)
    return _("%(year)s, through %(day)s") % {"year": year, "day": through}


def _title(view: View) -> str:
    titles = {
        ("patients", "year"): _("New patients by year"),
        ("patients", "total"): _("Patients up to the end of each year"),
        ("infusions", "year"): _("Infusions by year"),
        ("infusions", "total"): _("Infusions up to the end of each year"),
    }
    return titles[view.measure, view.span]


def _say_measure(measure: str) -> str:
    return {"patients": _("Patients"), "infusions": _("Infusions")}[measure]


def _say_span(span: str) -> str:
    return {"year": _("By year"), "total": _("Added up")}[span]
