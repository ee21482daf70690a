"""Closed rings of points: clipping to a frame, area, simplification."""

from collections.abc import Iterator
from math import hypot

Point = tuple[float, float]  # kilometres right and down from the frame's north-western corner
Ring = list[Point]  # closed: the first point is not repeated at the end


def clip_ring(ring: Ring, width: float, height: float) -> Ring:
    """Clip a ring to a frame at the origin, one side after the other (Sutherland and Hodgman)."""
    for axis, edge, sign in ((0, 0.0, 1), (0, width, -1), (1, 0.0, 1), (1, height, -1)):
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
    """Return the area of a ring in square kilometres, clockwise or not."""
    pairs = zip(ring[-1:] + ring[:-1], ring, strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2


def simplify_ring(ring: Ring, tolerance: float) -> Ring:
    """Drop the points of a ring that lie within the tolerance of what remains (Douglas and Peucker)."""
    # The algorithm needs lines: the ring is cut at its first point and at the one farthest from it.
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
