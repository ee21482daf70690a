"""Waiting for something while watching for signals and ended processes."""

import os
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from swecar.local.errors import CannotStart
from swecar.local.processes import Child

T = TypeVar("T")
POLL_SECONDS = 0.1  # seconds between two looks at signals and children
AT_TERMINAL = os.isatty(0)


class StopAsked(Exception):
    """A signal told the demonstration to stop."""


def wait(
    signals: Sequence[int],
    children: Sequence[Child],
    until: Callable[[], T | None],
    *,
    within: float = float("inf"),
) -> T:
    """Poll until the result is true, and return it. within: seconds.

    Raises StopAsked on a signal, and CannotStart if a child fails or the time is up.
    """
    deadline = time.monotonic() + within
    while not (outcome := until()):
        # A closed terminal signals only its first process, which may be `make` and not pass it on.
        if signals or (AT_TERMINAL and not os.isatty(0)):
            raise StopAsked
        for child in children:
            if child.has_failed():
                raise CannotStart(
                    f"The process `{child.name}` ended by itself. The end of its log:{child.last_words()}"
                )
        if time.monotonic() > deadline:
            raise CannotStart(
                f"Nothing responded in {within:.0f} seconds. The end of the log:{children[-1].last_words()}"
            )
        time.sleep(POLL_SECONDS)
    return outcome
