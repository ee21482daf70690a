"""The page's part over time: the country's columns by category, and each centre's small ones."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.caveats import say_attested
from registry.choices import Category
from registry.completeness import end_of, is_complete, is_waited_for, list_lagging
from registry.figure.card import draw_chart_card
from registry.figure.chart import Stack, add_up, draw_columns
from registry.figure.small_chart import draw_small
from registry.pages.public.selection import MEASURES, SPANS, View
from registry.wording import say_complete, say_date, say_day, say_number

SIZES = {"wide": (760, 300), "narrow": (358, 240)}


@dataclass(frozen=True)
class Columns:
    """The numbers of a series by a view's measure and span: a number for each year."""

    title: str
    years: list[int]
    names: dict[int, str]  # what the country's years are called that are not complete
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
        "unfinished": _explain_faint(columns, document),
        "switches": [
            [(view.address("time", measure=one), say_measure(one), one == view.measure) for one in MEASURES],
            [(view.address("time", span=one), say_span(one), one == view.span) for one in SPANS],
        ],
        "charts": [_draw_chart(columns, name, *size) for name, size in SIZES.items()],
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
        return _read_numbers(column, view)

    return Columns(
        title=say_title(view),
        years=series["years"],
        names=_name_years(series["years"], document["centres"], document),
        nation=read(series["nation"]),
        categories={code: read(column) for code, column in series["categories"].items()},
        centres={code: read(column) for code, column in series["centres"].items()},
    )


def _read_numbers(column: dict[str, list], view: View) -> list:
    """The numbers of the view's measure, each year's own or added up."""
    numbers = column[view.measure]
    return add_up(numbers) if view.span == "total" else numbers


def _draw_chart(columns: Columns, name: str, width: float, height: float) -> str:
    return draw_columns(
        columns.years,
        columns.stacks,
        columns.nation,
        width=width,
        height=height,
        label=columns.title,
        css=f"chart-{name}",
        names=columns.names,
    )


def draw_series_card(series: dict, document: dict, view: View, *, fonts: bool) -> str:
    """The chart as a card (registry.figure.card)."""
    with override(view.language):
        columns = _read_columns(series, document, view)
        marks = [code for code, numbers in columns.categories.items() if any(numbers)]
        faint = _("Faint columns are not complete: the numbers may still grow.")
        return draw_chart_card(
            document,
            lambda width, height: _draw_chart(columns, "card", width, height),
            title=columns.title,
            marks=marks,
            said=[faint] if columns.names else [],
            language=view.language,
            fonts=fonts,
        )


def _describe_centres(columns: Columns, document: dict, view: View) -> list[dict]:
    """Each centre's small chart, all to one scale."""
    most = max((number for numbers in columns.centres.values() for number in numbers), default=0)
    return [
        {
            "city": centre["city"],
            "address": view.address("centre", centre=centre["code"]),
            "total": say_number(centre[view.measure]),
            "complete": say_how_complete(centre),
            "drawing": draw_small(
                columns.years,
                numbers,
                most=most,
                label=centre["city"],
                names=_name_years(columns.years, [centre], document),
            ),
        }
        for centre in document["centres"]
        if any(numbers := columns.centres.get(centre["code"], []))
    ]


def say_how_complete(centre: dict) -> str:
    """Through which day a centre's records are complete, or that an active one has not attested it."""
    return say_complete(centre) or (_("Not attested as complete") if is_waited_for(centre) else "")


def _describe_year(columns: Columns, place: int) -> tuple[str | int, list[str], str]:
    """A year's row of the table: its name, each category's number, the country's."""
    year = columns.years[place]
    return (
        columns.names.get(year, year),
        [say_number(numbers[place]) for numbers in columns.categories.values()],
        say_number(columns.nation[place]),
    )


def describe_years(series: dict, document: dict, code: str, view: View) -> str:
    """One centre's new patients or infusions by year, drawn to its own scale."""
    numbers = _read_numbers(series["centres"][code], view)
    centres = [centre for centre in document["centres"] if centre["code"] == code]
    return draw_small(
        series["years"],
        numbers,
        most=max(numbers, default=0),
        label=say_title(view),
        names=_name_years(series["years"], centres, document),
    )


def describe_nation_years(series: dict, document: dict, view: View) -> str:
    """The nation's new patients or infusions by year, drawn as one centre's are, to its own scale."""
    numbers = [number or 0 for number in series["nation"][view.measure]]
    return draw_small(
        series["years"],
        numbers,
        most=max(numbers, default=0),
        label=say_title(view),
        names=_name_years(series["years"], document["centres"], document),
    )


def _name_years(years: list[int], centres: list[dict], document: dict) -> dict[int, str]:
    """What the years are called that are not complete at these centres, or not shown to their end."""
    as_of = document["snapshot"]["as_of"]
    return {year: _name_year(year, centres, as_of) for year in years if not is_complete(centres, str(year), as_of)}


def _name_year(year: int, centres: list[dict], as_of: str | None) -> str:
    if as_of and as_of[:4] == str(year) and as_of < end_of(str(year)):
        return _("%(year)s, through %(day)s") % {"year": year, "day": say_day(date.fromisoformat(as_of))}
    return _("%(year)s, not complete") % {"year": year}


def _explain_faint(columns: Columns, document: dict) -> list[str]:
    """Why columns are faint: the sentences below the chart; none where no column is."""
    if not columns.names:
        return []
    centres, as_of = document["centres"], document["snapshot"]["as_of"]
    said = []
    last = end_of(str(max(columns.names)))
    if as_of and as_of < last:
        said.append(_("The last column goes to %(date)s.") % {"date": say_date(as_of)})
    lagging = [year for year in columns.names if list_lagging(centres, end_of(str(year)))]
    if lagging:
        why = _(
            "Faint columns are not complete (%(years)s): not every active centre has attested that its records "
            "are complete through the end of the year, so the numbers may still grow."
        )
        said += [why % {"years": _say_years(lagging)}, *say_attested(list_lagging(centres, last))]
    return said


def _say_years(years: list[int]) -> str:
    """Return "2025" or "2019–2025"; years follow on each other, since what is complete later is so before."""
    return f"{years[0]}" if len(years) == 1 else f"{years[0]}–{years[-1]}"


def say_title(view: View) -> str:
    """The title of the chart."""
    titles = {
        ("patients", "year"): _("New patients by year"),
        ("patients", "total"): _("Patients up to the end of each year"),
        ("infusions", "year"): _("Infusions by year"),
        ("infusions", "total"): _("Infusions up to the end of each year"),
    }
    return titles[view.measure, view.span]


def say_measure(measure: str) -> str:
    """A measure of the chart, as its switch."""
    return {"patients": _("Patients"), "infusions": _("Infusions")}[measure]


def say_span(span: str) -> str:
    """A span of the chart, as its switch."""
    return {"year": _("By year"), "total": _("Added up")}[span]
