"""Put each small fault into the modules that count and decide, and tell which ones no test finds."""

import argparse
import os
import random
import subprocess
import sys
import time
from collections import Counter
from itertools import accumulate
from pathlib import Path

import pytest

from tests.mutation.faults import Mutant, list_mutants
from tests.mutation.running import BROKEN, NOT_FOUND, OPTIONS, TOO_LONG, Forks, Reach, judge_from_start
from tests.mutation.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
EXPLAINED = ROOT / "docs" / "mutation.md"
SEED = 20261128
BUDGET = 5  # seconds of tests a mutant


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; else all")
    parser.add_argument("--sample", type=int, metavar="N", help="at most so many of a target, by a fixed seed")
    parser.add_argument("--seconds", type=int, default=BUDGET, metavar="N", help="of tests, the quickest first")
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="TEXT", help="those whose name holds one of these"
    )
    chosen = parser.parse_args()
    if unknown := set(chosen.targets) - TARGETS.keys():
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    return chosen


def choose(paths: list[Path], *, only: list[str], sample: int | None) -> list[tuple[int, Mutant]]:
    """The mutants to judge, each with its place in its module."""
    every = [
        pair
        for path in paths
        for pair in enumerate(list_mutants(path))
        if any(text in pair[1].name for text in only)
    ]
    if sample is None or sample >= len(every):
        return every
    return [every[place] for place in sorted(random.Random(SEED).sample(range(len(every)), sample))]


class Judging:
    """The mutants of one target, each held against the tests that run through it."""

    def __init__(self, name: str, arguments: argparse.Namespace):
        self.paths = sorted(path for pattern in TARGETS[name].modules for path in ROOT.glob(pattern))
        self.mutants = choose(self.paths, only=arguments.only, sample=arguments.sample)
        self.seconds = arguments.seconds
        self.left: list[Mutant] = []  # that no test has found
        self.outcomes: Counter[str] = Counter()
        self.is_done = False

    def work(self, forks: Forks) -> None:
        reach = forks.trace(self.paths)
        afresh = False
        for number, mutant in self.mutants:
            tests = _choose_tests(reach, mutant, self.seconds)
            within = 60 + 20 * sum(reach.seconds[test] for test in tests)
            outcome = forks.judge(mutant, tests, within=within, afresh=afresh) if tests else NOT_FOUND
            if outcome == NOT_FOUND and tests and not mutant.function:  # others may have read it at their import
                outcome = judge_from_start(number, mutant, tests, within=within)
            afresh = outcome == TOO_LONG
            self.outcomes[outcome] += 1
            if outcome in {NOT_FOUND, BROKEN}:
                self.left.append(mutant)
                place = f"{mutant.path.relative_to(ROOT)}:{getattr(mutant.old, 'lineno', '')}"
                print(f"  {place} {mutant.name} ({outcome}; {len(tests)} tests)", flush=True)
        self.is_done = True


def _choose_tests(reach: Reach, mutant: Mutant, most: float) -> list[str]:
    """The quickest that run through the fault, of so many seconds in all."""
    tests = reach.tests_of(mutant)
    spent = accumulate(reach.seconds[test] for test in tests)
    return [test for test, seconds in zip(tests, spent, strict=True) if seconds <= most]


def run_target(name: str, arguments: argparse.Namespace, notes: Path) -> int:
    """Judge the mutants of a target; how many no test finds and docs/mutation.md does not explain."""
    began, judging = time.monotonic(), Judging(name, arguments)
    pytest.main([*OPTIONS, *TARGETS[name].tests], plugins=[Forks(judging.work, notes)])
    if not judging.is_done:
        raise SystemExit(f"{name}: not judged; the reason stands above.")
    told = EXPLAINED.read_text() if EXPLAINED.exists() else ""
    unexplained = [mutant for mutant in judging.left if f"`{mutant.name}`" not in told]
    total, left, by = len(judging.mutants), len(judging.left), judging.outcomes
    print(
        f"{name}: {total} faults, {total - left} found ({by[TOO_LONG]} {TOO_LONG}), "
        f"{left - len(unexplained)} explained, {len(unexplained)} not ({by[BROKEN]} {BROKEN}); "
        f"{(total - left) / max(1, total):.1%}; {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return len(unexplained)


def main() -> int:
    arguments = read_arguments()
    notes = Path(os.environ.get("SWECAR_VAR", "var")).absolute()
    if len(arguments.targets) == 1:
        return int(run_target(arguments.targets[0], arguments, notes) > 0)
    # A session of pytest a process.
    flags = [one for one in sys.argv[1:] if one not in arguments.targets]
    command = [sys.executable, "-m", "tests.mutation", *flags]
    return max(subprocess.call([*command, name]) for name in arguments.targets or TARGETS)


sys.exit(main())
