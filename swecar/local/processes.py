"""Starting processes so that each can be stopped for certain, even after its starter was killed.

A process gets a session of its own, so that Ctrl-C in the terminal reaches the starter alone and
the stopping has an order. A record of who the process is outlives the starter.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE = 15.0  # seconds a process has to end by itself before it is killed
LOOK_EVERY = 0.02  # seconds between two looks at whether something has happened
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CannotStart(Exception):
    """Something could not be started; the text is a sentence for the person at the terminal."""


@dataclass(frozen=True)
class Account:
    """As whom a process runs: a command to put before its own, and a user to change to."""

    prefix: tuple[str, ...] = ()
    user: int | None = None

    def change_of_user(self) -> dict[str, Any]:
        """The arguments by which subprocess changes to the user, and to none of its other groups."""
        return {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}


@dataclass(frozen=True)
class Plan:
    """What to run, and how it likes to be stopped."""

    name: str
    command: Sequence[str | Path]
    folder: Path
    variables: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    standard_input: str = ""
    shows_output: bool = False
    account: Account = field(default_factory=Account)


@dataclass(frozen=True)
class Child:
    """A running process, where its output goes, and the record of who it is."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    record: Path
    stop_signal: signal.Signals

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None

    def stop(self) -> None:
        """End the process and whatever it started; returns when they are gone."""
        if not self.has_ended():
            self.process.send_signal(self.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE)
        kill_group(self.process.pid)
        self.process.wait()
        self.record.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The end of its log, for a person who asks why it ended."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return "\n".join(["", *(f"  {line}" for line in lines[-12:]), f"  (the whole of it: {self.log})"])


def start(plan: Plan, *, var: Path) -> Child:
    """Start a process in a session of its own, with its log and its record under `var`."""
    log, record = var / "logs" / f"{plan.name}.log", var / "run" / f"{plan.name}.pid"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*plan.account.prefix, *map(str, plan.command)],
            cwd=plan.folder,
            env=dict(plan.variables),
            stdin=subprocess.PIPE if plan.standard_input else subprocess.DEVNULL,
            stdout=None if plan.shows_output else output,
            stderr=output,
            start_new_session=True,
            **plan.account.change_of_user(),
        )
    record.write_text(" ".join([str(process.pid), str(plan.stop_signal.value), *read_identity(process.pid)]))
    if process.stdin:
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(plan.standard_input.encode())
    return Child(plan.name, process, log, record, plan.stop_signal)


@contextmanager
def running(plan: Plan, *, var: Path) -> Iterator[Child]:
    """Have a process for as long as the block lasts."""
    child = start(plan, var=var)
    try:
        yield child
    finally:
        child.stop()


def stop_left_overs(var: Path) -> None:
    """Stop what a killed starter left running, the last started first.

    A number that another process has now is let be.
    """
    for record in sorted((var / "run").glob("*.pid"), key=lambda path: path.stat().st_mtime_ns, reverse=True):
        match record.read_text().split():
            case [pid, stop_signal, *identity] if identity and read_identity(int(pid)) == identity:
                stop_left_over(int(pid), identity, int(stop_signal))
        record.unlink()


def stop_left_over(pid: int, identity: list[str], stop_signal: int) -> None:
    """End a process that is not a child of this one, and the group it leads."""
    deadline = time.monotonic() + PATIENCE
    with suppress(ProcessLookupError):
        os.kill(pid, stop_signal)
    while read_identity(pid) == identity and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    kill_group(pid)
    while read_identity(pid) == identity:
        time.sleep(LOOK_EVERY)


def read_identity(pid: int) -> list[str]:
    """What no other process ever shares: the boot and the clock tick it was born in; empty when it is gone.

    Linux' proc(5): the name stands in brackets and may hold anything, so the fields are counted
    from its end; field 3 is the state and field 22 the start time.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [] if fields[0] in "ZX" else [boot, fields[19]]


def kill_group(pid: int) -> None:
    """Kill what is left of the group that a process led."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


@contextmanager
def held_signals() -> Iterator[list[int]]:
    """Collect the signals that ask to stop, so that nothing is cut off halfway; yields the list.

    The one who holds them looks into the list where stopping is safe.
    """
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number, handler in before.items():
        # nohup and its like ignore the hang-up on purpose.
        if (number, handler) != (signal.SIGHUP, signal.SIG_IGN):
            signal.signal(number, lambda number, _: received.append(number))
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
