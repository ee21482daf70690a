"""One line of the table."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Result:
    """What was measured, beside its peer; ours and the peer's in the same unit.

    A goal is `>= x` or `<= x`, on the ratio ours / peer, or on ours where there is no peer.
    """

    name: str
    unit: str
    ours: float
    peer: str = ""
    theirs: float | None = None
    goal: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours by the peer's."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met, None without one."""
        if not self.goal:
            return None
        sign, limit = self.goal.split()
        value = self.ratio if self.ratio is not None else self.ours
        return value >= float(limit) if sign == ">=" else value <= float(limit)

    @staticmethod
    def head() -> str:
        """The table's head."""
        return f"{'what':44} {'ours':>10} {'peer':>10} {'ratio':>7}  goal"

    def line(self) -> str:
        """The table's line."""
        theirs = f"{self.theirs:10.3g}" if self.theirs else f"{'':10}"
        ratio = f"{self.ratio:7.2f}" if self.ratio else f"{'':7}"
        met = {True: "met", False: "NOT MET", None: ""}[self.is_met]
        peer = f"  beside {self.peer}" if self.peer else ""
        return f"{self.name + ', ' + self.unit:44} {self.ours:10.4g} {theirs} {ratio}  {self.goal} {met}{peer}"

    def as_row(self) -> dict:
        """For the file."""
        return asdict(self) | {"ratio": self.ratio, "is_met": self.is_met}
