"""Numbers as an SVG chart of horizontal bars, one for each row of a table that says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil

from registry.figure.chart_scale import FONT_SIZE
from registry.figure.texts import draw_text, estimate_width, shorten
from registry.wording import say_number

ROW, GAP, THICK = 22, 10, 14  # of a bar, above a group, of the bar itself
HATCH = 6  # from one line of a hatched bar to the next
WIDEST_LABEL = 0.4  # of the drawing, where labels stand beside the bars


@dataclass(frozen=True)
class Bar:
    """A bar: mark is its CSS class, number None where withheld; group is written above the first of each.

    faint: what it shows is not complete. hatched: of a period that still runs. said: what is written at its end,
    where that is not the number alone.
    """

    label: str
    number: int | None
    mark: str = "one"
    group: str = ""
    faint: bool = False
    hatched: bool = False
    said: str = ""

    @property
    def written(self) -> str:
        """What stands at its end."""
        return self.said or say_number(self.number)


def draw_bars(bars: Sequence[Bar], *, width: float, beside: bool, label: str, css: str) -> str:
    """Draw the bars to one scale, each with its number at its end. label names the chart.

    beside: labels stand to the left of the bars, else above them, where there is less room.
    """
    most = max([1, *(bar.number or 0 for bar in bars)])
    left = _measure_labels(bars, width) if beside else 0.0
    room = width - left - max([0.0, *(estimate_width(bar.written, FONT_SIZE) for bar in bars)]) - 8
    parts, y, group = [], 0.0, ""
    for bar in bars:
        if bar.group and bar.group != group:
            group = bar.group
            parts.append(draw_text(0, y + GAP + 14, "t-13 t-strong", shorten(group, width, 13, bold=True)))
            y += GAP + ROW
        if bar.label and not beside:
            parts.append(draw_text(0, y + 15, "t-12", shorten(bar.label, width, FONT_SIZE)))
            y += ROW - 3
        parts.append(_draw_bar(bar, y, left, room * (bar.number or 0) / most, beside))
        y += ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart {css}" viewBox="0 0 {width:g} {y + 4:g}"'
        f' role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _draw_bar(bar: Bar, y: float, left: float, length: float, beside: bool) -> str:
    top, base = y + (ROW - THICK) / 2, y + 15
    name = ""
    if beside:
        name = draw_text(left - 10, base, "t-12", shorten(bar.label, left - 10, FONT_SIZE), "end")
    mark = f"{bar.mark} unfinished" if bar.faint else f"{bar.mark} hatched" if bar.hatched else bar.mark
    box = f'<rect class="{mark}" x="{left:g}" y="{top:g}" width="{length:.1f}" height="{THICK}"/>'
    box += f'<path class="hatch {bar.mark}" d="{_hatch(left, top, length)}"/>' if bar.hatched else ""
    line = f'<path class="ground" d="M{left:g},{y + 1:g}V{y + ROW - 1:g}"/>'
    number = draw_text(round(left + length + 6, 1), base, "t-12", bar.written)
    said = ": ".join(filter(None, (", ".join(filter(None, (bar.group, bar.label))), bar.written)))
    area = f'<rect class="area" x="0" y="{y:g}" width="{left + length:.1f}" height="{ROW}"/>'
    return f'<g data-value="{escape(said)}">{area}{name}{box if length else ""}{line}{number}</g>'


def _hatch(left: float, top: float, length: float) -> str:
    """Slanted lines across a bar. A pattern of SVG would need an id, which a page may hold once only."""
    lines = []
    for start in range(HATCH - THICK, ceil(length), HATCH):
        low, high = max(0, start), min(start + THICK, length)
        if low < high:
            y, end = top + THICK - (low - start), top + THICK - (high - start)
            lines.append(f"M{left + low:.1f},{y:.1f}L{left + high:.1f},{end:.1f}")
    return "".join(lines)


def _measure_labels(bars: Sequence[Bar], width: float) -> float:
    """How far the labels beside the bars reach."""
    widest = max((estimate_width(bar.label, FONT_SIZE) for bar in bars), default=0)
    return min(ceil(widest) + 11, width * WIDEST_LABEL)
