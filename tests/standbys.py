"""A real streaming standby of the server that the tests' databases are on."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.cache import caches
from django.test import override_settings
from psycopg import sql
from psycopg.errors import SerializationFailure

from swecar.local.accounts import VARIABLES, choose_account, hand_over, run_once
from swecar.local.plan import Account
from swecar.local.ports import find_free_port
from swecar.local.postgres import POSTGRES_SETTINGS
from swecar.local.programs import find_postgres
from tests.poolers import connected_at
from tests.working import STOP_SECONDS, database_url, wait_for

# Statements that stand in the way of what is replayed are broken off soon, and not after 30 seconds.
SETTINGS = POSTGRES_SETTINGS | {"hot_standby": "on", "max_standby_streaming_delay": "300ms", "fsync": "off"}


@dataclass
class Standby:
    """One that runs; its port is the only difference of its addresses to the primary's."""

    port: int
    process: subprocess.Popen

    @property
    def url(self) -> str:
        """Of the test's database there."""
        return database_url().replace(f":{urlsplit(database_url()).port}/", f":{self.port}/")

    def ask(self, statement: str) -> tuple:
        for _again in range(3):  # what is replayed may break a statement off
            with suppress(SerializationFailure), psycopg.connect(self.url, autocommit=True) as opened:
                return opened.execute(statement).fetchone() or ()
        raise AssertionError(f"broken off three times: {statement}")

    def pause(self) -> None:
        """Replay nothing from now on."""
        self.ask("SELECT pg_wal_replay_pause()")
        wait_for(lambda: self.ask("SELECT pg_get_wal_replay_pause_state()") == ("paused",), "a pause")

    def resume(self) -> None:
        self.ask("SELECT pg_wal_replay_resume()")

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Without its connection to the primary for a while."""
        (usual,) = self.ask("SHOW primary_conninfo")
        try:
            self._connect_to("")
            wait_for(
                lambda: self.ask("SELECT count(*) FROM pg_stat_wal_receiver") == (0,), "the end of the stream"
            )
            yield
        finally:
            self._connect_to(usual)

    def _connect_to(self, primary: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as opened:
            opened.execute(sql.SQL("ALTER SYSTEM SET primary_conninfo = {}").format(sql.Literal(primary)))
            opened.execute("SELECT pg_reload_conf()")

    def catch_up(self) -> None:
        """Wait until it has what the primary has by now."""
        with psycopg.connect(database_url(), autocommit=True) as primary:
            (here,) = primary.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
        wait_for(lambda: self.ask(f"SELECT pg_last_wal_replay_lsn() >= '{here}'") == (True,), "a standby level")

    @contextmanager
    def read(self) -> Iterator[None]:
        """Let this process read there, as APP_ROLE=public with PUBLIC_DATABASE_URL does."""
        caches["responses"].clear()  # another process remembers nothing of this one
        with override_settings(READS_REPLICA=True), connected_at(self.port):
            yield
        caches["responses"].clear()


def copy_server(purpose: str, slot: str, *more: str) -> tuple[Path, Account, Path]:
    """Copy the server of the tests: a folder with `data`, who owns it, and the program that runs it.

    The server keeps what the copy has not received yet, however much the other tests write meanwhile, until
    drop_slot.
    """
    program = find_postgres()
    copy = program.with_name("pg_basebackup")
    if not copy.exists():
        pytest.skip("pg_basebackup is not installed beside PostgreSQL, so no server is copied.")
    var = Path(tempfile.mkdtemp(prefix=f"swecar-{purpose}-"))
    var.chmod(0o755)
    account = choose_account(var, program, copy)
    hand_over(var, account)
    words = [
        "-d",
        os.environ["DATABASE_URL"],
        "-D",
        str(var / "data"),
        "-c",
        "fast",
        "--no-sync",
        "-C",
        "-S",
        slot,
    ]
    made = run_once(account, [copy, *words, *more], var)
    assert made.returncode == 0, made.stderr
    return var, account, program


def drop_slot(slot: str) -> None:
    """Once whatever has received by it is gone."""
    wait_for(partial(_is_dropped, slot), "the end of the slot")


@contextmanager
def running_standby() -> Iterator[Standby]:
    """Make one and run it until the end of the block."""
    port = find_free_port()
    slot = f"standby_{port}"
    var, account, program = copy_server("standby", slot, "-R")
    folder = var / "data"
    switches = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    with (var / "log").open("w") as log:
        process = subprocess.Popen(
            [*account.prefix, program, "-D", folder, "-p", str(port), *switches],
            cwd=var, env=VARIABLES, stdout=log, stderr=log, start_new_session=True, **account.change_of_user(),
        )  # fmt: skip
    standby = Standby(port, process)
    try:
        wait_for(lambda: process.poll() is not None or _responds(port), "a standby that responds")
        assert process.poll() is None, (var / "log").read_text()
        yield standby
    finally:
        stop(process)
        drop_slot(slot)
        shutil.rmtree(var)


def _is_dropped(slot: str) -> bool:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as primary:
        primary.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
            "WHERE slot_name = %s AND NOT active", [slot],
        )  # fmt: skip
        return primary.execute("SELECT FROM pg_replication_slots WHERE slot_name = %s", [slot]).fetchone() is None


def _responds(port: int) -> bool:
    try:
        psycopg.connect(os.environ["DATABASE_URL"], port=port, connect_timeout=2).close()
    except psycopg.OperationalError:
        time.sleep(0.1)
        return False
    return True


def stop(process: subprocess.Popen) -> None:
    """Stop it at once; its children end with it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGQUIT)
    process.wait(STOP_SECONDS)
