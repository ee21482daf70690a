"""The file by which a worker or the scheduler shows that it is at work, and the check that reads it.

`python -I swecar/alive.py worker` is the check: it loads nothing but this file, and so costs next to nothing.
"""

import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

LONGEST_SILENCE = {"worker": 60, "beat": 150}  # seconds


def path_of(part: str) -> Path:
    """The file of a worker or the scheduler on this machine."""
    return Path(tempfile.gettempdir(), f"swecar-{part}-alive")


def show(part: str) -> None:
    """Show that it is at work."""
    with suppress(OSError):  # without a folder to write to only the check fails
        path_of(part).touch(mode=0o600)


def is_alive(part: str) -> bool:
    """Whether it has shown itself lately."""
    try:
        return time.time() - path_of(part).stat().st_mtime < LONGEST_SILENCE[part]
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if is_alive(sys.argv[1]) else f"The {sys.argv[1]} has not shown itself.")
