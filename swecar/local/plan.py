"""What to run, as whom, and how it is stopped."""

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Account:
    """Who a process runs as: a command to put before its own, or a user to change to."""

    prefix: tuple[str, ...] = ()
    user: int | None = None

    def change_of_user(self) -> dict[str, Any]:
        """Arguments of subprocess that change to the user, without supplementary groups."""
        return {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}


@dataclass(frozen=True)
class Plan:
    """What to run, and the signal that stops it."""

    name: str
    command: Sequence[str | Path]
    folder: Path
    variables: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    standard_input: str = ""
    shows_output: bool = False
    starts_again: bool = False  # when it ends by itself, as under any other supervisor
    account: Account = field(default_factory=Account)
