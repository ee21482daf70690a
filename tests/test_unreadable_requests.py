"""What no parser can read as a request, and queries in whatever bytes: our problem, and never what was sent."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.test import Client

from registry.publishing.publish import publish
from swecar.local.folder import ROOT
from swecar.start import WEB
from tests import factories

NUMBER = factories.number()
APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The web server as the demonstration starts it, before a service that answers anything; and its log."""
    folder: Path = tmp_path_factory.mktemp("server")
    (folder / "answers.py").write_text(APPLICATION)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["answers" if word == "swecar.wsgi" else word for word in WEB]
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *words, "--bind", f"127.0.0.1:{port}"], cwd=folder, stdout=out, stderr=out,
            env=os.environ | {"PYTHONPATH": f"{ROOT}:{folder}"},
        )  # fmt: skip
        try:
            for _wait in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield port, log
        finally:
            process.terminate()
            process.wait(20)


def send(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _blank, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body


HEADERS = b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
UNREADABLE = {
    "raw UTF-8": ("GET /api/v1/counts?centre=GÖT".encode() + HEADERS, 400),
    "raw Latin-1": ("GET /api/v1/counts?centre=GÖT".encode("latin-1") + HEADERS, 400),
    "raw UTF-8 in the path": ("GET /api/v1/räkning".encode() + HEADERS, 400),
    "a control character": (b"GET /api/v1/map?as_of=\x012" + HEADERS, 400),
    "no request": (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
    "a number beside raw bytes": (f"GET /api/v1/infusions?patient={NUMBER}å".encode() + HEADERS, 400),
    "a header that is none": (b"GET / HTTP/1.1\r\nHost: a\r\nb c: " + NUMBER.encode() + b"\r\n\r\n", 400),
    "a version that is none": (b"GET /api/v1/map HTTP/9.9\r\nHost: a\r\n\r\n", 400),
    "too long a line": (b"GET /api/v1/map?lang=" + b"s" * 9000 + HEADERS, 414),
    "too many headers": (
        b"GET /api/v1/map HTTP/1.1\r\n" + b"".join(b"a%d: b\r\n" % place for place in range(200)) + b"\r\n", 431,
    ),
    "a coding that is none": (
        b"POST /api/v1/infusions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: pigeon\r\n\r\n", 501,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_request_that_cannot_be_read_gets_a_problem(server, kind):
    port, log = server
    request, status = UNREADABLE[kind]
    found, headers, body = send(port, request)
    assert (found, headers["content-type"]) == (status, "application/problem+json")
    assert headers["cache-control"] == "no-store"
    problem = json.loads(body)
    assert (problem["status"], problem["code"], problem["type"]) == (status, "bad_request", "about:blank")
    told = body + log.read_bytes()
    assert NUMBER.encode() not in told
    assert b"pigeon" not in told
    assert b"Traceback" not in told


def test_what_can_be_read_is_answered(server):
    status, _headers, body = send(server[0], b"GET /api/v1/counts?centre=G%C3%96T" + HEADERS)
    assert (status, body) == (200, b"ok")


QUERIES = [
    "centre=GÖT".encode(),
    "centre=GÖT".encode("latin-1"),
    b"centre=\xff\xfe",
    b"centre=%ff",
    b"centre=%c3%28",
    b"centre=%ED%A0%80",
    "ö=1".encode(),
    b"\xff=1",
    b"%ff=1",
    b"%00=1",
    b"centre=%00",
    "centre=U\u2028PP".encode(),
    b"centre=UPP&centre=%ff",
    "as_of=２０２０-01-01".encode(),
]
PATHS = ["map", "counts", "centres", "snapshots", "snapshots/1/changes", "releases", "status", "config",
         "catalogue", "measure-reports", "schema", "docs"]  # fmt: skip


@pytest.fixture
def published(lists):
    factories.record(lists, factories.nth_number(1))
    return publish()


@pytest.mark.parametrize("path", PATHS)
def test_no_bytes_in_a_query_are_more_than_an_unknown_parameter_or_value(published, path):
    """Of a proxy, or of a server that lets any byte through."""
    for query in QUERIES:
        answer = Client().get(f"/api/v1/{path}", QUERY_STRING=query.decode("latin-1"))
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), query
        assert answer.json()["code"] in {"unknown_parameter", "unknown_value", "parameter_repeated"}, query
        json.dumps(answer.json(), ensure_ascii=False).encode()
