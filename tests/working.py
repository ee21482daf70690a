"""A real worker and a real broker for the tests of the jobs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from celery import current_app
from django.conf import settings
from django.db import connection
from kombu import pools

from swecar.local.demo import WORKER
from swecar.local.folder import ROOT
from swecar.local.ports import find_free_port
from swecar.local.programs import find_valkey
from swecar.postgresql.roles import WORKER as WORKER_ROLE
from tests.database_roles import PASSWORDS

STOP_SECONDS = 60  # seconds until waiting fails, on a machine that is busy with other tests


def wait_for(condition: Callable[[], object], what: str, *, pause: float = 0.05) -> None:
    """Wait until the condition holds; fail with a description of it. pause: seconds between two looks."""
    deadline = time.monotonic() + STOP_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(pause)


def database_url(role: str = "") -> str:
    """The URL of the test's database, for another process: for a role, or for the owner."""
    parts = connection.settings_dict
    user, password = (role, PASSWORDS[role]) if role else (parts["USER"], parts["PASSWORD"])
    login = f"{user}:{quote(password)}@" if password else f"{user}@"
    return f"postgresql://{login}{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"


@contextmanager
def worker(broker: str = "", *, processes: int = 1) -> Iterator[subprocess.Popen]:
    """A Celery worker on the test's database, killed with its children at the end."""
    broker = broker or settings.CELERY_BROKER_URL
    variables = os.environ | {"DATABASE_URL": database_url(WORKER_ROLE), "REDIS_URL": broker}
    log = log_of_worker()
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *WORKER, "-c", str(processes)],
            cwd=ROOT,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(lambda: " ready." in log.read_text(), f"a worker that is ready: {log.read_text()}")
        yield process
    finally:
        kill(process)
        log.unlink(missing_ok=True)


def point_at(address: str) -> None:
    """Let this process send its messages to another broker."""
    current_app.conf.broker_url = address
    pools.reset()
    current_app._pool = None
    current_app.amqp._producer_pool = None


def log_of_worker() -> Path:
    """What the present worker has printed."""
    return Path(os.environ.get("TMPDIR", "/tmp"), f"swecar-worker-{os.getpid()}.log")  # noqa: S108


def kill(process: subprocess.Popen) -> None:
    """Kill a process and its children, as a crash would."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_SECONDS)


@contextmanager
def broker(port: int = 0) -> Iterator[tuple[subprocess.Popen, str]]:
    """A Valkey that the test may kill: (process, URL)."""
    port = port or find_free_port()
    process = subprocess.Popen(
        [find_valkey(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process, f"redis://127.0.0.1:{port}/0"
    finally:
        kill(process)
