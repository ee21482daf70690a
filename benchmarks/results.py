"""Results of the benchmarks."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Result:
    """A measurement, and its peer's in the same unit.

    The goal is `>= x` or `<= x`, for the ratio ours / theirs, or for ours where there is no peer. spread: how far
    the middle half of the rounds lie apart, by their median; None where there was one round.
    """

    name: str
    unit: str
    ours: float
    peer: str = ""
    theirs: float | None = None
    goal: str = ""
    spread: float | None = None

    @property
    def ratio(self) -> float | None:
        """Ours divided by theirs."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None if there is none."""
        if not self.goal:
            return None
        sign, limit = self.goal.split()
        value = self.ratio if self.ratio is not None else self.ours
        return value >= float(limit) if sign == ">=" else value <= float(limit)

    @staticmethod
    def head() -> str:
        """The head of the table."""
        return f"{'what':44} {'ours':>10} {'peer':>10} {'ratio':>7}  goal"

    def line(self) -> str:
        """The line in the table."""
        theirs = f"{self.theirs:10.3g}" if self.theirs else f"{'':10}"
        ratio = f"{self.ratio:7.2f}" if self.ratio else f"{'':7}"
        met = {True: "met", False: "NOT MET", None: ""}[self.is_met]
        spread = f" ± {self.spread / 2:.0%}" if self.spread is not None else ""
        peer = f"  beside {self.peer}" if self.peer else ""
        name = f"{self.name}, {self.unit}"
        return f"{name:44} {self.ours:10.4g} {theirs} {ratio}  {self.goal} {met}{spread}{peer}"

    def as_row(self) -> dict:
        """The row in results.json."""
        return asdict(self) | {"ratio": self.ratio, "is_met": self.is_met}


def spread_of(rounds: Sequence[float]) -> float:
    """How far the middle half of some rounds lie apart, by their median."""
    lower, median, upper = statistics.quantiles(rounds, n=4, method="inclusive")
    return (upper - lower) / median
