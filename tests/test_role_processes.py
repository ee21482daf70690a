"""Each role of the image as a real process: it starts, shows that it is well, and stops soon and in order."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
import pytest
from django.urls import reverse

from registry.choices import Outcome, Scope
from registry.entry.accounts.tokens import create_token
from registry.models import Run
from registry.publishing.publish import publish
from swecar.local.folder import ROOT
from swecar.local.ports import find_free_port
from swecar.postgresql.roles import OF_PROCESS, PUBLIC
from swecar.setting_table import OPTIONAL_ROLES, ROLES
from tests import factories
from tests.database_roles import role_of
from tests.desk import sign_in
from tests.routes import Row, World, store_world
from tests.test_routes import ROWS
from tests.working import database_url, kill, wait_for

SOON = 10  # seconds, in which each stops, on a machine that others use too; `make image-check` holds 5


def start(role: str, *, output: int = subprocess.PIPE, **variables: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "swecar.start"], cwd=ROOT, text=True, start_new_session=True,
        env=os.environ | {"DATABASE_URL": database_url(OF_PROCESS.get(role, "")), "APP_ROLE": role} | variables,
        stdout=output, stderr=subprocess.STDOUT,
    )  # fmt: skip


def stop(process: subprocess.Popen) -> float:
    """Seconds from SIGTERM to the end."""
    begun = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    process.wait(timeout=60)
    return time.monotonic() - begun


def status_of(address: str, within: int = 10) -> int:
    try:
        with urlopen(address, timeout=within) as response:  # noqa: S310
            return response.status
    except HTTPError as error:
        return error.code
    except OSError:
        return 0


def healthy(role: str, **variables: str) -> bool:
    command = [sys.executable, "-I", "swecar/alive.py"]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | {"APP_ROLE": role} | variables, check=False, capture_output=True
    ).returncode == 0  # fmt: skip


def wait_until_healthy(role: str, what: str = "a web server that responds", **variables: str) -> None:
    """Each look is a process, which takes its time from the one that starts."""
    wait_for(lambda: healthy(role, **variables), what, pause=0.25)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("role", "clinic"), [("clinic", 302), ("public", 404)])
def test_a_web_server_serves_its_part_and_stops(committed_lists, role, clinic):
    factories.record(committed_lists)
    publish()
    port = str(find_free_port())
    process = start(role, PORT=port)
    try:
        assert not healthy(role, PORT=str(find_free_port()))
        wait_until_healthy(role, PORT=port)
        site = f"http://127.0.0.1:{port}"
        assert [status_of(site + path) for path in ("/", "/api/v1/map", "/health/ready")] == [200] * 3
        assert status_of(f"{site}/api/v1/infusions") == (401 if role == "clinic" else 404)
        assert (stop(process) < SOON, process.returncode) == (True, 0)
    finally:
        kill(process)


def ask(port: str, row: Row, world: World, headers: Mapping[str, str]) -> int:
    """The status that a row's route has there."""
    with factories.rolled_back():
        sent, address = row.request(world), reverse(row.name, kwargs=dict(row.args(world)))
    headers = {"Content-Type": sent["content_type"], **sent["headers"], **headers}
    with closing(HTTPConnection("127.0.0.1", int(port), timeout=60)) as connection:
        connection.request(row.method, address, sent["data"], headers)
        return connection.getresponse().status


@pytest.mark.django_db(transaction=True)
def test_the_public_process_has_no_route_to_records(committed_lists):
    """Whoever asks: the administrator, and a program with a token that may write."""
    world = store_world(committed_lists)
    Run.objects.all().delete()  # what has been queued, which the table's rows queue themselves
    _token, text = create_token(
        owner=world.users["reporter"], name="T", scope=Scope.WRITE, days=1, by=world.users["reporter"]
    )
    session = sign_in(world.users["administrator"]).cookies["sessionid"].value
    asks_for_a_sign_in = [row for row in ROWS if row.status_of("nobody") in {302, 401, 403}]
    assert len(asks_for_a_sign_in) > 100
    port = str(find_free_port())
    process = start("public", output=subprocess.DEVNULL, PORT=port)
    try:
        wait_until_healthy("public", PORT=port)
        for headers in ({"Cookie": f"sessionid={session}"}, {"Authorization": f"Bearer {text}"}):
            found = {f"{row.method} {row.name}": ask(port, row, world, headers) for row in asks_for_a_sign_in}
            assert {name: status for name, status in found.items() if status != 404} == {}
    finally:
        kill(process)


@pytest.mark.django_db(transaction=True)
def test_the_public_process_answers_every_public_route_as_the_table_says(committed_lists):
    """With the database's role, the layers and the settings that it really has."""
    world = store_world(committed_lists)
    Run.objects.all().delete()  # as above
    public = [row for row in ROWS if is_public(row, world)]
    assert len(public) > 50
    port = str(find_free_port())
    process = start("public", output=subprocess.DEVNULL, PORT=port)
    try:
        wait_until_healthy("public", PORT=port)
        found = {f"{row.method} {row.name}": ask(port, row, world, {}) for row in public}
        with urlopen(f"http://127.0.0.1:{port}/api/v1/schema", timeout=30) as response:
            described = set(json.load(response)["paths"])
    finally:
        kill(process)
    assert found == {f"{row.method} {row.name}": row.status_of("nobody") for row in public}
    # Also what another process serves.
    assert described == set(json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))["paths"])


def is_public(row: Row, world: World) -> bool:
    with factories.rolled_back():
        return role_of(reverse(row.name, kwargs=dict(row.args(world)))) == PUBLIC


@pytest.mark.django_db(transaction=True)
def test_a_scheduler_shows_itself_and_stops_soon(committed_lists, tmp_path):
    process = start("beat", TMPDIR=str(tmp_path))
    try:
        wait_until_healthy("beat", "a scheduler that shows itself", TMPDIR=str(tmp_path))
        assert stop(process) < SOON
        assert process.returncode == 0
    finally:
        kill(process)


@pytest.mark.django_db(transaction=True)
def test_a_worker_finishes_its_job_before_it_stops(committed_lists, tmp_path):
    process = start("worker", TMPDIR=str(tmp_path))
    try:
        wait_until_healthy("worker", "a worker that shows itself", TMPDIR=str(tmp_path))
        with psycopg.connect(database_url()) as blocker:
            blocker.execute("LOCK TABLE registry_snapshot IN SHARE ROW EXCLUSIVE MODE")
            factories.record(committed_lists)
            wait_for(lambda: Run.objects.exclude(started_at=None), "the start of the job")
            os.kill(process.pid, signal.SIGTERM)
            time.sleep(1)
            assert process.poll() is None
            blocker.rollback()
        process.wait(timeout=SOON)
        assert process.returncode == 0
        assert [run.outcome for run in Run.objects.all()] == [Outcome.PUBLISHED]
    finally:
        kill(process)


@pytest.mark.django_db(transaction=True)
def test_a_migration_ends_by_itself(committed_lists):
    process = start("migrate")
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, "No migrations to apply" in said) == (0, True)


@pytest.mark.parametrize("role", ROLES)
def test_a_start_is_ended_by_a_signal_that_a_first_process_would_ignore(role):
    """Whatever it is doing: the signal has a handler of ours until a server puts its own in place."""
    script = (
        "import os, runpy, signal\n"
        "def run(module, **options): os.kill(os.getpid(), signal.SIGTERM)\n"
        "runpy.run_module = run\n"
        "from swecar import start\n"
        "signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])\n"
        "start.main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=os.environ | {"APP_ROLE": role}, capture_output=True,
        text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr.strip()) == (1, f"Stopped while starting or at work: {role}.")


@pytest.mark.parametrize("role", ["", "web", "clinic,worker"])
def test_a_role_that_is_none_is_refused_in_a_sentence(role):
    ended = subprocess.run(
        [sys.executable, "-m", "swecar.start"], cwd=ROOT, env=os.environ | {"APP_ROLE": role}, capture_output=True,
        text=True, timeout=30, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    roles = ", ".join((*ROLES, *OPTIONAL_ROLES))
    assert ended.stderr.strip() == f"APP_ROLE is not set to a role. Write one of: {roles}."
