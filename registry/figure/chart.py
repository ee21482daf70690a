"""Numbers over time as SVG: columns a year, stacked by category, or small ones of a single centre.

A chart knows numbers alone (registry.published.time_series). Each column is an image of its own with its
year and numbers as its name, so that a screen reader reads the chart column by column.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from math import ceil, log10

from django.utils.translation import gettext as _

from registry.figure.callouts import draw_text, estimate_width
from registry.wording import say_number

TYPE, STEPS = 12, 4  # size of the type; how many lines there are at most above the ground
HEAD, FOOT = 22, 24  # above the highest line, and below the ground


@dataclass(frozen=True)
class Stack:
    """A category's or a centre's numbers, one a year; mark is the class that colours it."""

    mark: str
    name: str
    numbers: Sequence[int]


def add_up(numbers: Sequence[int | None]) -> list[int | None]:
    """Each year with all before it; None from the first one on that is withheld."""
    return list(accumulate(numbers, lambda total, one: None if total is None or one is None else total + one))


def choose_step(most: int) -> int:
    """The distance between the lines of a scale up to most: 1, 2 or 5 times a power of ten."""
    if most <= STEPS:
        return 1
    power = 10 ** int(log10(most / STEPS))
    return next(step * power for step in (1, 2, 5, 10) if step * power * STEPS >= most)


def draw_columns(
    years: Sequence[int],
    stacks: Sequence[Stack],
    totals: Sequence[int | None],
    *,
    width: float,
    height: float,
    label: str,
    css: str,
    unfinished: str = "",
) -> str:
    """Columns of stacks over years, each with its total above it where there is room.

    totals are counted afresh, and may be less than the sum of the stacks, or None where they are
    withheld; label names the drawing. unfinished is what the last year is called where it is no whole
    one: its column is drawn faint.
    """
    stacked = (sum(stack.numbers[place] for stack in stacks) for place in range(len(years)))
    top = max([1, *(total or 0 for total in totals), *stacked])
    step = choose_step(top)
    most = step * ceil(top / step)
    scale = _Scale(width, height, most, len(years), left=estimate_width(say_number(most), TYPE) + 10)
    parts = [scale.draw_lines(step)]
    for place in range(len(years)):
        name = unfinished if place == len(years) - 1 else ""
        parts.append(_draw_column(scale, place, years, stacks, totals, unfinished=name))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart {css}" viewBox="0 0 {width:g} {height:g}"'
        f' role="group" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def draw_small(
    years: Sequence[int], numbers: Sequence[int], *, most: int, label: str, unfinished: str = ""
) -> str:
    """A centre's columns on a ground, to the scale of most: one image, named by its numbers.

    unfinished as in draw_columns.
    """
    width, height = 240.0, 84.0
    scale = _Scale(width, height, max(1, most), len(years), head=14, foot=16)
    names = [str(year) for year in years]
    if unfinished:
        names[-1] = unfinished
    read = ", ".join(f"{name}: {say_number(count)}" for name, count in zip(names, numbers, strict=True) if count)
    parts = [f'<path class="ground" d="M0,{scale.ground:g}H{width:g}"/>']
    for place, number in enumerate(numbers):
        if number:
            faint = " unfinished" if unfinished and place == len(years) - 1 else ""
            parts.append(scale.draw_box("one" + faint, place, 0, number))
    if numbers and max(numbers):
        place = max(range(len(numbers)), key=lambda i: (numbers[i], i))
        middle, above = scale.middle(place), scale.y(numbers[place]) - 4
        parts.append(scale.draw_middle(middle, above, say_number(numbers[place])))
    if years:
        parts.append(draw_text(0, height - 2, "t-12 t-muted", str(years[0])))
        parts.append(draw_text(width, height - 2, "t-12 t-muted", str(years[-1]), "end"))
    name = f"{label} {read or _('none')}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart small" viewBox="0 0 {width:g} {height:g}"'
        f' role="img" aria-label="{escape(name)}">{"".join(parts)}</svg>'
    )


@dataclass(frozen=True)
class _Scale:
    """Where years and numbers stand in a drawing."""

    width: float
    height: float
    most: int
    years: int
    left: float = 0
    head: float = HEAD
    foot: float = FOOT

    @property
    def ground(self) -> float:
        return self.height - self.foot

    @property
    def column(self) -> float:
        """What one year has for itself, its distance included."""
        return (self.width - self.left) / max(1, self.years)

    @property
    def bar(self) -> float:
        return min(44.0, self.column * 0.72)

    def middle(self, place: int) -> float:
        return self.left + self.column * (place + 0.5)

    def y(self, number: float) -> float:
        return self.ground - (self.ground - self.head) * number / self.most

    def draw_box(self, mark: str, place: int, low: int, high: int) -> str:
        x, top = self.middle(place) - self.bar / 2, self.y(high)
        size = f'width="{self.bar:.1f}" height="{self.y(low) - top:.1f}"'
        return f'<rect class="{mark}" x="{x:.1f}" y="{top:.1f}" {size}/>'

    def draw_middle(self, x: float, y: float, text: str, *, muted: bool = False) -> str:
        """A text with its middle at x, or as near to it as the drawing's edges let it."""
        half = estimate_width(text, TYPE) / 2
        x = max(half, min(self.width - half, x))
        css = "t-12 t-muted middle" if muted else "t-12 middle"
        return f'<text x="{x:.1f}" y="{y:.1f}" class="{css}">{text}</text>'

    def draw_lines(self, step: int) -> str:
        """Lines across, with their numbers at the left, the ground among them."""
        parts = []
        for number in range(0, self.most + 1, step):
            css = "line" if number else "ground"
            parts.append(f'<path class="{css}" d="M{self.left:g},{self.y(number):.1f}H{self.width:g}"/>')
            parts.append(
                draw_text(self.left - 8, round(self.y(number) + 4, 1), "t-12 t-muted", say_number(number), "end")
            )
        return f'<g aria-hidden="true">{"".join(parts)}</g>'


def _draw_column(
    scale: _Scale,
    place: int,
    years: Sequence[int],
    stacks: Sequence[Stack],
    totals: Sequence[int | None],
    *,
    unfinished: str,
) -> str:
    """One year: its boxes, its total, and its year where there is room for it; faint where it is unfinished."""
    faint = " unfinished" if unfinished else ""
    drawn, said, low = [], [], 0
    for stack in stacks:
        number = stack.numbers[place]
        if number:
            drawn.append(scale.draw_box(stack.mark + faint, place, low, low + number))
            said.append(f"{stack.name} {say_number(number)}")
            low += number
    middle, total, year = scale.middle(place), say_number(totals[place]), str(years[place])
    if totals[place] != 0 and estimate_width(total, TYPE) <= scale.column:
        drawn.append(scale.draw_middle(middle, scale.y(max(low, totals[place] or 0)) - 6, total))
    # Years are written from the last one backwards, at a distance that leaves room for each.
    every = ceil((estimate_width("2000", TYPE) + 6) / scale.column)
    if (len(years) - 1 - place) % every == 0:
        drawn.append(scale.draw_middle(middle, scale.height - 6, year, muted=True))
    name = f"{unfinished or year}: {total}" + (f" ({', '.join(said)})" if said else "")
    return f'<g role="img" aria-label="{escape(name)}">{"".join(drawn)}</g>'
