"""Slow clients before a real web server, without a proxy: nobody else waits for them."""

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from urllib.request import Request, urlopen

import pytest

from registry.choices import Scope
from registry.entry.accounts.tokens import create_token
from registry.publishing.publish import publish
from swecar.local.folder import ROOT
from swecar.local.ports import find_free_port
from tests import factories
from tests.calling import NEW
from tests.working import database_url, kill, wait_for

CLIENTS = 100
SLOW = {
    "idle": b"",
    "half a head": b"GET /api/v1/map HTTP/1.1\r\nHost: localh",
    "half a form": (
        b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 1000\r\n\r\nlogin="
    ),
    "half a file": (
        b"POST /api/v1/imports HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Content-Length: 1000000\r\n\r\n--b\r\n"
    ),
}
PATIENCE = 20  # seconds that the others may take on a busy machine; the slow ones wait for longer


@pytest.fixture
def site(committed_lists):
    factories.record(committed_lists)
    publish()
    port = find_free_port()
    variables = {
        "DATABASE_URL": database_url(), "APP_ROLE": "clinic", "PORT": str(port), "CLIENT_SECONDS": "60",
        "INSECURE_HTTP": "1",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "swecar.start"], cwd=ROOT, env=os.environ | variables, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: opens(port), "a web server that listens")
        yield port
    finally:
        kill(process)


def opens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def entry_of(lists: factories.Lists, address: str) -> Request:
    """A program's request that stores an infusion."""
    nurse = factories.user("nurse", lists.centres["UPP"])
    _token, text = create_token(owner=nurse, name="import", scope=Scope.WRITE, days=30, by=nurse)
    row = NEW | {"patient_id": factories.nth_number(7)}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {text}"}
    return Request(f"{address}/api/v1/infusions", json.dumps(row).encode(), headers)  # noqa: S310


@pytest.mark.django_db(transaction=True)
def test_the_map_and_an_entry_are_answered_during_a_hundred_slow_connections(site, committed_lists):
    with ExitStack() as stack:
        for place in range(CLIENTS):
            request = list(SLOW.values())[place % len(SLOW)]
            stack.enter_context(socket.create_connection(("127.0.0.1", site))).sendall(request)
        address = f"http://localhost:{site}"
        for path in ("/health/live", "/api/v1/map", "/", "/accounts/login/"):
            with urlopen(address + path, timeout=PATIENCE) as response:  # noqa: S310
                assert response.status == 200
        with urlopen(entry_of(committed_lists, address), timeout=PATIENCE) as response:  # noqa: S310
            assert response.status == 201
