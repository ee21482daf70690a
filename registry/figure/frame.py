"""The frame of the map, and where a position is in it."""

from registry.figure.projection import project
from registry.figure.rings import Point

# The frame in SWEREF 99 TM, kilometres. The country lies within 277.2-917.3 E and
# 6133.9-7669.9 N (data's SOURCES.md); the margin shows where the neighbours adjoin.
WEST, EAST = 237.0, 957.0
SOUTH, NORTH = 6110.0, 7690.0
WIDTH, HEIGHT = EAST - WEST, NORTH - SOUTH


def locate(lat: float, lon: float) -> Point:
    """Return a position in degrees as kilometres right and down from the frame's corner."""
    east, north = project(lat, lon)
    return east / 1000 - WEST, NORTH - north / 1000
