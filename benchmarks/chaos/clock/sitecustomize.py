"""Lets the clock of a Python process jump: by as many seconds as a file says, which is looked at all the time.

Python reads this module at the start of any process that has its folder in PYTHONPATH. Pauses stay as long as they
are, as they do on a machine whose clock is set: they are counted by another clock.
"""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import time_machine

LOOKS_EVERY = 0.1  # seconds
FILE = Path(os.environ["CLOCK_FILE"])


class Clock:
    """Of this process, and of those that it forks, which begin as it stands."""

    def __init__(self) -> None:
        self.offset = 0.0  # seconds
        self.moved: time_machine.travel | None = None

    def follow(self) -> None:
        """Set it whenever the file says something else."""
        while True:
            with suppress(OSError, ValueError):
                self.set(float(FILE.read_text()))
            time.sleep(LOOKS_EVERY)

    def set(self, offset: float) -> None:
        """By so many seconds from the right time."""
        if offset == self.offset:
            return
        if self.moved:
            self.moved.stop()
        self.moved, self.offset = time_machine.travel(time.time() + offset, tick=True), offset
        self.moved.start()


clock = Clock()


def start() -> None:
    """In each process: threads do not come along into one that is forked."""
    threading.Thread(target=clock.follow, daemon=True).start()


start()
os.register_at_fork(after_in_child=start)
