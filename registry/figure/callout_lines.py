"""The lines of a detailed callout."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from registry.figure.texts import draw_swatch, draw_text, estimate_width, shorten
from registry.wording import CentreText, Line


@dataclass(frozen=True)
class Block:
    """A drawing from its own corner: its height, how far down its leader enters, and the SVG."""

    height: float
    port: float
    svg: str


def draw_lines(centre: CentreText, width: float, *, named: bool) -> Block:
    room = width - estimate_width(centre.total, 14) - 12
    parts = [
        draw_text(0, 16, "t-17 t-strong", shorten(centre.city, room, 17, bold=True)),
        draw_text(width, 16, "t-14", centre.total, "end"),
    ]
    port, y = 24.0, 24.0
    if named:
        y += 18
        parts.append(draw_text(0, y, "t-12 t-muted", shorten(centre.name, width, 12)))
    if centre.note:
        y += 18
        parts.append(draw_text(0, y, "t-13 t-note", centre.note))
    for line in centre.lines:
        y += 20
        drawn, y = _draw_line(line, width, y)
        parts.append(drawn)
    return Block(y + 19, port, "".join(parts))


def _draw_line(line: Line, width: float, y: float) -> tuple[str, float]:
    """Draw the line of a category or site with its baseline at y; return it with its last baseline.

    Values that do not fit beside the name go on below it, at the right edge.
    """
    left = 18 + estimate_width(line.name, 14, bold=True) + estimate_width(f" {line.detail}", 14) + 8
    lines = _wrap(line.values, width - left, width - 18)
    name = escape(shorten(line.name, width - 120, 14, bold=True))
    said = f'<tspan class="t-strong">{name}</tspan> <tspan class="t-muted">{escape(line.detail)}</tspan>'
    parts = [draw_swatch(line.mark, 0, y - 10, 10), f'<text x="18" y="{y:g}" class="t-14">{said}</text>']
    for index, text in enumerate(lines):
        if text:
            parts.append(draw_text(width, y + 17 * index, "t-14", text, "end"))
    return "".join(parts), y + 17 * (len(lines) - 1)


def _wrap(values: Sequence[str], beside: float, below: float) -> list[str]:
    """The values in as few lines as hold them, of which the first, beside the name, may stay empty."""
    whole = ", ".join(values)
    if estimate_width(whole, 14) <= beside:
        return [whole]
    lines = [""]
    for place, value in enumerate(values):
        text = f"{value}," if place < len(values) - 1 else value
        longer = f"{lines[-1]} {text}".strip()
        if estimate_width(longer, 14) <= (beside if len(lines) == 1 else below):
            lines[-1] = longer
        else:
            lines.append(text)
    return lines
