"""Real web servers and a real worker whose PostgreSQL is stopped and started; OUTAGE=40 for a longer outage."""

import json
import os
import time
from contextlib import closing
from http.client import HTTPConnection

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import connection

from registry.choices import Scope
from registry.entry.accounts.tokens import create_token
from registry.publishing.publish import publish
from swecar.local.ports import find_free_port
from swecar.postgresql.roles import OF_PROCESS
from tests import factories
from tests.calling import NEW
from tests.database_roles import PASSWORDS
from tests.outages import running_copy
from tests.test_role_processes import start
from tests.working import kill, wait_for

SECONDS = int(os.environ.get("OUTAGE", "7"))
BACK = 5.0 + 2.0  # seconds, of which two are the busy machine's


def ask(port: int, path: str, body: object = None, **headers: str) -> tuple[int, str, float]:
    """Status, Warning and the seconds it took."""
    began = time.monotonic()
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as line:
        sent = None if body is None else json.dumps(body)
        line.request("POST" if sent else "GET", path, sent, {"Content-Type": "application/json", **headers})
        response = line.getresponse()
        response.read()
        return response.status, response.getheader("Warning", ""), time.monotonic() - began


def number_at(port: int) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as line:
        line.request("GET", "/api/v1/map")
        return json.loads(line.getresponse().read())["national"]["infusions"]


@pytest.mark.django_db(transaction=True)
def test_all_go_on_by_themselves(committed_lists, tmp_path):
    factories.record(committed_lists)
    publish()
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    _token, text = create_token(owner=nurse, name="W", scope=Scope.WRITE, days=1, by=nurse)
    bearer, processes, ports = {"Authorization": f"Bearer {text}"}, [], {}
    connection.close()
    with running_copy() as server:
        call_command("flush", interactive=False, verbosity=0)
        try:
            for role in ("clinic", "public", "worker"):
                login, ports[role] = OF_PROCESS[role], find_free_port()
                address = server.url.partition("@")[2]
                with (tmp_path / role).open("w") as output:
                    processes.append(
                        start(
                            role, output=output.fileno(), PORT=str(ports[role]), DATABASE_SILENCE="800",
                            DATABASE_URL=f"postgresql://{login}:{PASSWORDS[login]}@{address}",
                            REDIS_URL=configured.CELERY_BROKER_URL,
                        )
                    )  # fmt: skip
            public, clinic = ports["public"], ports["clinic"]
            for port in (public, clinic):
                wait_for(lambda port=port: opens(port), "a web server")
            for _process in range(12):  # each of the two processes behind the port comes to know it
                assert [ask(public, path)[0] for path in ("/en/", "/api/v1/map")] == [200, 200]
            assert ask(clinic, "/api/v1/me", **bearer)[0] == 200
            look_at_an_outage(server, public, clinic, bearer)
            wait_for(
                lambda: number_at(public) == 2, f"the publication: {(tmp_path / 'worker').read_text()[-800:]}"
            )
        finally:
            for process in processes:
                kill(process)


def opens(port: int) -> bool:
    try:
        return ask(port, "/health/ready")[0] == 200
    except OSError:
        return False


def look_at_an_outage(server, public: int, clinic: int, bearer: dict[str, str]) -> None:
    server.stop()
    ends, seen = time.monotonic() + SECONDS, 0
    while time.monotonic() < ends:
        for path in ("/en/", "/api/v1/map", "/api/v1/status"):
            status, warning, seconds = ask(public, path)
            assert (status, seconds < 2) == (200, True), (path, status, seconds, seen)
            seen += bool(warning)
        status, _warning, seconds = ask(clinic, "/api/v1/infusions", NEW, **bearer)
        assert (status, seconds < 2) == (503, True), (status, seconds)
        time.sleep(0.3)
    assert seen > 3
    server.start()
    began = time.monotonic()
    while ask(clinic, "/api/v1/infusions", NEW | {"patient_id": factories.nth_number(5)}, **bearer)[0] != 201:
        assert time.monotonic() - began < BACK
        time.sleep(0.1)
    wait_for(lambda: not ask(public, "/api/v1/status")[1], "an answer that is not marked")
    assert time.monotonic() - began < BACK
