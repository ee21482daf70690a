"""Starting processes so that each can be stopped for certain, even after its starter was killed.

Each process gets its own session, so that Ctrl-C in the terminal reaches only the starter, which stops the others
in order. A record of the process's identity outlives the starter.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from swecar.local.left_overs import STOP_SECONDS, kill_group, read_identity
from swecar.local.plan import Plan

LEAST_SECONDS = 5.0  # one that ends sooner after its start would only do so again


@dataclass
class Child:
    """A started process, with its log and the record of its identity."""

    plan: Plan
    process: subprocess.Popen[bytes]
    log: Path
    record: Path
    started: float
    is_asked: bool = False  # to stop

    @property
    def name(self) -> str:
        return self.plan.name

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def has_failed(self) -> bool:
        """Whether it has ended for good; one that ended by itself is started again if its plan says so."""
        if not self.has_ended():
            return False
        if not self.plan.starts_again or self.is_asked or time.monotonic() - self.started < LEAST_SECONDS:
            return True
        kill_group(self.process.pid)
        self.process, self.started = launch(self.plan, self.log, self.record), time.monotonic()
        return False

    def ask_to_stop(self) -> None:
        """Send the signal, once: some take a second one for an order to break off."""
        if not self.is_asked:
            self.is_asked = True
            self.process.send_signal(self.plan.stop_signal)

    def stop(self) -> None:
        """End the process and whatever it started, and wait until they are gone."""
        if not self.has_ended():
            self.ask_to_stop()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        kill_group(self.process.pid)
        self.process.wait()
        self.record.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The end of its log, to show why it ended."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return "\n".join(["", *(f"  {line}" for line in lines[-12:]), f"  (the whole of it: {self.log})"])


def start(plan: Plan, *, var: Path) -> Child:
    """Start a process in its own session, with its log and its record under `var`."""
    log, record = var / "logs" / f"{plan.name}.log", var / "run" / f"{plan.name}.pid"
    log.write_bytes(b"")
    return Child(plan, launch(plan, log, record), log, record, time.monotonic())


def launch(plan: Plan, log: Path, record: Path) -> subprocess.Popen[bytes]:
    """Start the process and record who it is."""
    with log.open("ab") as output:
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
    return process


@contextmanager
def running(plan: Plan, *, var: Path) -> Iterator[Child]:
    """Run a process for the duration of the block."""
    child = start(plan, var=var)
    try:
        yield child
    finally:
        child.stop()
