"""By raw sockets: a foreign Host is refused everywhere, and no client is believed about the way of its request."""

import re
import socket
import threading

import pytest

from registry.publishing.publish import publish
from swecar.local.ports import find_free_port
from tests import factories
from tests.small_server import read_response
from tests.test_role_processes import start, wait_until_healthy
from tests.working import kill

EVIL = "evil.example"
PATHS = (
    "/", "/en/", "/utgavor/", "/robots.txt", "/sitemap.xml", "/nothing", "/api/v1/map", "/api/v1/counts?by=sex",
    "/api/v1/map.svg", "/api/v1/catalogue.rdf", "/api/v1/docs", "/api/v1/schema", "/api/v1/nothing",
    "/api/v1/infusions", "/clinic/", "/accounts/login/", "/accounts/password/reset/", "/admin/login/",
    "/static/pages/public.css", "/docs/", "/health/live", "/health/ready", "/health/deep", "/metrics",
)  # fmt: skip
HOSTS = {
    "another": [f"Host: {EVIL}"],
    "another with a port": [f"Host: {EVIL}:8000"],
    "another behind our own": [f"Host: localhost.{EVIL}"],
    "a user before it": [f"Host: localhost@{EVIL}"],
    "two": ["Host: localhost", f"Host: {EVIL}"],
    "two, ours last": [f"Host: {EVIL}", "Host: localhost"],
    "two in one": [f"Host: localhost, {EVIL}"],
    "empty": ["Host:"],
    "a port that is none": ["Host: localhost:80evil"],
    "a path in it": [f"Host: localhost/{EVIL}"],
    "a number that is not ours": ["Host: 192.0.2.1"],
}
OURS = ("localhost", "LocalHost", "localhost.", "localhost:8000", "127.0.0.1", "[::1]:8000")
# What some proxy or framework believes. None of ours sends them here.
SAID = (
    f"X-Forwarded-Host: {EVIL}", "X-Forwarded-Proto: https", "X-Forwarded-Port: 4444", "X-Forwarded-Prefix: /evil",
    f"Forwarded: for=192.0.2.9;host={EVIL};proto=https", "X-Forwarded-For: 192.0.2.9", "X-Real-IP: 192.0.2.9",
    "X-Forwarded-Scheme: https", "X-Forwarded-Ssl: on", "X-Forwarded-Protocol: https", "Front-End-Https: on",
    "X-Url-Scheme: https", f"X-Host: {EVIL}", f"X-Forwarded-Server: {EVIL}", f"X-HTTP-Host-Override: {EVIL}",
    "X-Script-Name: /evil", "Script-Name: /evil", "SCRIPT_NAME: /evil", "SCRIPT_URL: /evil", "Script-URL: /evil",
    "Redirect-URL: /evil", "Path-Info: /clinic/", "PATH_INFO: /clinic/", "X-Original-URL: /clinic/",
    "X-Rewrite-URL: /clinic/", "X-HTTP-Method-Override: DELETE", "X-Method-Override: POST", "X-HTTP-Method: PUT",
    "Remote-User: admin", "X-Remote-User: admin", f"X_FORWARDED_HOST: {EVIL}", "HTTPS: on",
)  # fmt: skip

CHANGING = re.compile(rb"\b[A-Za-z0-9]{64}\b|(?<=_seconds\": )[0-9]+")  # a form's token, an age


def request(path: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", *headers, "Connection: close", "", ""]).encode("latin-1")


def ask(port: int, path: str, *headers: str, method: str = "GET"):
    """Status, headers and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request(path, *headers, method=method))
        return read_response(connection)


@pytest.fixture
def port(committed_lists):
    """Of a real web server."""
    factories.record(committed_lists)
    publish()
    free = str(find_free_port())
    process = start("clinic", PORT=free)
    threading.Thread(target=process.stdout.read, daemon=True).start()  # each refusal is a line
    try:
        wait_until_healthy("clinic", PORT=free)
        yield int(free)
    finally:
        kill(process)


@pytest.mark.django_db(transaction=True)
def test_a_real_server_refuses_what_is_not_its_name_and_believes_no_client(port):
    """One server for all of it, since each takes its time to start."""
    for turn in range(2):  # the second time it is asked what it keeps
        for path in PATHS:
            assert ask(port, path, "Host: localhost")[0] in {200, 302, 401, 404}, path
            for kind, headers in HOSTS.items():
                status, told, body = ask(port, path, *headers)
                assert status == 400, (turn, path, kind)
                assert EVIL.encode() not in body, (path, kind)
                assert EVIL not in str(told), (path, kind)
    for host in OURS:
        assert ask(port, "/api/v1/map", f"Host: {host}")[0] == 200, host
    # The target's name is the request's; what is used is the Host, which is checked.
    status, told, body = ask(port, f"http://{EVIL}/robots.txt", "Host: localhost")
    assert (status, EVIL.encode() in body) in {(200, False), (400, False)}
    assert ask(port, "http://localhost/robots.txt", f"Host: {EVIL}")[0] == 400
    for path in PATHS:
        plain = ask(port, path, "Host: localhost")
        for said in SAID:
            assert alike(ask(port, path, "Host: localhost", said)) == alike(plain), (path, said)


def alike(response):
    """What two responses to the same request have in common."""
    status, headers, body = response
    own = ("ratelimit", "x-request-id", "set-cookie", "date", "expires", "content-length")
    kept = {name: value for name, value in headers.items() if not name.startswith(own)}
    return status, kept, CHANGING.sub(b"", body)
