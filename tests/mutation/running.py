"""Running tests on a mutant: each in a fork of one session of pytest, which has loaded and collected all."""

import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.main import pytest_runtestloop as run_items
from django.core.management.commands import migrate

from tests.mutation.faults import Mutant
from tests.mutation.planting import plant

FOUND, NOT_FOUND, TOO_LONG, BROKEN = "found", "not found", "too long", "broken before a test"
BEFORE_TESTS = ""
BEFORE_A_TEST = 70  # the exit code where something else than a test raised
OPTIONS = ("-qq", "-s", "-x", "--tb=line", "--no-header", "-p", "no:cacheprovider", "--reuse-db")


@dataclass(frozen=True)
class Reach:
    """Which lines each test runs through, and how long each takes (seconds of this process's time)."""

    lines: Mapping[str, Mapping[str, Sequence[int]]]  # by test, by path
    seconds: Mapping[str, float]

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that run through a mutant's fault, the quickest first."""
        path = str(mutant.path)
        through = {test for test, lines in self.lines.items() if mutant.lines.intersection(lines.get(path, ()))}
        if not mutant.function and not through:  # others use it
            through = set(self.seconds)
        return sorted(through & self.seconds.keys(), key=lambda test: self.seconds[test])


class Tracer:
    """Notes the lines of some files that each test runs through."""

    def __init__(self, files: Iterable[Path]):
        self.files = set(map(str, files))
        self.lines: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self.seconds: dict[str, float] = defaultdict(float)
        self.test = BEFORE_TESTS

    def enter(self, frame, event, argument):
        return self.step if frame.f_code.co_filename in self.files else None

    def step(self, frame, event, argument):
        if event == "line":
            self.lines[self.test][frame.f_code.co_filename].add(frame.f_lineno)
        return self.step

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.test, began = item.nodeid, time.process_time()
        result = yield
        self.seconds[item.nodeid] = time.process_time() - began
        return result


class Forks:
    """A plugin of pytest: instead of running the tests once, `work` runs them in forks."""

    def __init__(self, work: Callable[["Forks"], None], notes: Path):
        self.work, self.notes = work, notes
        self.session: pytest.Session

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.session = session
        self.work(self)
        return True

    def trace(self, files: Sequence[Path]) -> Reach:
        """Run all tests as they are."""

        def run() -> int:
            tracer = Tracer(files)
            self.session.config.pluginmanager.register(tracer)
            sys.settrace(tracer.enter)
            code = self._run_items()
            sys.settrace(None)
            lines = {test: {path: sorted(n) for path, n in by.items()} for test, by in tracer.lines.items()}
            (self.notes / "reach.json").write_text(json.dumps([lines, tracer.seconds]))
            return code

        if self._fork(run, within=1800) != 0:
            raise SystemExit(f"The tests fail without any fault: see {self.notes / 'last.log'}")
        return Reach(*json.loads((self.notes / "reach.json").read_text()))

    def judge(self, mutant: Mutant, tests: Sequence[str], *, within: float, afresh: bool) -> str:
        """Whether the tests find the fault; within: seconds. afresh: make the database anew before."""

        def run() -> int:
            plant(mutant)
            items = {item.nodeid: item for item in self.session.items}
            self.session.items[:] = [items[test] for test in tests]
            if afresh:
                self.session.config.option.create_db = True
            else:
                migrate.Command.handle = lambda *arguments, **options: None  # type: ignore[method-assign]
            return self._run_items()

        return read_outcome(self._fork(run, within=within))

    def _run_items(self) -> int:
        with contextlib.suppress(self.session.Failed):
            run_items(self.session)
        return 1 if self.session.testsfailed else 0

    def _fork(self, run: Callable[[], int], *, within: float) -> int | None:
        """The exit code of a function in a process of its own; None where it took too long and was ended."""
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            log = os.open(self.notes / "last.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.dup2(log, 1)
            os.dup2(log, 2)
            code = BEFORE_A_TEST
            try:
                gc.unfreeze()
                code = run()
            finally:
                os._exit(code)
        return _wait(child, within)


def _wait(child: int, within: float) -> int | None:
    end = time.monotonic() + within
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def read_outcome(code: int | None) -> str:
    """What the exit code of the tests tells of a fault."""
    return {None: TOO_LONG, 0: NOT_FOUND, 1: FOUND}.get(code, BROKEN)


def judge_from_start(number: int, mutant: Mutant, tests: Sequence[str], *, within: float) -> str:
    """The same in a new process, which imports the module with its fault."""
    command = [sys.executable, "-m", "tests.mutation.from_start", str(mutant.path), str(number), *tests]
    try:
        return read_outcome(subprocess.run(command, capture_output=True, timeout=within, check=False).returncode)
    except subprocess.TimeoutExpired:
        return TOO_LONG
