"""The text beside a mark, in as much detail as there is room for: what is drawn, and how high it is.

A server does not know with which type a page is shown, should the page's own not load, so widths are
estimated a little above those of that and of the widest common system fonts: a text may be given too
much room, never too little.
"""

from dataclasses import dataclass
from html import escape
from typing import Literal

from registry.wording import CentreText, Line

Anchor = Literal["start", "end"]

# Widths in ems, of a wide sans-serif (Inter, DejaVu Sans, Verdana); what is not listed is as a digit, and
# as wide as any where it is no ASCII letter.
EMS = {
    **dict.fromkeys("ijlI'", 0.30),
    **dict.fromkeys(" .,:;()/·ft|", 0.38),
    **dict.fromkeys("r", 0.42),
    **dict.fromkeys("-", 0.47),
    **dict.fromkeys("sczJ", 0.57),
    **dict.fromkeys("åäöéáèüø", 0.66),
    **dict.fromkeys("ABEFKLPRSTVXYZ", 0.70),
    **dict.fromkeys("CÅÄÉ", 0.74),
    **dict.fromkeys("DGHNUÜ", 0.78),
    **dict.fromkeys("OQÖ", 0.82),
    **dict.fromkeys("mwMW@%–", 0.98),
}
USUAL_EM, WIDEST_EM = 0.645, 1.0
BOLD = 1.12


@dataclass(frozen=True)
class Block:
    """A callout's drawing from its own corner: its height, where its leader enters, and the SVG."""

    height: float
    port: float
    svg: str


def estimate_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the most that a text is likely to take, in the unit of its size."""
    ems = (EMS.get(letter, USUAL_EM if letter.isascii() else WIDEST_EM) for letter in text)
    return sum(ems) * size * (BOLD if bold else 1)


def shorten(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Cut a text to a width, with an ellipsis where something is gone."""
    if estimate_width(text, size, bold=bold) <= width:
        return text
    while text and estimate_width(text + "…", size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def draw_text(x: float, y: float, css: str, text: str, anchor: Anchor = "start") -> str:
    """Return one line of SVG text at a baseline; sizes and colours are the style sheet's."""
    end = ' text-anchor="end"' if anchor == "end" else ""
    return f'<text x="{x:g}" y="{y:g}" class="{css}"{end}>{escape(text)}</text>'


def draw_full(centre: CentreText, width: float, anchor: Anchor) -> Block:
    """City and infusions over a rule, the hospital, and a line for each category and site.

    It fills its width, so that the anchor makes no difference.
    """
    return _draw_lines(centre, width, named=True)


def draw_plain(centre: CentreText, width: float, anchor: Anchor) -> Block:
    """As draw_full, without the hospital."""
    return _draw_lines(centre, width, named=False)


def draw_brief(centre: CentreText, width: float, anchor: Anchor) -> Block:
    """City and infusions on one low line."""
    room = width - estimate_width(centre.total, 13) - 10
    city = draw_text(0, 13, "t-13 t-strong", shorten(centre.city, room, 13, bold=True))
    return Block(20, 18, city + draw_text(width, 13, "t-13", centre.total, "end"))


def draw_label(centre: CentreText, width: float, anchor: Anchor) -> Block:
    """City over its number, for a narrow screen."""
    x = width if anchor == "end" else 0
    city = shorten(centre.city, width, 12, bold=True)
    number = shorten(centre.number, width, 12)
    parts = draw_text(x, 11, "t-12 t-strong", city, anchor), draw_text(x, 25, "t-12", number, anchor)
    return Block(28, 14, "".join(parts))


def draw_tag(centre: CentreText, width: float, anchor: Anchor) -> Block:
    """City and number on one line, for a narrow screen with many centres."""
    number = centre.number if centre.number[0].isdigit() else "–"
    room = width - estimate_width(f" {number}", 10)
    text = f"{shorten(centre.city, room, 10)} {number}"
    return Block(12, 7, draw_text(width if anchor == "end" else 0, 10, "t-10", text, anchor))


def _draw_lines(centre: CentreText, width: float, *, named: bool) -> Block:
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
    """Draw a category's or site's line with its baseline at y; return it with its last baseline.

    Values that do not fit beside the name stand below each other at the right edge.
    """
    left = 18 + estimate_width(line.name, 14, bold=True) + estimate_width(f" {line.detail}", 14) + 8
    values = [", ".join(line.values)]
    if left + estimate_width(values[0], 14) > width:
        values = list(line.values)
    first = y if left + estimate_width(values[0], 14) <= width else y + 17
    name = escape(shorten(line.name, width - 120, 14, bold=True))
    said = f'<tspan class="t-strong">{name}</tspan> <tspan class="t-muted">{escape(line.detail)}</tspan>'
    parts = [draw_swatch(line.mark, 0, y - 10, 10), f'<text x="18" y="{y:g}" class="t-14">{said}</text>']
    for place, value in enumerate(values):
        parts.append(draw_text(width, first + 17 * place, "t-14", value, "end"))
    return "".join(parts), first + 17 * (len(values) - 1)


def draw_swatch(mark: str, x: float, y: float, size: float) -> str:
    """Return a category's square, or a manufacturing site's diamond."""
    if mark == "site":
        half = size / 2 + 1
        steps = f"l{half:g},{half:g} {-half:g},{half:g} {-half:g},{-half:g}z"
        return f'<path class="site" d="M{x + size / 2:g},{y - 1:g}{steps}"/>'
    return f'<rect class="{mark.lower()}" x="{x:g}" y="{y:g}" width="{size:g}" height="{size:g}" rx="2"/>'
