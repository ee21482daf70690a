"""The demonstration as a person runs it: a first start and a second one on the same data."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from swecar.embedded import ROOT
from swecar.processes import kill_group
from swecar.servers import find_free_port
from tests.launching import LIMIT, environment, left_of, recorded

EXPECTED = "297 patients · 304 infusions · 6 reinfusions · 1 further dose · 13 children (snapshot 1)"
SECOND_START = 30  # seconds; 10 on an idle machine, and this one runs other tests too


@dataclass
class Demonstration:
    """A running demonstration, what it has said, and which processes it says it runs."""

    process: subprocess.Popen[str]
    port: int
    said: list[str]
    pids: dict[str, int]

    def rest(self) -> str:
        """What it says until it ends."""
        return self.process.communicate(timeout=LIMIT)[0]


def run_demo(var: Path, **variables: str) -> subprocess.Popen[str]:
    """Start it, as `make demo` does."""
    return subprocess.Popen(
        [sys.executable, "-m", "swecar.demo"],
        cwd=ROOT,
        env=environment(var, **variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def start_demo(var: Path) -> Demonstration:
    """Start it and wait until it says that all is up."""
    port = find_free_port()
    process = run_demo(var, PORT=str(port))
    watchdog = threading.Timer(3 * LIMIT, process.kill)
    watchdog.start()
    said = []
    for line in process.stdout:
        said.append(line.rstrip())
        if line.startswith("Ctrl-C"):
            watchdog.cancel()
            return Demonstration(process, port, said, recorded(var))
    pytest.fail("\n".join(said))


def get(port: int, path: str) -> tuple[int, bytes]:
    """Ask the demonstration's web server."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=LIMIT) as answer:
        return answer.status, answer.read()


@pytest.fixture(scope="module")
def var(tmp_path_factory):
    """Where this demonstration keeps everything; nothing of it may run on when the tests are through."""
    folder = tmp_path_factory.mktemp("demo") / "var"
    yield folder
    for pid in recorded(folder).values():
        kill_group(pid)


@pytest.fixture(scope="module")
def first(var):
    """The first start, up for as long as its tests need it."""
    demonstration = start_demo(var)
    yield demonstration
    if demonstration.process.poll() is None:
        demonstration.process.send_signal(signal.SIGINT)
        demonstration.rest()


def test_it_says_the_national_line_the_address_and_the_logins(first, var):
    assert EXPECTED in first.said
    assert any(f"http://127.0.0.1:{first.port}/" in line for line in first.said)
    logins = json.loads((var / "logins.json").read_text())
    assert {"upp", "sto", "steward", "admin"} <= set(logins)
    for user, password in logins.items():
        assert any(line.split() == [user, password] for line in first.said)
    for name in ("demo.env", "logins.json", "secrets.json"):
        assert (var / name).stat().st_mode & 0o777 == 0o600


def test_it_answers_with_the_published_numbers(first):
    status, body = get(first.port, "/api/v1/map")
    assert status == 200
    assert json.loads(body)["national"]["infusions"] == 304


def test_worker_and_beat_run(first, var):
    assert {"postgres", "valkey", "worker", "beat", "web"} == set(first.pids)
    deadline = time.monotonic() + LIMIT
    while "ready." not in (var / "logs" / "worker.log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_shell_joins_it_by_the_variables_it_keeps(first, var):
    command = f"set -a; . {shlex.quote(str(var))}/demo.env; set +a; {sys.executable} manage.py verify"
    outcome = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=environment(var), capture_output=True, timeout=LIMIT, check=False
    )
    assert outcome.returncode == 0, outcome.stderr


def test_second_one_on_the_same_folder_says_how_to_join(first, var):
    second = run_demo(var, PORT=str(find_free_port()))
    said = second.communicate(timeout=LIMIT)[0]
    assert second.returncode == 1
    assert said.startswith(f"It is running already on {var}.")
    assert str(var / "demo.env") in said


def test_taken_port_is_told_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        demo = run_demo(tmp_path / "var", PORT=str(port))
        said = demo.communicate(timeout=LIMIT)[0]
    assert demo.returncode == 1
    assert said.startswith(f"Port {port} cannot be used")
    assert not (tmp_path / "var" / "postgres").exists()


def test_ctrl_c_leaves_no_process_and_a_second_start_keeps_the_data_until_a_part_of_it_dies(first, var):
    first.process.send_signal(signal.SIGINT)
    assert first.rest().split() == ["Stopping", "…", "Stopped."]
    assert first.process.returncode == 0
    assert left_of(set(first.pids.values()), var) == []
    assert not (var / "demo.env").exists()

    began = time.monotonic()
    second = start_demo(var)
    assert time.monotonic() - began < SECOND_START
    assert EXPECTED in second.said
    assert [line for line in second.said if line.startswith("  upp ")] == [
        line for line in first.said if line.startswith("  upp ")
    ]

    os.kill(second.pids["beat"], signal.SIGKILL)
    assert "The process `beat` ended by itself." in second.rest()
    assert second.process.returncode == 1
    assert left_of(set(second.pids.values()), var) == []
