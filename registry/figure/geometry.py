"""The country and its neighbours as SVG path data in kilometres, from data/*.geojson."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from registry.figure.projection import project
from registry.figure.rings import Point, Ring, clip_ring, measure_area, simplify_ring

DATA = Path(__file__).resolve().parent / "data"

# The frame in SWEREF 99 TM, kilometres. The country lies within 277.2-917.3 E and
# 6133.9-7669.9 N (data's SOURCES.md); the margin shows where the neighbours adjoin.
WEST, EAST = 237.0, 957.0
SOUTH, NORTH = 6110.0, 7690.0
WIDTH, HEIGHT = EAST - WEST, NORTH - SOUTH


@dataclass(frozen=True)
class Detail:
    """How closely to follow a shape: tolerance in kilometres, smallest ring in square kilometres."""

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
    """Read, project, clip and simplify the files of the map. Cached, since it takes a quarter of a second."""
    counties = {
        feature["properties"]["lan_kod"]: draw_path(feature["geometry"], COUNTY_DETAIL)
        for feature in _read_features("sweden-counties.geojson")
    }
    neighbours = "".join(
        draw_path(feature["geometry"], NEIGHBOUR_DETAIL) for feature in _read_features("neighbours.geojson")
    )
    return Shapes(counties, neighbours)


def locate(lat: float, lon: float) -> Point:
    """Return a position in degrees as kilometres right and down from the frame's corner."""
    east, north = project(lat, lon)
    return east / 1000 - WEST, NORTH - north / 1000


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


def _read_features(name: str) -> list[dict]:
    return json.loads((DATA / name).read_text(encoding="utf-8"))["features"]


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
