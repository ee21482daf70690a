"""The page's part over time: the country's columns by category, and each centre's small ones."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from registry.choices import Category, DatePrecision
from registry.dates import last_day, read_date
from registry.figure.chart import Stack, add_up, draw_columns
from registry.figure.small_chart import draw_small
from registry.pages.public.selection import MEASURES, SPANS, View
from registry.wording import say_day, say_month_name, say_number

SIZES = {"wide": (760, 300), "narrow": (358, 240)}


@dataclass(frozen=True)
class Columns:
    """The numbers of a series by a view's measure and span: a number for each year."""

    title: str
    years: list[int]
    unfinished: str  # what the last year is called, if it is not over
    nation: list[int | None]
    categories: dict[str, list[int]]
    centres: dict[str, list[int]]

    @property
    def stacks(self) -> list[Stack]:
        """The parts of the country's columns: its categories, unless the policy tells the years alone."""
        if not self.categories:
            return [Stack("whole", _("Sweden"), [number or 0 for number in self.nation])]
        return [Stack(code.lower(), code, numbers) for code, numbers in self.categories.items()]


def describe_series(series: dict, document: dict, view: View) -> dict:
    """What the template needs to draw a map document's series, by the measure and span of the view."""
    columns = _read_columns(series, document, view)
    stacked = [sum(numbers) for numbers in zip(*(stack.numbers for stack in columns.stacks), strict=True)]
    return {
        "title": columns.title,
        "unfinished": columns.unfinished,
        "switches": [
            [(view.address("time", measure=one), _say_measure(one), one == view.measure) for one in MEASURES],
            [(view.address("time", span=one), _say_span(one), one == view.span) for one in SPANS],
        ],
        "charts": [_draw_chart(columns, size) for size in SIZES],
        "categories": [
            (code, Category(code).label) for code, numbers in columns.categories.items() if any(numbers)
        ],
        "small": _describe_centres(columns, document, view),
        "head": list(columns.categories),
        "rows": [_describe_year(columns, place) for place in range(len(columns.years))],
        "differs": stacked != [number or 0 for number in columns.nation],
    }


def _read_columns(series: dict, document: dict, view: View) -> Columns:
    def read(column: dict[str, list]) -> list:
        numbers = column[view.measure]
        return add_up(numbers) if view.span == "total" else numbers

    return Columns(
        title=_title(view),
        years=series["years"],
        unfinished=_say_unfinished(series, document),
        nation=read(series["nation"]),
        categories={code: read(column) for code, column in series["categories"].items()},
        centres={code: read(column) for code, column in series["centres"].items()},
    )


def _draw_chart(columns: Columns, size: str) -> str:
    width, height = SIZES[size]
    return draw_columns(
        columns.years,
        columns.stacks,
        columns.nation,
        width=width,
        height=height,
        label=columns.title,
        css=f"chart-{size}",
        unfinished=columns.unfinished,
    )


def _describe_centres(columns: Columns, document: dict, view: View) -> list[dict]:
    """Each centre's small chart, all to one scale."""
    most = max((number for numbers in columns.centres.values() for number in numbers), default=0)
    return [
        {
            "city": centre["city"],
            "address": view.address("centre", centre=centre["code"]),
            "total": say_number(centre[view.measure]),
            "drawing": draw_small(
                columns.years, numbers, most=most, label=centre["city"], unfinished=columns.unfinished
            ),
        }
        for centre in document["centres"]
        if any(numbers := columns.centres.get(centre["code"], []))
    ]


def _describe_year(columns: Columns, place: int) -> tuple[str | int, list[str], str]:
    """A year's row of the table: its name, each category's number, the country's."""
    is_last = place == len(columns.years) - 1
    return (
        columns.unfinished if columns.unfinished and is_last else columns.years[place],
        [say_number(numbers[place]) for numbers in columns.categories.values()],
        say_number(columns.nation[place]),
    )


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
