"""GeoJSON areas as SVG path data."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from registry.figure.frame import HEIGHT, WIDTH, locate
from registry.figure.rings import Ring, clip_ring, measure_area, simplify_ring


@dataclass(frozen=True)
class Detail:
    """How closely to follow a shape: tolerance in kilometres, smallest ring in square kilometres."""

    tolerance: float
    smallest: float


def draw_path(geometry: dict, detail: Detail) -> str:
    """Return the areas of a GeoJSON geometry as SVG path data: relative, kilometres, one decimal."""
    rings = (clip_ring([locate(lat, lon) for lon, lat in ring[:-1]], WIDTH, HEIGHT) for ring in _rings(geometry))
    kept = (simplify_ring(ring, detail.tolerance) for ring in rings if measure_area(ring) >= detail.smallest)
    return "".join(_path_data(ring) for ring in kept)


def _path_data(ring: Ring) -> str:
    """Write a ring as relative steps between rounded positions, so that rounding errors do not add up."""
    tenths = [(round(x * 10), round(y * 10)) for x, y in ring]
    steps = [(x1 - x0, y1 - y0) for (x0, y0), (x1, y1) in pairwise(tenths)]
    numbers = "".join(_number(x) + _number(y) for x, y in steps if x or y)
    return f"M{tenths[0][0] / 10:g},{tenths[0][1] / 10:g}l{numbers.removeprefix(' ')}z"


def _number(tenths: int) -> str:
    """Write tenths as briefly as a path allows, where a minus sign separates like a space."""
    text = re.sub(r"^(-?)0\.", r"\1.", f"{tenths / 10:g}")
    return text if text.startswith("-") else f" {text}"


def _rings(geometry: dict) -> Iterable[list[list[float]]]:
    """Yield the rings of a geometry's areas, without its lines, such as a border at sea."""
    match geometry["type"]:
        case "Polygon":
            yield from geometry["coordinates"]
        case "MultiPolygon":
            for polygon in geometry["coordinates"]:
                yield from polygon
        case "GeometryCollection":
            for part in geometry["geometries"]:
                yield from _rings(part)
