"""What is seen from outside while the hosts run: connections, who holds a job, what the schedulers sent."""

import json
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import psycopg

from benchmarks.hosts.network import ADDRESSES, log_of
from benchmarks.hosts.servers import OBSERVED

ESTABLISHED = "01"  # in /proc/net/tcp
HOST_OF = {address: host for host, address in ADDRESSES.items()}
# Of all but who looks.
CONNECTIONS = """
SELECT coalesce(host(client_addr), ''), count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND usename <> 'swecar' GROUP BY 1
"""
# The lock that a worker holds for as long as it is at an uploaded file.
HOLDERS = """
SELECT host(client_addr) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND classid = 7203
"""


class ConnectionCount(threading.Thread):
    """The most connections at any time, of all and of each host; those of PgBouncer come from its own host.

    pooler: what is connected to PgBouncer. replica: to the replica.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most: Counter[str] = Counter()

    def run(self) -> None:
        """Look twice a second, for ever."""
        with psycopg.connect(OBSERVED, autocommit=True) as connection:
            pause = threading.Event()
            while not pause.wait(0.5):
                found = {HOST_OF.get(at, "a"): count for at, count in connection.execute(CONNECTIONS).fetchall()}
                found |= {"all": sum(found.values()), "pooler": open_at("a", 6432), "replica": open_at("c", 5432)}
                for host, count in found.items():
                    self.most[host] = max(self.most[host], count)


def open_at(host: str, port: int) -> int:
    """How many connections a server has, as its host's kernel tells."""
    command = ["ip", "netns", "exec", host, "cat", "/proc/net/tcp"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    sockets = [line.split()[1:4] for line in lines]
    return sum(local.endswith(f":{port:04X}") and state == ESTABLISHED for local, _remote, state in sockets)


def read(statement: str) -> list[tuple]:
    """Rows, as the database has them now."""
    with psycopg.connect(OBSERVED, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def holders() -> set[str]:
    """The hosts whose workers are at a file."""
    return {HOST_OF.get(at, "a") for (at,) in read(HOLDERS)}


def lines_of(host: str, role: str) -> Iterator[tuple[float, str]]:
    """When, and what, a process told."""
    for line in log_of(host, role).read_text(errors="replace").splitlines():
        if line.startswith("{"):
            told = json.loads(line)
            yield datetime.fromisoformat(told["at"]).timestamp(), told["message"]
