"""Places callouts in two columns beside the map, so that none can overlap another.

A column is a stretch of the vertical axis. Its callouts are stacked in it one under the other, each
as near to its mark as the others let it (least squares, by pooling adjacent violators), so that
overlap is impossible by construction. All lengths are in the units of the drawing.
"""

from dataclasses import dataclass
from math import hypot


@dataclass(frozen=True)
class Callout:
    """What is to be placed: its mark at (x, y), its height, and how far below its top its leader enters."""

    key: str
    x: float
    y: float
    height: float
    port: float


@dataclass(frozen=True)
class Column:
    """Room for callouts from top to bottom; their leaders enter at x, and gap is kept between them."""

    x: float
    top: float
    bottom: float
    gap: float

    def fits(self, callouts: list[Callout]) -> bool:
        """Whether there is room for all of these."""
        return _length(callouts, self.gap) <= self.bottom - self.top


@dataclass(frozen=True)
class Placed:
    """A callout in its column, with its top."""

    callout: Callout
    column: Column
    top: float

    @property
    def entry(self) -> tuple[float, float]:
        """Where its leader enters."""
        return self.column.x, self.top + self.callout.port


def place_callouts(callouts: list[Callout], left: Column, right: Column) -> list[Placed] | None:
    """Give the western callouts to the left column and the others to the right one.

    Of all such divisions that fit, the one with the shortest leaders. None where none fits.
    """
    eastwards = sorted(callouts, key=lambda callout: (callout.x, callout.key))
    divisions = [(eastwards[:count], eastwards[count:]) for count in range(len(eastwards) + 1)]
    fitting = [(west, east) for west, east in divisions if left.fits(west) and right.fits(east)]
    if not fitting:
        return None

    def cost(division: tuple[list[Callout], list[Callout]]) -> float:
        return _leader_length(stack_by_height(division[0], left) + stack_by_height(division[1], right))

    west, east = min(fitting, key=cost)
    return stack_uncrossed(west, left) + stack_uncrossed(east, right)


def stack_by_height(callouts: list[Callout], column: Column) -> list[Placed]:
    """Stack callouts in the order of their marks, from north to south."""
    return _stack(sorted(callouts, key=lambda callout: (callout.y, callout.key)), column)


def stack_uncrossed(callouts: list[Callout], column: Column) -> list[Placed]:
    """Stack callouts from north to south, then let neighbours whose leaders cross change places."""
    placed = stack_by_height(callouts, column)
    for _ in range(len(callouts) ** 2):
        crossing = next((i for i in range(len(placed) - 1) if leaders_cross(placed[i], placed[i + 1])), None)
        if crossing is None:
            break
        order = [place.callout for place in placed]
        order[crossing : crossing + 2] = reversed(order[crossing : crossing + 2])
        placed = _stack(order, column)
    return placed


def leaders_cross(one: Placed, other: Placed) -> bool:
    """Whether the straight leaders of two callouts of a column cross."""
    a, b = (one.callout.x, one.callout.y), one.entry
    c, d = (other.callout.x, other.callout.y), other.entry
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _stack(callouts: list[Callout], column: Column) -> list[Placed]:
    """Find the tops that are nearest to the wished ones and keep order, heights, gaps and the column.

    Less the lengths of what lies above, tops only need to be in order: an isotonic regression.
    Blocks of equal tops are held as (sum of wishes, how many) and joined while they are out of order.
    """
    above = 0.0
    lengths: list[float] = []
    blocks: list[tuple[float, int]] = []
    for callout in callouts:
        lengths.append(above)
        blocks.append((callout.y - callout.port - above, 1))
        above += callout.height + column.gap
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            (wishes, count), (earlier, others) = blocks.pop(), blocks.pop()
            blocks.append((earlier + wishes, others + count))
    last = column.bottom - _length(callouts, column.gap)
    tops = [max(column.top, min(last, wishes / count)) for wishes, count in blocks for _ in range(count)]
    return [
        Placed(callout, column, top + length) for callout, top, length in zip(callouts, tops, lengths, strict=True)
    ]


def _length(callouts: list[Callout], gap: float) -> float:
    return sum(callout.height for callout in callouts) + gap * max(0, len(callouts) - 1)


def _leader_length(placed: list[Placed]) -> float:
    return sum(hypot(p.callout.x - p.entry[0], p.callout.y - p.entry[1]) for p in placed)
