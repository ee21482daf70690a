"""Callouts stacked in a column, so that none can overlap another. All lengths are in units of the drawing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Callout:
    """A callout to place: its mark at (x, y), its height, and how far below its top its leader enters."""

    key: str
    x: float
    y: float
    height: float
    port: float


@dataclass(frozen=True)
class Column:
    """Space for callouts from top to bottom, with gap between them; their leaders enter at x."""

    x: float
    top: float
    bottom: float
    gap: float

    def fits(self, callouts: list[Callout]) -> bool:
        return _length(callouts, self.gap) <= self.bottom - self.top


@dataclass(frozen=True)
class Placed:
    """A callout at its place in a column."""

    callout: Callout
    column: Column
    top: float

    @property
    def entry(self) -> tuple[float, float]:
        """Where its leader enters it."""
        return self.column.x, self.top + self.callout.port


def stack_by_height(callouts: list[Callout], column: Column) -> list[Placed]:
    """Stack callouts in the order of their marks, from north to south."""
    return stack(sorted(callouts, key=lambda callout: (callout.y, callout.key)), column)


def stack(callouts: list[Callout], column: Column) -> list[Placed]:
    """Stack callouts in this order, each as near to its mark as the others let it (least squares).

    With the heights above subtracted, tops only need to be in order, which is an isotonic regression, solved by
    pooling adjacent violators: blocks of equal tops, as (sum of wished tops, how many), merge while out of order.
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
