"""A PostgreSQL of a test's own that can be stopped, frozen and started again, and a relay that swallows all."""

import os
import selectors
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.db import connection

from swecar.local.accounts import VARIABLES
from swecar.local.plan import Account
from swecar.local.ports import find_free_port
from swecar.local.postgres import POSTGRES_FAST, POSTGRES_SETTINGS
from swecar.postgresql.pool import watch
from tests.standbys import copy_server, drop_slot, stop
from tests.working import database_url, wait_for


@dataclass
class Server:
    """A copy of the server of the tests, with all that was committed there; its port is the only difference."""

    var: Path
    account: Account
    program: Path
    port: int
    process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        """Of the test's database there."""
        return url_at(self.port)

    def start(self) -> None:
        switches = [
            word for pair in (POSTGRES_SETTINGS | POSTGRES_FAST).items() for word in ("-c", "=".join(pair))
        ]
        with (self.var / "log").open("w") as log:
            self.process = subprocess.Popen(
                [*self.account.prefix, self.program, "-D", self.var / "data", "-p", str(self.port), *switches],
                cwd=self.var, env=VARIABLES, stdout=log, stderr=log, start_new_session=True,
                **self.account.change_of_user(),
            )  # fmt: skip
        wait_for(lambda: responds(self.port), "a server that responds")

    def stop(self) -> None:
        if self.process:
            stop(self.process)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All its processes stand still."""
        found = descendants(self.process.pid)
        for pid in found:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def url_at(port: int) -> str:
    """The test's database at another port."""
    return database_url().replace(f":{urlsplit(database_url()).port}/", f":{port}/")


def responds(port: int) -> bool:
    try:
        psycopg.connect(url_at(port), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def descendants(pid: int) -> list[int]:
    """The process and all below it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = path.read_text().rpartition(")")[2].split()
            children.setdefault(int(words[1]), []).append(int(path.parent.name))
    found, ahead = [], [pid]
    while ahead:
        one = ahead.pop()
        found.append(one)
        ahead += children.get(one, [])
    return found


@contextmanager
def running_copy() -> Iterator[Server]:
    """Copy the server of the tests, and run the copy until the end of the block."""
    port = find_free_port()
    slot = f"copy_{port}"
    var, account, program = copy_server("copy", slot)
    drop_slot(slot)
    server = Server(var, account, program, port)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(var)


@contextmanager
def reached_at(port: int, *, pooled: bool = True) -> Iterator[None]:
    """Let this process reach its database at this port, with a pool or without."""
    parts = connection.settings_dict
    usual, pool = parts["PORT"], parts["OPTIONS"].get("pool")
    forget()
    parts["PORT"] = str(port)
    if not pooled:
        del parts["OPTIONS"]["pool"]
    try:
        yield
    finally:
        forget()
        parts["PORT"], parts["OPTIONS"]["pool"] = usual, pool
        wait_for(lambda: not is_watched(), "the end of the probe")


def forget() -> None:
    """Close what this thread and the pool have open."""
    with suppress(Exception):
        connection.close()
    connection.connection = None
    connection.close_pool()


def is_watched() -> bool:
    return watch._thread is not None or watch.since is not None


@dataclass
class Relay:
    """Between a client and the port of a server; while `swallows`, nothing comes through, and nobody is told."""

    to: int
    port: int = field(default_factory=find_free_port)
    swallows: bool = False
    ended: bool = False

    def run(self) -> None:
        pairs: dict[socket.socket, socket.socket] = {}
        with selectors.DefaultSelector() as ready, socket.create_server(("127.0.0.1", self.port)) as door:
            ready.register(door, selectors.EVENT_READ)
            while not self.ended:
                if self.swallows:
                    time.sleep(0.02)
                    continue
                for key, _events in ready.select(0.02):
                    if key.fileobj is not door:
                        self._pass_on(key.fileobj, pairs, ready)
                        continue
                    near, far = door.accept()[0], socket.create_connection(("127.0.0.1", self.to))
                    pairs |= {near: far, far: near}
                    ready.register(near, selectors.EVENT_READ)
                    ready.register(far, selectors.EVENT_READ)
            for one in pairs:
                one.close()

    def _pass_on(self, one, pairs, ready) -> None:
        if one not in pairs:
            return
        try:
            part = one.recv(65536)
            pairs[one].sendall(part)
        except OSError:
            part = b""
        if not part:
            for end in (one, pairs.pop(one)):
                pairs.pop(end, None)
                ready.unregister(end)
                end.close()


@contextmanager
def relay_to(port: int) -> Iterator[Relay]:
    """A relay until the end of the block."""
    relay = Relay(port)
    thread = threading.Thread(target=relay.run, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.ended = True
        thread.join()
