"""The service that is put to the test: each server and process is started again when it ends, as in production."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.chaos.relay import Relay
from benchmarks.hosts.servers import wait_for
from swecar.local.accounts import VARIABLES, choose_account, hand_over
from swecar.local.folder import ROOT
from swecar.local.ports import find_free_port
from swecar.local.postgres import POSTGRES_SETTINGS
from swecar.local.postgres_files import make_database_files
from swecar.local.programs import find_postgres, find_valkey
from swecar.postgresql.roles import OF_PROCESS, ROLES, WORKER
from tests.outages import descendants

PASSWORD = "made-up"  # noqa: S105
WEB = ("clinic", "public")
PROCESSES = (*WEB, "worker", "beat")
CLOCK = Path(__file__).with_name("clock")
SIZE = "1200m"  # of the disk of PostgreSQL, and 20 MB for what the web servers write
STARTS_AGAIN = 0.3  # seconds after which a supervisor has seen that a process has ended
POSTGRES = POSTGRES_SETTINGS | {"shared_buffers": "64MB", "max_wal_size": "256MB"}


class Stage:
    """Folder, servers, relays and processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands: dict[str, Callable[[], subprocess.Popen]] = {}
        self.running: dict[str, subprocess.Popen] = {}
        self.held: set[str] = set()  # not started again for now
        self.restarts: Counter[str] = Counter()
        self.ending = threading.Event()
        self.lock = threading.RLock()
        self.ports = {name: find_free_port() for name in ("postgres", "valkey", "to_postgres", "to_valkey", *WEB)}
        self.secret = os.urandom(32).hex()
        self.relays: dict[str, Relay] = {}
        self.has_disks = False

    def start(self) -> None:
        """All of it, until the map is served."""
        self._mount()
        self._start_servers()
        for name in ("postgres", "valkey"):
            self.relays[name] = Relay(self.ports[f"to_{name}"], self.ports[name])
        self.manage("migrate", "--noinput")
        self.manage("demo_data", "--logins", str(self.folder / "logins"))
        self.manage("publish")
        for name in PROCESSES:
            self.commands[name] = lambda name=name: self._launch(name)
            self.running[name] = self.commands[name]()
        threading.Thread(target=self._supervise, daemon=True).start()
        wait_for(lambda: all(self.is_ready(name) for name in WEB), "web servers that are ready", seconds=120)

    def _mount(self) -> None:
        for name, size in (("disk", SIZE), ("tmp", "20m")):
            (self.folder / name).mkdir(parents=True)
            told = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", name, self.folder / name],  # noqa: S607
                capture_output=True, check=False,
            )  # fmt: skip
            self.has_disks = told.returncode == 0
        self.folder.chmod(0o755)

    def _start_servers(self) -> None:
        disk, program = self.folder / "disk", find_postgres()
        account = choose_account(disk, program)
        (disk / "run").mkdir()
        make_database_files(disk, program, account, PASSWORD, fast=True)
        hand_over(disk / "postgres", account)
        switches = [word for pair in POSTGRES.items() for word in ("-c", "=".join(pair))]

        def postgres() -> subprocess.Popen:
            words = [
                *account.prefix,
                program,
                "-D",
                disk / "postgres",
                "-p",
                str(self.ports["postgres"]),
                *switches,
            ]
            with suppress(OSError):
                (disk / "postgres" / "postmaster.pid").unlink()
            return self._open("postgres", words, VARIABLES, **account.change_of_user())

        def valkey() -> subprocess.Popen:
            words = [find_valkey(), "--port", str(self.ports["valkey"]), "--bind", "127.0.0.1", "--save", "",
                     "--maxmemory", "400mb", "--maxmemory-policy", "noeviction"]  # fmt: skip
            return self._open("valkey", words, VARIABLES)

        self.commands |= {"postgres": postgres, "valkey": valkey}
        self.running |= {name: self.commands[name]() for name in ("postgres", "valkey")}
        wait_for(self.responds, "PostgreSQL")
        with self.database("postgres") as admin:
            for role in ROLES:
                admin.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER PASSWORD '{PASSWORD}'")
            admin.execute(f"GRANT {WORKER} TO swecar")
            admin.execute("CREATE DATABASE swecar")

    def responds(self) -> bool:
        """Whether PostgreSQL does."""
        try:
            self.database("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def database(self, name: str = "swecar") -> psycopg.Connection:
        """A connection past the relay, as the superuser, for who looks and who locks."""
        url = f"postgresql://swecar:{PASSWORD}@127.0.0.1:{self.ports['postgres']}/{name}"
        return psycopg.connect(url, autocommit=True, connect_timeout=2)

    def read(self, statement: str, *values: Any) -> list[tuple]:
        """Rows, as the database has them now."""
        with self.database() as connection:
            return connection.execute(statement, values).fetchall()

    def environment(self, name: str = "") -> dict[str, str]:
        """What a process has; without a name that of the owner's commands, which go past the relays."""
        role, by = OF_PROCESS.get(name, "swecar"), "to_" if name else ""
        own = {
            "DATABASE_URL": f"postgresql://{role}:{PASSWORD}@127.0.0.1:{self.ports[f'{by}postgres']}/swecar",
            "REDIS_URL": f"redis://127.0.0.1:{self.ports[f'{by}valkey']}/0",
            "SECRET_KEY": self.secret, "IDENTITY_KEYS": f"made-up:{'A' * 43}=", "DEMONSTRATION": "1",
            "INSECURE_HTTP": "1", "SECOND_FACTOR": "optional", "LOOKUPS_PER_HOUR": "1000000", "PROXIES": "0",
            "LOOKUPS_PER_HOUR_IMPORT": "1000000", "RATE_LIMIT": "1000000", "MONITORING_TOKEN": self.secret,
            "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        if name:
            own |= {"APP_ROLE": name, "PORT": str(self.ports.get(name, 8000)), "TMPDIR": str(self.folder / "tmp"),
                    "PYTHONPATH": str(CLOCK), "CLOCK_FILE": str(self.clock_of(name))}  # fmt: skip
        return {**os.environ, **own}

    def clock_of(self, name: str) -> Path:
        """The file that says by how many seconds the clock of a process is wrong."""
        return self.folder / f"{name}.clock"

    def manage(self, *words: str) -> str:
        """A command, as the owner. Raises AssertionError."""
        told = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=self.environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if told.returncode:
            raise AssertionError(f"{words}: {told.stdout[-500:]} {told.stderr[-1500:]}")
        return told.stdout

    def logins(self) -> dict[str, str]:
        """The demonstration's."""
        found: dict[str, str] = json.loads((self.folder / "logins").read_text())
        return found

    def _launch(self, name: str) -> subprocess.Popen:
        return self._open(name, [sys.executable, "-m", "swecar.start"], self.environment(name), cwd=ROOT)

    def _open(self, name: str, words: Sequence[Any], variables: dict[str, str], **more: Any) -> subprocess.Popen:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [str(word) for word in words], env=variables, stdout=log, stderr=log, start_new_session=True,
                **{"cwd": self.folder / "disk", **more},
            )  # fmt: skip

    def _supervise(self) -> None:
        while not self.ending.wait(STARTS_AGAIN):
            with self.lock:
                for name, process in list(self.running.items()):
                    if name not in self.held and process.poll() is not None:
                        self.restarts[name] += 1
                        end_group(process)
                        self.running[name] = self.commands[name]()

    def is_ready(self, name: str) -> bool:
        """Whether a web server says so."""
        command = [sys.executable, "-I", "swecar/alive.py", "ready"]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment(name), capture_output=True, check=False
        ).returncode == 0  # fmt: skip

    def pids(self, name: str) -> list[int]:
        """The process and all that it has started."""
        return descendants(self.running[name].pid)

    @contextmanager
    def away(self, name: str, number: int) -> Iterator[None]:
        """A server or a process that is ended by a signal, and not started again before the block ends."""
        with self.lock:
            self.held.add(name)
            process = self.running[name]
            with suppress(ProcessLookupError):
                process.send_signal(number)
        try:
            yield
        finally:
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            end_group(process)
            self.held.discard(name)

    def tails(self) -> str:
        """The ends of all logs, for whoever looks for what went wrong."""
        logs = sorted(self.folder.glob("*.log"))
        return "".join(f"\n{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in logs)

    def stop(self) -> None:
        """End everything, however it is."""
        self.ending.set()
        with self.lock:
            for name in (*PROCESSES, "valkey", "postgres"):
                if name in self.running:
                    for pid in self.pids(name):
                        with suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGCONT)
                    end_group(self.running[name])
        for relay in self.relays.values():
            relay.stop()
        for name in ("disk", "tmp"):
            subprocess.run(["umount", "-l", self.folder / name], capture_output=True, check=False)  # noqa: S607
        shutil.rmtree(self.folder, ignore_errors=True)


def end_group(process: subprocess.Popen) -> None:
    """Kill a process and what it has left behind."""
    for pid in descendants(process.pid)[1:]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
