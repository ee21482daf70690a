"""Workers and schedulers with shorter times than production's, under the supervisor that the demonstration has."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from swecar.local.folder import ROOT
from swecar.local.plan import Plan
from swecar.local.processes import Child, running
from swecar.postgresql.roles import WORKER as WORKER_ROLE
from tests.working import database_url

SECONDS = float(os.environ.get("SWECAR_HANG_SECONDS", "0.8"))  # for which the broker hangs
TIMES = SECONDS / 12  # of production's
START = 30  # seconds that a busy machine may need to start a process of ours

# As `celery -A swecar worker` and `beat` are, but for the times.
PROGRAM = f"""
import os, sys, time
import celery.__main__
import django
django.setup()
from swecar import hearing
from swecar.celery import app
from registry.entry.importing import job
from registry.publishing import scheduling
app.conf.broker_transport_options |= {{"socket_timeout": 10 * {TIMES}}}
app.conf.beat_schedule["sweep"]["schedule"] *= {TIMES}
app.conf.beat_schedule["sweep"]["options"]["expires"] *= {TIMES}
job.PATIENCE *= {TIMES}
scheduling.LEASE *= {TIMES}
scheduling.TURN *= {TIMES}
exec(os.environ.get("SWECAR_FAULT", ""))
sys.argv[:1] = ["celery", "-A", "swecar"]
sys.exit(celery.__main__.main())
"""
WORKER = ("worker", "--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle")
BEAT = ("beat", "--loglevel", "INFO")


def plan(var: Path, url: str, *words: str, fault: str = "") -> Plan:
    """A worker or a scheduler with a folder of its own; fault: what is done in it before it starts."""
    for folder in ("logs", "run", words[0]):
        (var / folder).mkdir(exist_ok=True)
    variables = os.environ | {"DATABASE_URL": database_url(WORKER_ROLE), "REDIS_URL": url, "SWECAR_FAULT": fault}
    variables |= {"TMPDIR": str(var / words[0]), "PYTHONUNBUFFERED": "1"}
    return Plan(words[0], [sys.executable, "-c", PROGRAM, *words], ROOT, variables, starts_again=True)


@contextmanager
def supervised(var: Path, url: str, *, fault: str = "") -> Iterator[list[Child]]:
    """A worker and a scheduler that are started again when they end."""
    done = threading.Event()
    with ExitStack() as stack:
        plans = [plan(var, url, *words, fault=fault) for words in (WORKER, BEAT)]
        children = [stack.enter_context(running(one, var=var)) for one in plans]

        def watch() -> None:
            while not done.wait(0.1):
                for child in children:
                    child.has_failed()

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield children
        finally:
            done.set()
            watcher.join()


def until(condition, seconds: float) -> float:
    """Wait until it holds; how long that was."""
    begun = time.monotonic()
    while not condition():
        waited = time.monotonic() - begun
        assert waited < seconds, f"not within {seconds:.0f} s"
        time.sleep(0.05)
    return time.monotonic() - begun
