"""PgBouncer before the test's database, and Redis behind TLS or Sentinels: real ones where they are installed."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from swecar.local.ports import find_free_port
from tests.working import kill

CONFIGURATION = """
[databases]
{name} = host={host} port={port} dbname={name} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pidfile =
{more}
"""


def find(*names: str) -> str:
    """The program; without it the test is skipped, which the summary tells."""
    for name in names:
        path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if path:
            return path
    missing = f"{names[0]} is not installed, so the service is not tried with it: apt-get install {names[0]}."
    pytest.skip(missing)


def wait_until_open(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 20
    while True:
        assert process.poll() is None, f"{process.args} ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline, f"nothing listens on {port}"
        time.sleep(0.05)


@contextmanager
def running(*words: str, port: int) -> Iterator[subprocess.Popen]:
    """A server until the end of the block."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_until_open(port, process)
        yield process
    finally:
        kill(process)


@contextmanager
def pgbouncer(**settings: str) -> Iterator[int]:
    """PgBouncer on the test's database, with its defaults and these settings; its port."""
    program = find("pgbouncer")
    parts, listen = connection.settings_dict, find_free_port()
    names = {name.lower(): parts[name] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")}
    more = "\n".join(f"{name} = {value}" for name, value in settings.items())
    folder = Path(tempfile.mkdtemp(prefix="swecar-pgbouncer-"))
    try:
        folder.chmod(0o755)  # as root it becomes another user
        file = folder / "pgbouncer.ini"
        file.write_text(CONFIGURATION.format(**names, listen=listen, more=more))
        account = ["-u", "nobody"] if os.geteuid() == 0 else []
        with running(program, "-q", *account, str(file), port=listen):
            yield listen
    finally:
        shutil.rmtree(folder)


@contextmanager
def connected_at(port: int) -> Iterator[None]:
    """Let this process reach its database at this port."""
    usual = connection.settings_dict["PORT"]
    for at in (str(port), usual):
        connection.close()
        connection.close_pool()
        connection.settings_dict["PORT"] = at
        if at != usual:
            try:
                yield
            except BaseException:
                connection.close()
                connection.close_pool()
                connection.settings_dict["PORT"] = usual
                raise
