"""Placing and drawing the parts of a map: centres, leaders, callouts."""

from bisect import bisect_left
from dataclasses import dataclass
from html import escape
from itertools import count
from math import ceil

from registry.figure.callout_column import Callout, Column, Placed
from registry.figure.frame import locate
from registry.figure.layout import place_callouts
from registry.figure.marks import Mark
from registry.figure.variants import Drawer, Variant
from registry.wording import CentreText

STEP = 20  # by which a drawing grows
KEY_TOP, KEY_DISTANCE = 24, 30  # above the key, and between it and the right column's callouts


def locate_centre(centre: dict, measures: Variant) -> tuple[float, float]:
    x, y = locate(centre["location"]["lat"], centre["location"]["lon"])
    return measures.country[0] + x * measures.scale, y * measures.scale


@dataclass(frozen=True)
class Arrangement:
    """Where each callout is, how it is drawn, and how high the drawing has become."""

    placed: list[Placed]
    drawers: dict[str, Drawer]
    height: int


def arrange(
    texts: dict[str, CentreText], marks: dict[str, Mark], measures: Variant, key_end: float
) -> Arrangement:
    """Place callouts as detailed as fit beside the country.

    The drawing grows first. Then detail is given up a step at a time, the next only when all have given up the one
    before, and the centres with the fewest infusions first.
    """
    smallest_first = sorted(texts, key=lambda code: (sum(number for _name, number in marks[code].slices), code))
    details = measures.drawers

    def choose(given_up: int) -> dict[str, Drawer]:
        level, several = divmod(given_up, len(smallest_first) or 1)
        return {
            code: details[min(level + (place < several), len(details) - 1)]
            for place, code in enumerate(smallest_first)
        }

    def place(given_up: int, height: int) -> Arrangement | None:
        drawers = choose(given_up)
        blocks = {code: drawers[code](text, measures.column, "start") for code, text in texts.items()}
        wanted = [
            Callout(code, marks[code].x, marks[code].y, block.height, block.port) for code, block in blocks.items()
        ]
        left = Column(measures.column, measures.head, height, measures.gap)
        right = Column(measures.width - measures.column, key_end, height, measures.gap)
        placed = place_callouts(wanted, left, right)
        return None if placed is None else Arrangement(placed, drawers, height)

    lowest = ceil(measures.country[2])
    highest = int(lowest * measures.growth)
    if found := next(filter(None, (place(0, height) for height in range(lowest, highest + 1, STEP))), None):
        return found
    most = len(smallest_first) * (len(details) - 1)
    given_up = bisect_left(range(most), True, key=lambda number: place(number, highest) is not None)
    return next(filter(None, (place(given_up, height) for height in count(highest, STEP))))


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


def draw_callout(placed: Placed, text: CentreText, drawer: Drawer, measures: Variant) -> str:
    """The text of a centre, a little away from its leader if there is no rule."""
    distance = 0 if measures.ruled else 4
    left = _is_left(placed, measures)
    x = placed.column.x - measures.column if left else placed.column.x + distance
    block = drawer(text, measures.column - distance, "end" if left else "start")
    # The area behind the text takes clicks, and shows the outline of keyboard focus.
    area = f'<rect class="area" x="-4" width="{measures.column - distance + 8:g}" height="{block.height:g}"/>'
    return (
        f'<g class="callout" data-centre="{escape(placed.callout.key)}"'
        f' transform="translate({x:g} {placed.top:.1f})">{area}{block.svg}</g>'
    )


def _is_left(placed: Placed, measures: Variant) -> bool:
    return placed.column.x < measures.width / 2
