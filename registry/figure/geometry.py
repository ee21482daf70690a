"""The country and its neighbours as SVG path data in kilometres, from data/*.geojson."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from registry.figure.paths import Detail, draw_path

DATA = Path(__file__).resolve().parent / "data"
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


def _read_features(name: str) -> list[dict]:
    return json.loads((DATA / name).read_text(encoding="utf-8"))["features"]
