"""Placing and drawing the parts of a map: centres, leaders, callouts."""

from html import escape
from math import ceil

from registry.figure.callout_column import Callout, Column, Placed
from registry.figure.frame import locate
from registry.figure.layout import place_callouts
from registry.figure.marks import Mark
from registry.figure.variants import Drawer, Variant
from registry.wording import CentreText

KEY_TOP, KEY_DISTANCE = 24, 30  # above the key, and between it and the right column's callouts


def locate_centre(centre: dict, measures: Variant) -> tuple[float, float]:
    x, y = locate(centre["location"]["lat"], centre["location"]["lon"])
    return measures.country[0] + x * measures.scale, y * measures.scale


def arrange(
    texts: dict[str, CentreText], marks: dict[str, Mark], measures: Variant, key_end: float
) -> tuple[list[Placed], Drawer, float]:
    """Choose the most detailed callouts that fit beside the country, in a drawing not much higher than it."""
    for drawer, growth in measures.drawers:
        blocks = {code: drawer(text, measures.column, "start") for code, text in texts.items()}
        wanted = [
            Callout(code, marks[code].x, marks[code].y, block.height, block.port) for code, block in blocks.items()
        ]
        height = ceil(measures.country[2])
        while height <= measures.country[2] * growth + 1:
            left = Column(measures.column, measures.head, height, measures.gap)
            right = Column(measures.width - measures.column, key_end, height, measures.gap)
            placed = place_callouts(wanted, left, right)
            if placed is not None:
                return placed, drawer, height
            height += 20
    raise AssertionError("The last drawer may grow without limit.")


def draw_country(measures: Variant) -> str:
    x, width, height = measures.country
    return f'<use href="#country" x="{x:g}" y="0" width="{width:g}" height="{height:g}"/>'


def draw_leader(placed: Placed, measures: Variant) -> str:
    """A line from the mark to the callout, continued as the rule below its first line."""
    x, y = placed.entry
    rule = ""
    if measures.ruled:
        rule = f"H{x - measures.column:g}" if _is_left(placed, measures) else f"H{x + measures.column:g}"
    return f'<path class="leader" d="M{placed.callout.x:.1f},{placed.callout.y:.1f}L{x:g},{y:.1f}{rule}"/>'


def draw_callout(placed: Placed, texts: dict[str, CentreText], drawer: Drawer, measures: Variant) -> str:
    """The text of a centre, a little away from its leader if there is no rule."""
    distance = 0 if measures.ruled else 4
    left = _is_left(placed, measures)
    x = placed.column.x - measures.column if left else placed.column.x + distance
    block = drawer(texts[placed.callout.key], measures.column - distance, "end" if left else "start")
    # The area behind the text takes clicks, and shows the outline of keyboard focus.
    area = f'<rect class="area" x="-4" width="{measures.column - distance + 8:g}" height="{block.height:g}"/>'
    return (
        f'<g class="callout" data-centre="{escape(placed.callout.key)}"'
        f' transform="translate({x:g} {placed.top:.1f})">{area}{block.svg}</g>'
    )


def _is_left(placed: Placed, measures: Variant) -> bool:
    return placed.column.x < measures.width / 2
