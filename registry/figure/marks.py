"""Centres as marks: circles whose area shows the infusions, divided by category."""

from dataclasses import dataclass
from math import cos, pi, sin

from registry.choices import Category
from registry.figure.mark_sizes import HALO, Sizes
from registry.wording import is_awaited

ORDER = tuple(Category.values)  # of slices, clockwise from noon, and of the key


@dataclass(frozen=True)
class Mark:
    """A centre's position in the drawing, its radius, and its slices as (category, infusions).

    Withheld categories together make the slice "open".
    """

    x: float
    y: float
    radius: float
    slices: tuple[tuple[str, int], ...]
    awaited: bool


def make_marks(centres: list[dict], places: dict[str, tuple[float, float]], sizes: Sizes) -> dict[str, Mark]:
    """Return every centre's mark by its code."""
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
