"""The sizes of the circles on the map."""

from dataclasses import dataclass
from itertools import combinations
from math import hypot, sqrt

HALO = 1.5  # around a mark, in units of the drawing
LEAST_SHARE = 0.6  # circles of centres that are very close overlap rather than shrink further


@dataclass(frozen=True)
class Sizes:
    """Radius of one infusion (it grows with the square root), the smallest radius, and that of an open circle.

    An open circle is a centre without infusions, or whose infusions are withheld.
    """

    unit: float
    smallest: float
    open: float

    def radius(self, infusions: int | None) -> float:
        return max(self.smallest, self.unit * sqrt(infusions)) if infusions else self.open


def choose_sizes(
    centres: list[dict], places: dict[str, tuple[float, float]], *, largest: float, smallest: float
) -> Sizes:
    """Return sizes that give the largest centre the largest radius, or less where two circles would touch."""
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
