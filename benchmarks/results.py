"""Results of the benchmarks."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Result:
    """A measurement, and its peer's in the same unit.

    The goal is `>= x` or `<= x`, for the ratio ours / theirs, or for ours where there is no peer.
    """

    name: str
    unit: str
    ours: float
    peer: str = ""
    theirs: float | None = None
    goal: str = ""

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
        peer = f"  beside {self.peer}" if self.peer else ""
        return f"{self.name + ', ' + self.unit:44} {self.ours:10.4g} {theirs} {ratio}  {self.goal} {met}{peer}"

    def as_row(self) -> dict:
        """The row in results.json."""
        return asdict(self) | {"ratio": self.ratio, "is_met": self.is_met}
