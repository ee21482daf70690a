"""Starting processes so that each can be stopped for certain, even after its starter was killed.

Each process gets its own session, so that Ctrl-C in the terminal reaches only the starter, which stops the others
in order. A record of the process's identity outlives the starter.
"""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from swecar.local.left_overs import STOP_SECONDS, kill_group, read_identity
from swecar.local.plan import Plan


@dataclass
class Child:
    """A started process, with its log and the record of its identity."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    record: Path
    stop_signal: signal.Signals
    is_asked: bool = False  # to stop

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def ask_to_stop(self) -> None:
        """Send the signal, once: some take a second one for an order to break off."""
        if not self.is_asked:
            self.is_asked = True
            self.process.send_signal(self.stop_signal)

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
    """Run a process for the duration of the block."""
    child = start(plan, var=var)
    try:
        yield child
    finally:
        child.stop()
