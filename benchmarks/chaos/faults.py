"""The faults: each is a block, which ends when everything is back."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from benchmarks.chaos import relay
from benchmarks.chaos.stage import PROCESSES, Stage

Fault = Callable[[Stage, random.Random], None]
SHORT, LONG = 0.3, 3.0  # seconds that a fault lasts
JUMPS = {"an hour ahead": 3600, "an hour behind": -3600, "a minute ahead": 60, "a minute behind": -60}
LOCKED = (
    "registry_infusion", "registry_patient", "registry_publication", "registry_snapshot", "registry_centre",
    "registry_user", "registry_accesslog", "registry_run",
)  # fmt: skip


def last(dice: random.Random) -> None:
    """For as long as the dice say."""
    time.sleep(dice.uniform(SHORT, LONG))


def kill(name: str) -> Fault:
    """The whole process."""

    def fault(stage: Stage, dice: random.Random) -> None:
        with suppress(ProcessLookupError):
            stage.running[name].kill()
        del dice

    return fault


def kill_child(name: str) -> Fault:
    """One of those that it has started, if there is one."""

    def fault(stage: Stage, dice: random.Random) -> None:
        with suppress(ProcessLookupError):
            os.kill(dice.choice(stage.pids(name)[1:] or stage.pids(name)), signal.SIGKILL)

    return fault


def restart(name: str) -> Fault:
    """In order, as for a new version."""

    def fault(stage: Stage, dice: random.Random) -> None:
        del dice
        with suppress(ProcessLookupError):
            stage.running[name].send_signal(signal.SIGTERM)

    return fault


def hang(name: str) -> Fault:
    """It and all that it has started stand still."""

    def fault(stage: Stage, dice: random.Random) -> None:
        found = stage.pids(name)
        send(found, signal.SIGSTOP)
        try:
            last(dice)
        finally:
            send(found, signal.SIGCONT)

    return fault


def send(pids: list[int], number: int) -> None:
    """A signal to those that are there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def jump(name: str, seconds: int) -> Fault:
    """Its clock is set, and set right again."""

    def fault(stage: Stage, dice: random.Random) -> None:
        file = stage.clock_of(name)
        try:
            put(file, seconds)
            last(dice)
        finally:
            put(file, 0)

    return fault


def put(file: Path, seconds: int) -> None:
    """At once, so that nobody reads half of it."""
    half = file.with_suffix(".new")
    half.write_text(str(seconds))
    half.replace(file)


def away(name: str, number: int) -> Fault:
    """A server that is gone for a while."""

    def fault(stage: Stage, dice: random.Random) -> None:
        with stage.away(name, number):
            last(dice)

    return fault


def network(name: str, mode: int) -> Fault:
    """Between all processes and a server."""

    def fault(stage: Stage, dice: random.Random) -> None:
        stage.relays[name].tell(mode)
        try:
            if mode != relay.RESET:
                last(dice)
        finally:
            if mode != relay.RESET:  # which ends by itself
                stage.relays[name].tell(relay.PASS)

    return fault


def end_sessions(stage: Stage, dice: random.Random) -> None:
    """As an administrator of PostgreSQL does, with all of them."""
    del dice
    stage.read("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'swecar\\_%%'")


def lock_table(stage: Stage, dice: random.Random) -> None:
    """As a migration or a REINDEX does."""
    with stage.database() as connection, connection.transaction():
        connection.execute("SET lock_timeout = '2s'")
        with suppress(psycopg.errors.LockNotAvailable):
            connection.execute(f"LOCK TABLE {dice.choice(LOCKED)} IN ACCESS EXCLUSIVE MODE")
            last(dice)


def use_all_sessions(stage: Stage, dice: random.Random) -> None:
    """No connection is left for anybody but a superuser."""
    opened = []
    try:
        with suppress(psycopg.OperationalError):
            while len(opened) < 300:
                opened.append(stage.database())
        last(dice)
    finally:
        for connection in opened:
            connection.close()


def read_only(stage: Stage, dice: random.Random) -> None:
    """As a replica that has not yet been promoted."""
    with stage.database() as connection:
        try:
            connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            connection.execute("SELECT pg_reload_conf()")
            last(dice)
        finally:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
            connection.execute("SELECT pg_reload_conf()")


@contextmanager
def valkey(stage: Stage) -> Iterator[Redis]:
    """The server itself, past the relay."""
    with Redis(port=stage.ports["valkey"], socket_timeout=3) as server, suppress(RedisError):
        yield server


def forget_all(stage: Stage, dice: random.Random) -> None:
    """Messages, cache and counts are gone."""
    del dice
    with valkey(stage) as server:
        server.flushall()


def no_memory(stage: Stage, dice: random.Random) -> None:
    """It takes nothing more."""
    with valkey(stage) as server:
        server.config_set("maxmemory", "1")
        last(dice)
    with valkey(stage) as server:
        server.config_set("maxmemory", "400mb")


def full(disk: str) -> Fault:
    """Not a byte is left on it."""

    def fault(stage: Stage, dice: random.Random) -> None:
        filler = stage.folder / disk / "filler"
        try:
            fill(filler)
            last(dice)
        finally:
            filler.unlink(missing_ok=True)

    return fault


def fill(path: Path) -> None:
    """As large as the disk allows."""
    piece = b"\0" * (1 << 20)
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(piece)
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while file.write(b"\0" * 4096):
            pass


def all_faults(stage: Stage) -> Mapping[str, Mapping[str, Fault]]:
    """By the part that they are of, so that each part has its share."""
    found: dict[str, dict[str, Fault]] = {
        name: {
            "killed": kill(name),
            "a child killed": kill_child(name),
            "SIGTERM": restart(name),
            "hangs": hang(name),
        }
        for name in PROCESSES
    }
    found["clock"] = {
        f"of {name} {how}": jump(name, seconds) for name in PROCESSES for how, seconds in JUMPS.items()
    }
    found["postgres"] = {
        "SIGQUIT": away("postgres", signal.SIGQUIT), "SIGINT": away("postgres", signal.SIGINT),
        "SIGKILL": away("postgres", signal.SIGKILL), "hangs": hang("postgres"), "sessions ended": end_sessions,
        "a table locked": lock_table, "no session left": use_all_sessions, "read-only": read_only,
    }  # fmt: skip
    found["valkey"] = {
        "SIGKILL": away("valkey", signal.SIGKILL), "SIGTERM": away("valkey", signal.SIGTERM),
        "hangs": hang("valkey"), "emptied": forget_all, "no memory": no_memory,
    }  # fmt: skip
    modes = {"swallows": relay.SWALLOW, "refuses": relay.REFUSE, "resets": relay.RESET, "slow": relay.SLOW}
    found["network"] = {
        f"{name} {how}": network(name, mode) for name in ("postgres", "valkey") for how, mode in modes.items()
    }
    if stage.has_disks:
        found["disk"] = {"of PostgreSQL full": full("disk"), "of the web servers full": full("tmp")}
    return found
