"""The country and its neighbours as SVG path data in kilometres, made once from data/*.geojson."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import hypot
from pathlib import Path

from registry.figure.projection import project

Point = tuple[float, float]  # kilometres right and down from the frame's north-western corner
Ring = list[Point]  # closed by implication: the first point is not repeated

DATA = Path(__file__).resolve().parent / "data"

# The frame in SWEREF 99 TM, kilometres. The country lies within 277.2-917.3 E and
# 6133.9-7669.9 N (data's SOURCES.md); the margin lets the neighbours show where they meet it.
WEST, EAST = 237.0, 957.0
SOUTH, NORTH = 6110.0, 7690.0
WIDTH, HEIGHT = EAST - WEST, NORTH - SOUTH


@dataclass(frozen=True)
class Detail:
    """How much of a shape to keep: tolerance in kilometres, smallest ring in square kilometres."""

    tolerance: float
    smallest: float


COUNTY_DETAIL = Detail(tolerance=0.3, smallest=12)
NEIGHBOUR_DETAIL = Detail(tolerance=1.5, smallest=60)


@dataclass(frozen=True)
class Shapes:
    """SVG path data of the 21 counties by county code, and of everything around them as one path."""

    counties: dict[str, str]
    neighbours: str


@lru_cache(maxsize=1)
def load_shapes() -> Shapes:
    """Read, project, clip and simplify the map's files; a quarter of a second, once a process."""
    counties = {
        feature["properties"]["lan_kod"]: draw_path(feature["geometry"], COUNTY_DETAIL)
        for feature in _read_features("sweden-counties.geojson")
    }
    neighbours = "".join(
        draw_path(feature["geometry"], NEIGHBOUR_DETAIL) for feature in _read_features("neighbours.geojson")
    )
    return Shapes(counties, neighbours)


def locate(lat: float, lon: float) -> Point:
    """Return a place given in degrees as kilometres right and down from the frame's corner."""
    east, north = project(lat, lon)
    return east / 1000 - WEST, NORTH - north / 1000


def draw_path(geometry: dict, detail: Detail) -> str:
    """Return the areas of a GeoJSON geometry as SVG path data: relative, kilometres, one decimal."""
    rings = (clip_ring([locate(lat, lon) for lon, lat in ring[:-1]]) for ring in _rings(geometry))
    kept = (simplify_ring(ring, detail.tolerance) for ring in rings if measure_area(ring) >= detail.smallest)
    return "".join(_path_data(ring) for ring in kept)


def clip_ring(ring: Ring) -> Ring:
    """Cut a ring to the frame, one side after the other (Sutherland and Hodgman)."""
    for axis, edge, sign in ((0, 0.0, 1), (0, WIDTH, -1), (1, 0.0, 1), (1, HEIGHT, -1)):
        ring = list(_clip_side(ring, axis, edge, sign))
    return ring


def _clip_side(ring: Ring, axis: int, edge: float, sign: int) -> Iterator[Point]:
    for start, end in zip(ring[-1:] + ring[:-1], ring, strict=True):
        before, after = sign * (start[axis] - edge), sign * (end[axis] - edge)
        if before * after < 0:
            share = before / (before - after)
            yield start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
        if after >= 0:
            yield end


def measure_area(ring: Ring) -> float:
    """Return the area of a ring in square kilometres, whichever way it turns."""
    pairs = zip(ring[-1:] + ring[:-1], ring, strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2


def simplify_ring(ring: Ring, tolerance: float) -> Ring:
    """Drop the points of a ring that lie within the tolerance of what remains (Douglas and Peucker).

    A ring has no ends to hold on to, so it is cut in two at its first point and the one farthest away.
    """
    far = max(range(len(ring)), key=lambda i: hypot(ring[i][0] - ring[0][0], ring[i][1] - ring[0][1]))
    there, back = ring[: far + 1], ring[far:] + ring[:1]
    return _simplify_line(there, tolerance)[:-1] + _simplify_line(back, tolerance)[:-1]


def _simplify_line(line: list[Point], tolerance: float) -> list[Point]:
    keep = {0, len(line) - 1}
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        between = range(first + 1, last)
        if not between:
            continue
        distances = [_distance(line[i], line[first], line[last]) for i in between]
        worst = max(distances)
        if worst > tolerance:
            middle = between[distances.index(worst)]
            keep.add(middle)
            spans += [(first, middle), (middle, last)]
    return [line[i] for i in sorted(keep)]


def _distance(point: Point, start: Point, end: Point) -> float:
    """Distance of a point from a segment."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    share = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / length if length else 0.0
    share = min(1.0, max(0.0, share))
    return hypot(point[0] - start[0] - share * dx, point[1] - start[1] - share * dy)


def _path_data(ring: Ring) -> str:
    """Steps are taken between rounded places, in tenths, so that rounding never adds up along a coast."""
    tenths = [(round(x * 10), round(y * 10)) for x, y in ring]
    steps = [(x1 - x0, y1 - y0) for (x0, y0), (x1, y1) in pairwise(tenths)]
    numbers = "".join(_number(x) + _number(y) for x, y in steps if x or y)
    return f"M{tenths[0][0] / 10:g},{tenths[0][1] / 10:g}l{numbers.removeprefix(' ')}z"


def _number(tenths: int) -> str:
    """Write tenths as briefly as a path allows: a minus sign separates as well as a space does."""
    text = re.sub(r"^(-?)0\.", r"\1.", f"{tenths / 10:g}")
    return text if text.startswith("-") else f" {text}"


def _read_features(name: str) -> list[dict]:
    return json.loads((DATA / name).read_text(encoding="utf-8"))["features"]


def _rings(geometry: dict) -> Iterable[list[list[float]]]:
    """Yield every ring of a geometry's areas; its lines, such as a border at sea, are not drawn."""
    match geometry["type"]:
        case "Polygon":
            yield from geometry["coordinates"]
        case "MultiPolygon":
            for polygon in geometry["coordinates"]:
                yield from polygon
        case "GeometryCollection":
            for part in geometry["geometries"]:
                yield from _rings(part)
