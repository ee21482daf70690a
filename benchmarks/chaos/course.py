"""The course of a run: work, fault after fault from a seed, and what has become of all that was acknowledged."""

import random
import re
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from benchmarks.chaos.faults import all_faults
from benchmarks.chaos.stage import Stage
from benchmarks.chaos.traffic import Client, Ledger, Reader, Uploader, Writer
from benchmarks.hosts.servers import wait_for

CURRENT, CURRENT_AT_MOST = 10.0, 60.0  # seconds: the 95th percentile, and the longest
GIVEN_UP = 75.0
FIRST_BATCHES = """
SELECT batch FROM registry_infusionhistory WHERE pgh_label = 'insert' AND batch ~ '^(ENTERED|FILE)-'
"""
BEHIND = """
SELECT publication.revision >= %s, snapshot_id FROM registry_publication AS publication
"""


@dataclass
class Done:
    """A fault, how long it lasted, and the seconds after it until writers and readers were current."""

    part: str
    name: str
    lasted: float
    writers: float = 0.0
    readers: float = 0.0

    @property
    def seconds(self) -> float:
        """Until both were."""
        return max(self.writers, self.readers)


@dataclass
class Course:
    """A run of so many faults, or minutes, whichever comes first."""

    folder: Path
    seed: int
    faults: int
    minutes: float
    only: str = ""
    done: list[Done] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    problems: list[str] = field(default_factory=list)

    def run(self) -> None:
        """All of it. Raises AssertionError where the service does not even start, or never comes back."""
        self.stage = Stage(self.folder)
        try:
            self.stage.start()
            clients = self._make_clients()
            for client in clients:
                client.start()
            self._put_faults()
            for client in clients:
                client.told_to_stop.set()
            for client in clients:
                client.join(GIVEN_UP)
                if client.is_alive():
                    self.problems.append(f"a client of the kind {client.kind} was never answered: {client.last}")
                    print(self.stage.tails(), flush=True)
            self._compare([client for client in clients if isinstance(client, Reader)])
        finally:
            self.stage.stop()

    def _make_clients(self) -> list[Client]:
        ports = self.stage.ports
        tokens = []
        for _token in range(3):
            told = self.stage.manage("create_token", "upp", "--scope", "write")
            tokens += re.findall(r"^\S{30,}$", told, re.MULTILINE)[:1]
        writers = [Writer(ports["clinic"], self.ledger, tokens[turn], place=turn * 4000, seed=self.seed + turn)
                   for turn in range(2)]  # fmt: skip
        uploader = Uploader(ports["clinic"], self.ledger, tokens[2], place=8000, seed=self.seed + 2)
        readers = [Reader(ports["public"], self.ledger, place=turn, seed=self.seed + turn) for turn in range(3)]
        return [*writers, uploader, *readers]

    def _put_faults(self) -> None:
        dice, end = random.Random(self.seed), time.monotonic() + 60 * self.minutes
        by_part = all_faults(self.stage)
        if self.only:
            part, _space, name = self.only.partition(" ")
            by_part = {part: {name: by_part[part][name]} if name else by_part[part]}
        while len(self.done) < self.faults and time.monotonic() < end:
            part = dice.choice(sorted(by_part))
            name = dice.choice(sorted(by_part[part]))
            begun = time.monotonic()
            try:
                by_part[part][name](self.stage, dice)
            except psycopg.OperationalError as fault:  # the database had not come back from the fault before
                self.problems.append(f"{part} {name}: {fault}")
            done = Done(part, name, time.monotonic() - begun)
            self._wait_until_current(done)
            self.done.append(done)
            print(f"{len(self.done):4} {part} {name}: {done.lasted:.1f} s; writers {done.writers:.1f}, "
                  f"readers {done.readers:.1f} s", flush=True)  # fmt: skip

    def _wait_until_current(self, done: Done) -> None:
        """Writers, once an entry that began after the fault is acknowledged; readers, once all of then is read."""
        begun = time.monotonic()
        wanted: list[int] = []
        reader = Reader(self.stage.ports["public"], Ledger())
        while not (done.writers and done.readers):
            passed = time.monotonic() - begun
            if passed > GIVEN_UP:
                done.writers, done.readers = done.writers or passed, done.readers or passed
                self.problems.append(f"not current {GIVEN_UP:.0f} s after {done.part} {done.name}")
                print(self.ledger.statuses, self.stage.tails(), flush=True)
                return
            if not done.writers and self.ledger.last_entry > begun:
                done.writers = passed
            if not done.readers and self._is_public(wanted, reader):
                done.readers = time.monotonic() - begun
            time.sleep(0.1)

    def _is_public(self, wanted: list[int], reader: Reader) -> bool:
        try:
            if not wanted:
                wanted += self.stage.read("SELECT number FROM registry_revision")[0]
            [(is_there, snapshot)] = self.stage.read(BEHIND, wanted[0])
        except psycopg.Error:
            return False
        if is_there and reader.newest < snapshot:
            reader.work()
        return bool(is_there and reader.newest >= snapshot)

    def _compare(self, readers: list[Reader]) -> None:
        """The ledger with what is stored, and what was read with what was proven."""
        ledger, read = self.ledger, self.stage.read
        wait_for(self.stage.responds, "PostgreSQL")
        stored = {str(key): (batch, status) for key, batch, status in
                  read("SELECT id, batch, status FROM registry_infusion")}  # fmt: skip
        of_history = Counter(str(key) for (key,) in read(
            "SELECT pgh_obj_id FROM registry_infusionhistory WHERE pgh_label = 'insert'"))  # fmt: skip
        for key, batch in ledger.entries.items():
            expected = ledger.corrections.get(key, batch), "withdrawn" if key in ledger.withdrawn else "submitted"
            if stored.get(key) != expected:
                self.problems.append(f"lost: {key} is {stored.get(key)} instead of {expected}")
            if of_history[key] != 1:
                self.problems.append(f"the history has {key} {of_history[key]} times")
        first = Counter(batch for (batch,) in read(FIRST_BATCHES))
        self.problems += [f"lost: {batch}" for batch in ledger.rows if first[batch] == 0]
        self.problems += [f"stored {times} times: {batch}" for batch, times in first.items() if times > 1]
        files = Counter((int(batch[5:]) - 8001) // 40 for batch in first if batch.startswith("FILE-"))
        self.problems += [f"in part: {rows} rows of file {file}" for file, rows in files.items() if rows != 40]
        proven = {(number, hashed): facts for number, hashed, facts in
                  read("SELECT number, hash, facts FROM registry_snapshot")}  # fmt: skip
        for reader in readers:
            self.problems += [f"read: {seen}" for seen in reader.seen if proven.get(seen[:2]) != seen[2]]
        self.problems += ledger.half + ledger.wrong
        for words in (["publish"], ["verify"], ["verify_history"]):
            try:
                self.stage.manage(*words)
            except AssertionError as fault:
                self.problems.append(str(fault))

    def figures(self) -> list[tuple[str, str, bool]]:
        """What it showed, and whether that is well."""
        ledger, seconds = self.ledger, sorted(done.seconds for done in self.done) or [0.0]
        at_95 = statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
        of_500 = sum(times for (_kind, status, _code), times in ledger.statuses.items() if status == 500)
        lost = [problem for problem in self.problems if problem.startswith(("lost", "the history"))]
        half = [problem for problem in self.problems if problem.startswith("in part")]
        parts = sorted(Counter(done.part for done in self.done).items())
        again = sorted(self.stage.restarts.items())
        acknowledged = (ledger.entries, ledger.corrections, ledger.withdrawn, ledger.rows)
        return [
            ("seed", str(self.seed), True),
            ("faults", f"{len(self.done)} ({', '.join(f'{part} {times}' for part, times in parts)})", True),
            ("started again", ", ".join(f"{name} {times}" for name, times in again), True),
            ("acknowledged: entries, corrections, withdrawals, rows of files",
             ", ".join(str(len(each)) for each in acknowledged), True),
            ("of these lost, or with another history", str(len(lost)), not lost),
            ("files stored in part", str(len(half)), not half),
            ("answers cut in half that said 200", str(len(ledger.half)), not ledger.half),
            ("answers of 500", str(of_500), not of_500),
            ("current: median seconds after a fault", f"{statistics.median(seconds):.1f}", True),
            ("current: 95th percentile (goal 10 s)", f"{at_95:.1f}", at_95 <= CURRENT),
            ("current: longest (goal 60 s)", f"{seconds[-1]:.1f}", seconds[-1] <= CURRENT_AT_MOST),
            ("all other problems", str(len(self.problems) - len(lost) - len(half)), not self.problems),
        ]  # fmt: skip
