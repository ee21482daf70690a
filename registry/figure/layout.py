"""Placing callouts in two columns beside the map, with short leaders that do not cross."""

from math import hypot

from registry.figure.callout_column import Callout, Column, Placed, stack, stack_by_height


def place_callouts(callouts: list[Callout], left: Column, right: Column) -> list[Placed] | None:
    """Place the western callouts in the left column and the others in the right one.

    Of the divisions that fit, take that with the shortest leaders; None if none fits.
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


def stack_uncrossed(callouts: list[Callout], column: Column) -> list[Placed]:
    """Stack callouts from north to south, then swap neighbours whose leaders cross."""
    placed = stack_by_height(callouts, column)
    for _ in range(len(callouts) ** 2):
        crossing = next((i for i in range(len(placed) - 1) if leaders_cross(placed[i], placed[i + 1])), None)
        if crossing is None:
            break
        order = [each.callout for each in placed]
        order[crossing : crossing + 2] = reversed(order[crossing : crossing + 2])
        placed = stack(order, column)
    return placed


def leaders_cross(one: Placed, other: Placed) -> bool:
    """Whether the straight leaders of two callouts of a column cross."""
    a, b = (one.callout.x, one.callout.y), one.entry
    c, d = (other.callout.x, other.callout.y), other.entry
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _leader_length(placed: list[Placed]) -> float:
    return sum(hypot(p.callout.x - p.entry[0], p.callout.y - p.entry[1]) for p in placed)
