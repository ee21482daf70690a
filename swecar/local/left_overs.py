"""Ending processes for certain, also those of a starter that was killed."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

STOP_SECONDS = 15.0  # after which a process is killed
POLL_SECONDS = 0.02


def stop_left_overs(var: Path) -> None:
    """Stop the processes that a killed starter left running, the last started first.

    A process id that belongs to another process by now is left alone.
    """
    for record in sorted((var / "run").glob("*.pid"), key=lambda path: path.stat().st_mtime_ns, reverse=True):
        match record.read_text().split():
            case [pid, stop_signal, *identity] if identity and read_identity(int(pid)) == identity:
                stop_left_over(int(pid), identity, int(stop_signal))
        record.unlink()


def stop_left_over(pid: int, identity: list[str], stop_signal: int) -> None:
    """End a process that is not a child of this one, and its process group."""
    deadline = time.monotonic() + STOP_SECONDS
    with suppress(ProcessLookupError):
        os.kill(pid, stop_signal)
    while read_identity(pid) == identity and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    kill_group(pid)
    while read_identity(pid) == identity:
        time.sleep(POLL_SECONDS)


def read_identity(pid: int) -> list[str]:
    """The boot and the clock tick in which a process began, which no other has; empty if it has ended.

    proc(5): the name is in brackets and may hold anything, so fields are counted after it; field 3 is the state
    and field 22 the start time.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [] if fields[0] in "ZX" else [boot, fields[19]]


def kill_group(pid: int) -> None:
    """Kill what is left of a process group."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
