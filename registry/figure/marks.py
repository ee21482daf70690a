"""Centres as marks: circles whose area tells the infusions, cut into categories; and their key."""

from dataclasses import dataclass
from html import escape
from itertools import combinations
from math import cos, hypot, pi, sin, sqrt

from django.utils.translation import gettext as _

from registry.choices import Category
from registry.figure.callouts import Block, draw_swatch, draw_text
from registry.map_cells import cells_of_centre
from registry.wording import is_awaited, say_number

ORDER = tuple(Category.values)  # of slices, clockwise from noon, and of the key
HALO = 1.5  # around a mark, in units of the drawing
LEAST_SHARE = 0.6  # where centres stand closer still their circles overlap, rather than shrink further


@dataclass(frozen=True)
class Mark:
    """A centre's place in the drawing, its radius, and its slices as (category, infusions).

    What its withheld categories have together is a slice of its own, "open".
    """

    x: float
    y: float
    radius: float
    slices: tuple[tuple[str, int], ...]
    awaited: bool


@dataclass(frozen=True)
class Sizes:
    """Radius of one infusion (radii grow with the square root), and the smallest radius drawn.

    open is the radius of a centre without infusions, or whose infusions are withheld.
    """

    unit: float
    smallest: float
    open: float

    def radius(self, infusions: int | None) -> float:
        """Return the radius for so many infusions."""
        return max(self.smallest, self.unit * sqrt(infusions)) if infusions else self.open


def choose_sizes(
    centres: list[dict], places: dict[str, tuple[float, float]], *, largest: float, smallest: float
) -> Sizes:
    """Return the sizes at which the largest centre has the largest radius, or less where two would touch."""
    roots = {centre["code"]: sqrt(centre["infusions"]) for centre in centres if centre["infusions"]}
    if not roots:
        return Sizes(0, smallest, smallest + 2)
    unit = largest / max(roots.values())
    apart = [
        (hypot(places[a][0] - places[b][0], places[a][1] - places[b][1]) - 2 * HALO) / (roots[a] + roots[b])
        for a, b in combinations(roots, 2)
    ]
    unit = min([unit, *(max(LEAST_SHARE * unit, share) for share in apart)])
    return Sizes(unit, smallest, smallest + 2)


def make_marks(centres: list[dict], places: dict[str, tuple[float, float]], sizes: Sizes) -> dict[str, Mark]:
    """Return the mark of every centre, by its code."""
    return {
        centre["code"]: Mark(
            *places[centre["code"]],
            sizes.radius(centre["infusions"]),
            _slice(centre),
            is_awaited(centre),
        )
        for centre in centres
    }


def _slice(centre: dict) -> tuple[tuple[str, int], ...]:
    if centre["infusions"] is None:
        return ()
    counted = {cell["category"]: cell["infusions"] for cell in centre["categories"] if cell["infusions"]}
    slices = tuple((category, counted[category]) for category in ORDER if category in counted)
    withheld = centre["infusions"] - sum(counted.values())
    return (*slices, ("open", withheld)) if withheld else slices


def draw_mark(mark: Mark) -> str:
    """Return a mark's SVG: a pie in a halo, or an open circle for a centre without infusions."""
    circle = f'cx="{mark.x:.1f}" cy="{mark.y:.1f}"'
    if not mark.slices:
        css = "mark open awaited" if mark.awaited else "mark open"
        return f'<circle class="{css}" {circle} r="{mark.radius:.1f}"/>'
    halo = f'<circle class="halo" {circle} r="{mark.radius + HALO:.1f}"/>'
    if len(mark.slices) == 1:
        return f'{halo}<circle class="mark {mark.slices[0][0].lower()}" {circle} r="{mark.radius:.1f}"/>'
    whole = sum(infusions for _category, infusions in mark.slices)
    drawn, begun = [], 0
    for category, infusions in mark.slices:
        path = _sector(mark, begun / whole, (begun + infusions) / whole)
        drawn.append(f'<path class="mark {category.lower()}" d="{path}"/>')
        begun += infusions
    return halo + "".join(drawn)


def _sector(mark: Mark, start: float, end: float) -> str:
    """A slice between two shares of the turn, clockwise from noon."""
    (x0, y0), (x1, y1) = (
        (mark.x + mark.radius * sin(2 * pi * share), mark.y - mark.radius * cos(2 * pi * share))
        for share in (start, end)
    )
    large = int(end - start > 1 / 2)
    return (
        f"M{mark.x:.1f},{mark.y:.1f}L{x0:.1f},{y0:.1f}"
        f"A{mark.radius:.1f},{mark.radius:.1f} 0 {large} 1 {x1:.1f},{y1:.1f}z"
    )


def draw_key(centres: list[dict], sizes: Sizes, *, made: bool) -> Block:
    """Return the key: the categories, the signs that occur, and the sizes of marks."""
    parts, y = [draw_text(0, 12, "t-13 t-strong", _("Category of the infusions"))], 34.0
    for category in Category:
        parts.append(draw_swatch(category.value, 0, y - 10, 10))
        parts.append(
            f'<text x="18" y="{y:g}" class="t-13"><tspan class="t-strong">{category.value}</tspan>'
            f' <tspan class="t-muted">{escape(str(category.label))}</tspan></text>'
        )
        y += 19
    if made:
        parts.append(draw_swatch("site", 0, y - 10, 10))
        parts.append(draw_text(18, y, "t-13 t-muted", _("Manufacture of CAR-T cells at the hospital")))
        y += 19
    if any(is_awaited(centre) for centre in centres):
        parts.append(f'<circle class="mark open awaited" cx="5" cy="{y - 5:g}" r="{sizes.open:g}"/>')
        parts.append(draw_text(18, y, "t-13 t-muted", _("Upcoming centre")))
        y += 19
    if any(cell.numbers.get("suppressed") for centre in centres for cell in cells_of_centre(centre)):
        parts.append(f'<circle class="mark open" cx="5" cy="{y - 5:g}" r="{sizes.open:g}"/>')
        parts.append(draw_text(18, y, "t-13 t-muted", _("Numbers that are not shown")))
        y += 19
    most = max((centre["infusions"] or 0 for centre in centres), default=0)
    if most > 1:
        drawn, y = _draw_sizes(_choose_examples(most), sizes, y + 18)
        parts.append(drawn)
    return Block(y, 0, "".join(parts))


def _draw_sizes(examples: list[int], sizes: Sizes, y: float) -> tuple[str, float]:
    """Draw nested circles on one ground, each with its number beside it; y is the heading's baseline."""
    parts = [draw_text(0, y, "t-13 t-strong", _("Area of the circle: infusions"))]
    largest = sizes.radius(examples[0])
    ground = y + 12 + 2 * largest
    for infusions in examples:
        radius = sizes.radius(infusions)
        top, end = ground - 2 * radius, 2 * largest + 14
        middle = f'cx="{largest:.1f}" cy="{ground - radius:.1f}"'
        parts.append(f'<circle class="example" {middle} r="{radius:.1f}"/>')
        parts.append(f'<path class="leader" d="M{largest:.1f},{top:.1f}H{end:.1f}"/>')
        parts.append(draw_text(round(end + 5, 1), round(top + 4, 1), "t-12 t-muted", say_number(infusions)))
    return "".join(parts), ground + 4


def _choose_examples(most: int) -> list[int]:
    """Return the largest round number below the most, and one of a tenth to a fifth of it."""
    rounds = [step * 10**power for power in range(7) for step in (1, 2, 5)]
    below = [number for number in rounds if number <= most]
    return [below[-1], below[max(0, len(below) - 3)]]
