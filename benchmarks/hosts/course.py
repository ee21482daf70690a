"""The course of the run: all is well, c is cut off at work, c is away, c is back; then what must hold."""

import contextlib
import itertools
import json
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.hosts import network, observing, servers
from benchmarks.hosts.clients import Browser, Client, Reader, Uploader, Writer
from benchmarks.hosts.servers import HOSTS, POOL, PORTS, wait_for

BEFORE, AWAY, AFTER = 10, 45, 15  # seconds; c is away for longer than the lease and every timeout of the service
READ = ["/api/v1/map", "/api/v1/counts?by=centre"]
SLOW = 5  # seconds; nginx asks the next host after 2
NOTICED = 15  # seconds within which nginx has noticed that a host is away
BACK = 30  # seconds within which the processes of a host that is back serve by themselves
# docs/scaling.md: a web server of two processes with four threads each, and a worker of two processes.
CLINIC, PUBLIC, BEAT, WORKER = 16, 8, 1, 8


@dataclass
class Figure:
    """Something measured, and the most that it may be; no limit where it is only told."""

    what: str
    found: float
    most: float | None = None
    least: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it is within its limits."""
        return (self.most is None or self.found <= self.most) and (self.least is None or self.found >= self.least)

    def __str__(self) -> str:
        limit = "" if self.most is None else f"<= {self.most:g}"
        if self.least is not None and self.least != self.most:
            limit = f">= {self.least:g}"
        return f"{self.what:72} {self.found:>8g}  {limit:>6}{'' if self.holds else '  DOES NOT HOLD'}"


class Course:
    """Runs it all; figures is what it showed."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.settings = settings
        self.figures: list[Figure] = []
        self.connections = observing.ConnectionCount()

    def tell(self, what: str, found: float, **limits: float) -> None:
        """Note a figure."""
        self.figures.append(Figure(what, round(found, 2), **limits))

    def run(self) -> None:
        """All of it, in some three minutes."""
        logins = self._start()
        with self._clients(logins) as clients:
            time.sleep(BEFORE)
            cut = self._cut_off_at_work()
            time.sleep(AWAY)
            self._look_at_the_cut_host()
            back = self._connect()
            time.sleep(AFTER)
            self.replica.send_signal(signal.SIGQUIT)
            print("The replica on c is dead, and c is not …", flush=True)
            dead = time.monotonic()
            time.sleep(AFTER)
        self._see_entries(clients)
        self._see_publication()
        self._see_reads(clients, cut, back, dead)
        self._see_jobs()
        self._see_connections()

    def _start(self) -> dict[str, str]:
        """Start all; the logins of the demonstration."""
        print("Starting PostgreSQL, PgBouncer and Valkey on the host a …", flush=True)
        servers.start_data_host()
        file = network.folder_of("a") / "logins"
        servers.run_once("-m", "swecar.start", variables=self.settings | {"APP_ROLE": "migrate"})
        servers.run_once("manage.py", "demo_data", "--logins", str(file), variables=self.settings)
        servers.run_once("manage.py", "publish", variables=self.settings)
        print("Starting clinic, public, worker and beat on b and c, and nginx before them …", flush=True)
        self.replica = servers.start_replica()
        servers.start_role("c", "beat", self.settings)  # first, so that it is the one that is cut off
        wait_for(lambda: observing.read("SELECT FROM registry_schedulelease"), "the lease")
        for host in HOSTS:
            for role in ("clinic", "public", "worker", *(["beat"] if host == "b" else [])):
                servers.start_role(host, role, self.settings)
        servers.start_front()
        for host in HOSTS:
            for role in PORTS:
                wait_for(lambda host=host, role=role: servers.status_of(host, role) == 200, f"{role} on {host}")
            wait_for(lambda host=host: _says(host, "worker", "ready."), f"the worker on {host}")
        self.connections.start()
        return json.loads(file.read_text())

    @contextlib.contextmanager
    def _clients(self, logins: dict[str, str]) -> Iterator[list[Client]]:
        """Someone who enters, someone who uploads, two who read; all of them to the end of the block."""
        nurse, other = Browser(), Browser()
        nurse.sign_in("upp", logins["upp"])
        other.sign_in("upp", logins["upp"])
        clients: list[Client] = [Writer(nurse, first=0), Uploader(other, first=5000)]
        clients += [Reader(path) for path in READ * 3]
        for client in clients:
            client.start()
        try:
            yield clients
        finally:
            for client in clients:
                client.is_told_to_stop.set()
            faults = [f"{type(client).__name__}: {client.fault}" for client in clients if client.fault]
            if faults:
                raise AssertionError("; ".join(faults))
        for client in clients:
            client.join(150)
            fault = "it did not end" if client.is_alive() else client.fault
            if fault:
                raise AssertionError(f"{type(client).__name__}: {fault}")

    def _cut_off_at_work(self) -> float:
        """Cut c off while its worker is at a file; when that was."""
        wait_for(lambda: "c" in observing.holders(), "a file that the worker on c is at")
        network.cut_off("c")
        print(f"c is cut off, at work, for {AWAY} s …", flush=True)
        self.at_cut = time.time()
        return time.monotonic()

    def _look_at_the_cut_host(self) -> None:
        for role, path, wanted in (("clinic", "live", 200), ("clinic", "ready", 503), ("public", "ready", 503)):
            status, _body = network.ask_on("c", PORTS[role], f"/health/{path}")
            self.tell(f"cut off: /health/{path} of {role} on c", status, least=wanted, most=wanted)
        told = json.loads(network.ask_on("c", PORTS["public"], "/health/deep")[1])
        self.tell("cut off: seconds of lag in /health/deep of public on c", told["replica_lag_seconds"], least=30)
        metrics = network.ask_on("c", PORTS["public"], "/metrics")[1]
        shown = re.findall(r"^swecar_replica_lag_seconds ([\d.]+)", metrics, re.MULTILINE)
        self.tell("cut off: the same in /metrics", float(shown[0]), least=30)
        self.tell("cut off: sessions of c that still hold a lock", float("c" in observing.holders()), most=0)

    def _connect(self) -> float:
        network.connect("c")
        print("c is back …", flush=True)
        self.at_back = time.time()
        back = time.monotonic()
        for role in PORTS:
            wait_for(lambda role=role: servers.status_of("c", role) == 200, f"{role} on c, which is back")
            self.tell(f"back: seconds until {role} on c is ready", time.monotonic() - back, most=BACK)
        return back

    def _see_entries(self, clients: list[Client]) -> None:
        writer, uploader = clients[:2]
        assert isinstance(writer, Writer) and isinstance(uploader, Uploader)  # noqa: S101
        rows = observing.read("SELECT batch FROM registry_infusion WHERE batch ~ '^(ENTERED|FILE)-'")
        times = Counter(batch for (batch,) in rows)
        self.tell("infusions that were acknowledged to the person who entered them", len(writer.stored), least=20)
        self.tell("infusions of files whose import was told to be stored", len(uploader.stored), least=400)
        acknowledged = writer.stored + uploader.stored
        self.tell("of all these, lost", sum(times[batch] == 0 for batch in acknowledged), most=0)
        self.tell("of all that was sent, stored twice", sum(times[batch] > 1 for batch in times), most=0)
        self.tell("files uploaded again, since their worker was cut off", uploader.again)
        for client, what in ((writer, "entries"), (uploader, "uploads")):
            self.tell(f"requests for {what} that were sent again", len(client.failures))
            self.tell(f"slowest request for {what}, seconds", client.slowest, most=2 * NOTICED)

    def _see_publication(self) -> None:
        [(stored,)] = observing.read("SELECT count(*) FROM registry_infusion WHERE status = 'submitted'")

        def published() -> bool:
            reader = Reader("/api/v1/map")
            reader.work()
            return reader.reads[0].infusions == stored

        self.tell(
            "seconds until all is published, after the last entry",
            wait_for(published, "all of it published"),
            most=90,
        )

    def _see_reads(self, clients: list[Client], cut: float, back: float, dead: float) -> None:
        reads = [read for client in clients[2:] for read in getattr(client, "reads", [])]
        proven = {(number, hashed): facts for number, hashed, facts in
                  observing.read("SELECT number, hash, facts FROM registry_snapshot")}  # fmt: skip
        good = [read for read in reads if read.status == 200]
        self.tell("reads", len(reads), least=100)
        wrong = [read for read in good if not read.snapshot or proven.get(read.snapshot) != read.infusions]
        self.tell("reads with other numbers than a proven snapshot's", len(wrong), most=0)
        bad = [read for read in reads if read.status != 200]
        self.tell("reads without an answer, or with another than 200, 502, 503, 504",
                  sum(read.status not in {502, 503, 504} for read in bad), most=0)  # fmt: skip
        self.tell("reads that failed", len(bad))
        for read in bad:
            print(f"{read.begun - cut:.1f} s after the cut a read gave {read.status}: {read.told}")
        ended = [read.begun + read.seconds - cut for read in bad]
        self.tell("seconds from the cut to the end of the last failed read", max(ended, default=0), most=NOTICED)
        late = [read.status for read in reads if read.begun > dead]
        self.tell("reads while the replica is dead", len(late), least=15)
        self.tell("of these, failed", sum(status != 200 for status in late), most=0)
        slowest = max((read.seconds for read in reads if read.begun > dead - SLOW), default=0)
        self.tell("slowest of these, seconds", slowest, most=NOTICED)
        hung = [read.begun - cut for read in reads if read.seconds > SLOW and cut <= read.begun < dead - SLOW]
        self.tell(f"seconds from the cut to the last read of over {SLOW} s", max(hung, default=0), most=NOTICED)
        while_cut = [read.seconds for read in reads if cut - NOTICED <= read.begun < back]
        self.tell("slowest read around the cut and while cut off, seconds", max(while_cut), most=NOTICED)
        others = [read.seconds for read in reads if read.begun < cut - NOTICED or back <= read.begun < dead - SLOW]
        self.tell("slowest read at other times, seconds", max(others), most=NOTICED)

    def _see_jobs(self) -> None:
        [(open_jobs,)] = observing.read("SELECT count(*) FROM registry_importjob WHERE finished_at IS NULL")
        self.tell("uploaded files that nobody has finished", open_jobs, most=0)
        done = [at for at, what in observing.lines_of("c", "worker") if "succeeded" in what and at > self.at_back]
        self.tell("jobs that the worker on c did after its return", len(done), least=1)
        sent = sorted(
            at
            for host in HOSTS
            for at, what in observing.lines_of(host, "beat")
            if "Sending due task sweep" in what
        )
        gaps = [later - earlier for earlier, later in itertools.pairwise(sent)]
        self.tell("sweeps sent by the two schedulers", len(sent), least=2)
        self.tell("shortest time between two sweeps, seconds", min(gaps, default=0), least=15)
        self.tell("longest time between two sweeps, seconds", max(gaps, default=0), most=55)

    def _see_connections(self) -> None:
        most = self.connections.most
        self.tell("connections of PgBouncer to PostgreSQL", most["a"], most=POOL)
        self.tell(
            "connections to PgBouncer, of three web servers and two schedulers",
            most["pooler"],
            most=2 * (CLINIC + BEAT) + PUBLIC,
        )
        self.tell("connections of two workers to PostgreSQL", most["b"] + most["c"], most=2 * WORKER)
        self.tell("connections to PostgreSQL at most", most["all"], most=POOL + 2 * WORKER)
        self.tell("connections to the replica, of one web server", most["replica"], most=PUBLIC)


def _says(host: str, role: str, what: str) -> bool:
    return any(what in line for _at, line in observing.lines_of(host, role))
