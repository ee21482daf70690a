"""Slow clients before a real web server, with a proxy and without: nobody else waits for them."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from http.client import HTTPSConnection
from urllib.request import Request, urlopen

import pytest

from benchmarks.nginx_configuration import find_nginx
from registry.choices import Scope
from registry.entry.accounts.tokens import create_token
from registry.publishing.publish import publish
from swecar.local.folder import ROOT
from swecar.local.ports import find_free_port
from tests import factories
from tests.calling import NEW
from tests.test_nginx import serve, trusting
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
CUT_WITHIN = 20  # seconds; the limits of deploy/nginx.conf are 10 and 15
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


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not (find_nginx() and shutil.which("openssl")), reason="nginx or openssl is missing")
def test_behind_nginx_too_and_it_cuts_them(committed_lists, tmp_path):
    """Of which it passes none on before it has come whole; the others come from another address."""
    factories.record(committed_lists)
    publish()
    with serve(tmp_path) as (port, _public, _folder), ExitStack() as stack:
        slow = []
        for place in range(CLIENTS):
            kind = list(SLOW)[place % len(SLOW)]
            line = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            if kind != "idle":  # not even of TLS
                line = stack.enter_context(trusting().wrap_socket(line, server_hostname="localhost"))
                line.sendall(SLOW[kind])
            slow.append(line)
        asked = [Request(f"https://localhost:{port}{path}") for path in ("/api/v1/map", "/", "/accounts/login/")]
        for request in (*asked, entry_of(committed_lists, f"https://localhost:{port}")):
            with closing(HTTPSConnection(
                "localhost", port, context=trusting(), timeout=PATIENCE, source_address=("127.0.0.2", 0)
            )) as line:  # fmt: skip
                line.request(request.get_method(), request.selector, request.data, dict(request.header_items()))
                assert line.getresponse().status == (201 if request.data else 200), request.selector
        ends = time.monotonic() + CUT_WITHIN
        for line in slow:
            line.settimeout(max(0.1, ends - time.monotonic()))
            with suppress(OSError):
                while line.recv(1000):
                    pass
        assert ended(slow) == CLIENTS


def ended(lines: list[socket.socket]) -> int:
    """How many the other end has closed."""
    count = 0
    for line in lines:
        line.settimeout(0.1)
        try:
            count += not line.recv(1000)
        except TimeoutError:
            pass
        except OSError:
            count += 1
    return count
