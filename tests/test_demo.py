"""The demonstration as a user runs it: a first start, and a second one on the same data."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from swecar.local.folder import ROOT
from swecar.local.left_overs import kill_group
from swecar.local.ports import find_free_port
from swecar.local.processes import LEAST_SECONDS
from tests.launching import LIMIT, environment, left_of, recorded

EXPECTED = "297 patients · 304 infusions · 6 reinfusions · 1 further dose · 13 children (snapshot 1)"
SECOND_START = 30  # seconds; 10 on an idle machine, and this one runs other tests too


@dataclass
class Demonstration:
    """A running demonstration, its output so far, and the processes that it has recorded."""

    process: subprocess.Popen[str]
    port: int
    said: list[str]
    pids: dict[str, int]

    def rest(self) -> str:
        """Its output until it ends."""
        return self.process.communicate(timeout=LIMIT)[0]


def run_demo(var: Path, **variables: str) -> subprocess.Popen[str]:
    """Start it as `make demo` does."""
    return subprocess.Popen(
        [sys.executable, "-m", "swecar.local.demo"],
        cwd=ROOT,
        env=environment(var, **variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def start_demo(var: Path) -> Demonstration:
    """Start it and wait until it is up."""
    port = find_free_port()
    process = run_demo(var, PORT=str(port))
    watchdog = threading.Timer(3 * LIMIT, process.kill)
    watchdog.start()
    said = []
    for line in process.stdout:
        said.append(line.rstrip())
        if line.startswith("Ctrl-C"):
            break
    watchdog.cancel()
    assert said[-1].startswith("Ctrl-C"), "\n".join(said)
    return Demonstration(process, port, said, recorded(var))


@pytest.fixture
def var(tmp_path):
    """The demonstration's folder; no process may use it after the test."""
    folder = tmp_path / "var"
    yield folder
    for pid in recorded(folder).values():
        kill_group(pid)


def assert_it_prints_the_summary(demo: Demonstration, var: Path) -> None:
    """It prints the national numbers, the URL and the logins, which only the owner can read on disk."""
    assert EXPECTED in demo.said
    assert any(f"http://127.0.0.1:{demo.port}/" in line for line in demo.said)
    logins = json.loads((var / "logins.json").read_text())
    assert {"upp", "sto", "steward", "admin"} <= set(logins)
    for user, password in logins.items():
        assert any(line.split() == [user, password] for line in demo.said)
    for name in ("demo.env", "logins.json", "secrets.json"):
        assert (var / name).stat().st_mode & 0o777 == 0o600


def assert_it_serves_and_works(demo: Demonstration, var: Path) -> None:
    """It serves the map as published, and a worker is ready for jobs."""
    with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/api/v1/map", timeout=LIMIT) as response:
        assert json.load(response)["national"]["infusions"] == 304
    with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/en/", timeout=LIMIT) as response:
        assert "the records are made up after a published figure" in response.read().decode()
    assert set(demo.pids) == {"postgres", "valkey", "worker", "beat", "clinic", "public"}
    deadline = time.monotonic() + LIMIT
    while "ready." not in (var / "logs" / "worker.log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)


class NotFollowed(urllib.request.HTTPRedirectHandler):
    """Shows a redirect as it is."""

    def redirect_request(self, *_request: object) -> None:
        return None


def assert_one_address_has_both_web_servers(demo: Demonstration, var: Path) -> None:
    """The public process's alone: it hands on to the clinic's what asks for a sign-in, which goes round there."""
    public, clinic = (environment_of(demo.pids[name]) for name in ("public", "clinic"))
    assert (public["APP_ROLE"], public["IDENTITY_KEYS"], public.get("PROXIES")) == ("public", "", None)
    assert (clinic["APP_ROLE"], clinic["IDENTITY_KEYS"][:5], clinic["PROXIES"]) == ("clinic", "demo:", "1")
    site = f"http://localhost:{demo.port}"
    kept = urllib.request.HTTPCookieProcessor()
    browser = urllib.request.build_opener(kept, NotFollowed)
    with pytest.raises(urllib.error.HTTPError) as told:
        browser.open(f"{site}/clinic/", timeout=LIMIT)
    assert told.value.headers["Location"] == "/accounts/login/?next=/clinic/"
    form_page = browser.open(f"{site}/accounts/login/?next=/clinic/", timeout=LIMIT).read().decode()
    form = {
        "csrfmiddlewaretoken": re.findall(r'csrfmiddlewaretoken" value="(\w+)"', form_page)[0],
        "login": "upp", "password": json.loads((var / "logins.json").read_text())["upp"], "next": "/clinic/",
    }  # fmt: skip
    sent = urllib.request.Request(f"{site}/accounts/login/", urlencode(form).encode(), {"Origin": site})  # noqa: S310
    with pytest.raises(urllib.error.HTTPError) as told:
        browser.open(sent, timeout=LIMIT)
    assert (told.value.code, told.value.headers["Location"]) == (302, "/clinic/")
    with browser.open(f"{site}/clinic/", timeout=LIMIT) as page:
        assert "Akademiska" in page.read().decode()


def environment_of(pid: int) -> dict[str, str]:
    """The variables that a process was started with."""
    lines = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(line.partition("=")[::2] for line in lines if line)


def join(var: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the shell with the demonstration's variables."""
    joined = f"set -a; . {shlex.quote(str(var))}/demo.env; set +a; {command}"
    return subprocess.run(
        ["sh", "-c", joined], cwd=ROOT, env=environment(var), capture_output=True, text=True, timeout=LIMIT,
        check=False,
    )  # fmt: skip


RUN_EACH = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "swecar.settings"
from django.core.management import ManagementUtility
for words in ("verify", "demo_data --reference-only", "publish"):
    ManagementUtility(["manage.py", *words.split()]).execute()
    print("ended:", words)
"""


def assert_a_shell_joins_it(var: Path) -> None:
    """Any manage.py command runs with the stored variables."""
    outcome = join(var, f"{sys.executable} -c {shlex.quote(RUN_EACH)}")
    assert (outcome.returncode, outcome.stdout.count("ended:")) == (0, 3), outcome.stderr


WITHOUT = f"env -u DEMONSTRATION {sys.executable}"
SERVICES = (
    "-m swecar.web --bind 127.0.0.1:0",
    "-m celery -A swecar worker -c 1",
    "-m celery -A swecar beat -s {var}/schedule",
    "manage.py publish",
    "manage.py load_code_lists",
)


def assert_no_registry_runs_on_it(var: Path) -> None:
    """Without DEMONSTRATION=1 a server, a worker, a scheduler or a command ends at once with a sentence."""
    for words in SERVICES:
        outcome = join(var, f"{WITHOUT} {words.format(var=var)}")
        assert outcome.returncode == 1, words
        assert "This database holds the made-up records of a demonstration" in outcome.stderr, words
        assert "Traceback" not in outcome.stderr, words


def assert_a_second_one_is_told_to_join(var: Path) -> None:
    """A second one on the same folder is refused with a sentence that says how to join."""
    second = run_demo(var, PORT=str(find_free_port()))
    said = second.communicate(timeout=LIMIT)[0]
    assert second.returncode == 1
    assert said.startswith(f"It is running already on {var}.")
    assert str(var / "demo.env") in said


def assert_a_worker_that_ends_is_started_again(demo: Demonstration, var: Path) -> None:
    """A worker that finds itself deaf ends; only what ends at once after its start is given up."""
    time.sleep(LEAST_SECONDS)
    os.kill(demo.pids["worker"], signal.SIGKILL)
    deadline = time.monotonic() + LIMIT
    while recorded(var).get("worker") in {None, demo.pids["worker"]}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    demo.pids["worker"] = recorded(var)["worker"]
    assert demo.process.poll() is None


def test_it_starts_serves_stops_completely_and_starts_again_on_its_data(var):
    first = start_demo(var)
    assert_it_prints_the_summary(first, var)
    assert_it_serves_and_works(first, var)
    assert_one_address_has_both_web_servers(first, var)
    assert_a_shell_joins_it(var)
    assert_no_registry_runs_on_it(var)
    assert_a_second_one_is_told_to_join(var)

    first.process.send_signal(signal.SIGINT)
    assert first.rest().split() == ["Stopping", "…", "Stopped."]
    assert first.process.returncode == 0
    assert left_of(set(first.pids.values()), var) == []
    assert not (var / "demo.env").exists()

    began = time.monotonic()
    second = start_demo(var)
    assert time.monotonic() - began < SECOND_START
    assert_it_prints_the_summary(second, var)

    assert_a_worker_that_ends_is_started_again(second, var)
    os.kill(second.pids["clinic"], signal.SIGKILL)
    assert "The process `clinic` ended by itself." in second.rest()
    assert second.process.returncode == 1
    assert left_of(set(second.pids.values()), var) == []


def test_a_taken_port_is_reported_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        demo = run_demo(tmp_path / "var", PORT=str(port))
        said = demo.communicate(timeout=LIMIT)[0]
    assert demo.returncode == 1
    assert said.startswith(f"Port {port} cannot be used")
    assert not (tmp_path / "var" / "postgres").exists()
