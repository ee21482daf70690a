"""A keeper of its own for a test: a process with the test's keys."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from registry import identity_keeper
from swecar.keeper.messages import read_address
from swecar.local.folder import ROOT
from swecar.local.ports import find_free_port
from tests.rekeying import write_keys
from tests.working import kill

SECRET = "a-made-up-secret-of-more-than-fifty-characters-for-tests-only"


class Keeper:
    """A keeper that may be stopped and started again, with other keys too."""

    def __init__(self, folder: Path, url: str):
        self.url, self.log, self.temporary = url, folder / "keeper.log", folder / "t"
        self.temporary.mkdir(exist_ok=True)
        self.process: subprocess.Popen | None = None

    def start(self, keys: Mapping[str, bytes], *, per_hour: int = 1_000) -> None:
        """Start it, and wait until it is ready."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "swecar.start"], cwd=ROOT, stderr=log, start_new_session=True,
                env=self.variables | {"APP_ROLE": "keeper", "IDENTITY_KEYS": write_keys(dict(keys)),
                                      "KEEPER_PER_HOUR": str(per_hour)},
            )  # fmt: skip
        end = time.monotonic() + 30
        while '"ready"' not in self.log.read_text().rpartition("stopped\n")[2]:
            assert time.monotonic() < end and self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)

    @property
    def variables(self) -> dict[str, str]:
        """Its environment, without any of the service's own."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return kept | {"IDENTITY_KEEPER_URL": self.url, "KEEPER_SECRET": SECRET, "TMPDIR": str(self.temporary)}

    def stop(self) -> None:
        """Kill it."""
        if self.process:
            kill(self.process)
            with self.log.open("a") as log:
                log.write("stopped\n")
            self.process = None

    def run(self, *words: str) -> subprocess.CompletedProcess:
        """`python -m swecar.keeper` with these words, as an operator."""
        return subprocess.run(
            [sys.executable, "-m", "swecar.keeper", *words], cwd=ROOT, capture_output=True, text=True, check=False,
            env=self.variables | {"IDENTITY_KEYS": "k:" + "A" * 43 + "="},
        )  # fmt: skip


@contextmanager
def keeper(folder: Path, settings, *, tcp: bool = False, per_hour: int = 1_000) -> Iterator[Keeper]:
    """A keeper with the test's keys, which this process then has no longer."""
    url = f"tcp://127.0.0.1:{find_free_port()}" if tcp else f"unix://{folder}/keeper.sock"
    kept = Keeper(folder, url)
    kept.start(settings.IDENTITY_KEYS, per_hour=per_hour)
    settings.IDENTITY_KEYS = {}
    settings.IDENTITY_KEEPER, settings.KEEPER_SECRET = read_address(url), SECRET
    identity_keeper._known.clear()
    try:
        yield kept
    finally:
        kept.stop()
        identity_keeper._known.clear()
