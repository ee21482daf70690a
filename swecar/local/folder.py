"""The folder that holds the data, and the lock that gives it to one launcher at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swecar.local.errors import CannotStart
from swecar.local.left_overs import stop_left_overs

ROOT = Path(__file__).resolve().parents[2]


class AlreadyRunning(CannotStart):
    """Another launcher has the folder locked."""


def var_folder() -> Path:
    """SWECAR_VAR, or `var` in the checkout."""
    return Path(os.environ.get("SWECAR_VAR") or ROOT / "var").absolute()


@contextmanager
def owned(var: Path) -> Iterator[None]:
    """Lock the folder and stop what a killed launcher left running. Raises AlreadyRunning, CannotStart."""
    try:
        for folder, mode in ((var, 0o711), (var / "run", 0o711), (var / "logs", 0o700)):
            if not folder.exists():
                folder.mkdir(parents=True)
                folder.chmod(mode)
        lock = (var / "lock").open("w")
    except OSError as error:
        raise CannotStart(
            f"{var} cannot be used: {error.strerror}. Set SWECAR_VAR to a folder of yours."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(
                f"It is running already on {var}. Join it by `set -a; . {var}/demo.env; set +a` before a "
                "manage.py command, or start another beside it by setting SWECAR_VAR and PORT to others."
            ) from error
        (var / "demo.env").unlink(missing_ok=True)
        stop_left_overs(var)
        yield
