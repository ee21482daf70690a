"""Numbers by year as an SVG chart of stacked columns (the numbers: registry.published.time_series).

Each column is an image named by its year and numbers, so that a screen reader reads the chart by column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil

from registry.figure.chart_scale import FONT_SIZE, Scale, choose_step
from registry.figure.texts import estimate_width
from registry.wording import say_number


@dataclass(frozen=True)
class Stack:
    """A category's or centre's number for each year; mark is the CSS class that colours it."""

    mark: str
    name: str
    numbers: Sequence[int]


def add_up(numbers: Sequence[int | None]) -> list[int | None]:
    """Each number plus all before it; None from the first withheld one on."""
    totals: list[int | None] = []
    total: int | None = 0
    for number in numbers:
        total = None if total is None or number is None else total + number
        totals.append(total)
    return totals


def draw_columns(
    years: Sequence[int],
    stacks: Sequence[Stack],
    totals: Sequence[int | None],
    *,
    width: float,
    height: float,
    label: str,
    css: str,
    names: Mapping[int, str],
) -> str:
    """Draw a column for each year, with its total above it where there is room. label names the chart.

    totals are counted separately: they may be less than the sum of the stacks, and are None where withheld.
    names has the years that are not complete, with what each is called; their columns are drawn faint.
    """
    stacked = (sum(stack.numbers[index] for stack in stacks) for index in range(len(years)))
    top = max([1, *(total or 0 for total in totals), *stacked])
    step = choose_step(top)
    most = step * ceil(top / step)
    scale = Scale(width, height, most, len(years), left=estimate_width(say_number(most), FONT_SIZE) + 10)
    parts = [scale.draw_lines(step)]
    for index in range(len(years)):
        parts.append(_draw_column(scale, index, years, stacks, totals, unfinished=names.get(years[index], "")))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart {css}" viewBox="0 0 {width:g} {height:g}"'
        f' role="group" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _draw_column(
    scale: Scale,
    index: int,
    years: Sequence[int],
    stacks: Sequence[Stack],
    totals: Sequence[int | None],
    *,
    unfinished: str,
) -> str:
    """Draw a year: its boxes, its total, and the year below where there is room."""
    faint = " unfinished" if unfinished else ""
    drawn, said, low = [], [], 0
    for stack in stacks:
        number = stack.numbers[index]
        if number:
            drawn.append(scale.draw_box(stack.mark + faint, index, low, low + number))
            said.append(f"{stack.name} {say_number(number)}")
            low += number
    middle, total, year = scale.middle(index), say_number(totals[index]), str(years[index])
    if totals[index] != 0 and estimate_width(total, FONT_SIZE) <= scale.column:
        drawn.append(scale.draw_middle(middle, scale.y(max(low, totals[index] or 0)) - 6, total))
    # Counted from the last year, so that it is always labelled.
    every = ceil((estimate_width("2000", FONT_SIZE) + 6) / scale.column)
    if (len(years) - 1 - index) % every == 0:
        drawn.append(scale.draw_middle(middle, scale.height - 6, year, muted=True))
    name = f"{unfinished or year}: {total}" + (f" ({', '.join(said)})" if said else "")
    value, area = escape(name), scale.draw_area(index)
    return f'<g role="img" aria-label="{value}" data-value="{value}">{area}{"".join(drawn)}</g>'
