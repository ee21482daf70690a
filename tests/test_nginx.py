"""nginx with the configuration of deploy/, in front of a public and a clinic's process."""

import gzip
import os
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from benchmarks.nginx_configuration import find_nginx, write_configuration
from registry.publishing.publish import publish
from swecar.local.ports import find_free_port
from tests import factories
from tests.header_table import CLOSED_PAGE, NO_PAGE, PUBLIC_PAGE
from tests.small_server import read_response
from tests.test_export_sent import break_off, store_many
from tests.test_host_by_socket import EVIL, HOSTS, SAID, alike
from tests.test_role_processes import start, wait_until_healthy
from tests.working import kill

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not (find_nginx() and shutil.which("openssl")), reason="nginx or openssl is missing"),
]


LIKE_PRODUCTION = {
    "INSECURE_HTTP": "0", "SECOND_FACTOR": "required", "ALLOWED_HOSTS": "localhost",
    "ADMINS": "drift@region.example", "CONTACT": "registret@region.example", "CONTROLLER": "Region Mellan",
}  # fmt: skip


@pytest.fixture
def site(committed_lists, tmp_path):
    """The port at which nginx listens, the public process, and the folder."""
    factories.record(committed_lists)
    publish()
    with serve(tmp_path) as running:
        yield running


@contextmanager
def serve(folder: Path, plain: int = 0, **variables: str):
    """The same. plain: the port for HTTP; variables: of both processes."""
    ports = {role: str(find_free_port()) for role in ("public", "clinic")}
    secure = find_free_port()
    command = write_configuration(
        folder,
        servers={role: [f"127.0.0.1:{port}"] for role, port in ports.items()},
        secure=f"127.0.0.1:{secure}",
        plain=f"127.0.0.1:{plain or find_free_port()}",
    )
    subprocess.run([*command, "-t"], check=True, env=os.environ | {"LC_ALL": "C"})
    processes = [start(role, PORT=port, **variables) for role, port in ports.items()]
    processes.append(subprocess.Popen(command, start_new_session=True))
    try:
        for role, port in ports.items():
            wait_until_healthy(role, f"a {role} that responds", PORT=port, **variables)
        yield secure, processes[0], folder
    finally:
        for process in processes:
            kill(process)


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def connect(port: int) -> HTTPSConnection:
    return HTTPSConnection("localhost", port, context=trusting(), timeout=60)


def ask(port: int, path: str, **headers: str):
    connection = connect(port)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    response.body = response.read()
    connection.close()
    return response


def kept(response) -> str:
    return (response.getheader("Cache-Status") or "").partition("detail=")[2]


def test_it_keeps_what_the_headers_allow_and_tells_the_two_sides_apart(site):
    port, public, folder = site
    first, second = ask(port, "/api/v1/map"), ask(port, "/api/v1/map")
    assert [(one.status, kept(one)) for one in (first, second)] == [(200, "MISS"), (200, "HIT")]
    assert (second.body, second.getheader("ETag")) == (first.body, first.getheader("ETag"))
    assert second.getheader("RateLimit") is None

    unchanged = ask(port, "/api/v1/map", If_None_Match=first.getheader("ETag"))
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert kept(ask(port, "/api/v1/map", Accept="text/csv")) != "HIT"  # Vary
    assert kept(ask(port, "/api/v1/map", Accept_Language="en")) != "HIT"
    firefox, safari = "gzip, deflate, br, zstd", "gzip, deflate, br"
    assert [kept(ask(port, "/api/v1/map", Accept_Encoding=one)) for one in (firefox, safari)] == ["MISS", "HIT"]
    for wish in ("gzip;q=0", "gzip;q=0.0, *", "deflate", "identity", "br", "zstd, br"):
        assert ask(port, "/api/v1/map", Accept_Encoding=wish).body == first.body
    for wish in (firefox, "gzip", "deflate , gzip ; q=0.5", "gzip;q=1.0,deflate;q=0.6"):
        zipped = ask(port, "/api/v1/map", Accept_Encoding=wish)
        assert (zipped.getheader("Content-Encoding"), gzip.decompress(zipped.body)) == ("gzip", first.body), wish
        assert zipped.getheader("ETag") != first.getheader("ETag")
    assert kept(ask(port, "/api/v1/map", Cookie="a=b", Authorization="Token x")) == "HIT"  # they change nothing

    assert [kept(ask(port, "/api/v1/docs")) for _ in range(2)] == ["MISS", "MISS"]  # no-store
    assert [kept(ask(port, "/")) for _ in range(2)] == ["MISS", "HIT"]
    assert len({ask(port, "/").getheader("X-Request-ID") for _ in range(3)}) == 3
    assert (ask(port, "/api/v1/infusions").status, ask(port, "/clinic/").status) == (401, 302)
    assert [ask(port, path).status for path in ("/metrics", "/health/deep", "/nothing")] == [404] * 3

    for path, status, policy in (
        ("/metrics", 404, NO_PAGE), ("/nothing", 404, CLOSED_PAGE), ("/", 200, PUBLIC_PAGE),
        ("/", 200, PUBLIC_PAGE), ("/api/v1/map", 200, NO_PAGE), ("/clinic/", 302, CLOSED_PAGE),
    ):  # fmt: skip
        response = ask(port, path)
        assert (response.status, response.headers.get_all("Content-Security-Policy")) == (status, [policy]), path
        assert response.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    for wish in ({}, {"Accept_Language": "de"}):  # kept, and not
        same = ask(port, "/", If_None_Match=ask(port, "/", **wish).getheader("ETag"), **wish)
        policies = {*same.headers.get_all("Content-Security-Policy", [])}
        assert (same.status, policies <= {PUBLIC_PAGE}) == (304, True)

    kill(public)
    assert (ask(port, "/api/v1/map").status, kept(ask(port, "/api/v1/map"))) == (200, "HIT")
    assert ask(port, "/accounts/login/").status == 200
    away = ask(port, "/api/v1/config")
    assert (away.status, away.headers.get_all("Content-Security-Policy")) == (502, [NO_PAGE])
    log = (folder / "access.log").read_text(encoding="utf-8")
    assert "GET /api/ " in log
    assert "/api/v1" not in log
    assert "127.0.0.1" not in log


def test_in_front_too_a_foreign_host_is_refused_and_no_client_is_believed(committed_lists, tmp_path):
    publish()
    plain = find_free_port()
    with serve(tmp_path, plain, **LIKE_PRODUCTION) as (port, public, _folder):
        threading.Thread(target=public.stdout.read, daemon=True).start()  # each refusal is a line
        refuse_and_believe_nothing(port, plain)


def refuse_and_believe_nothing(port: int, plain: int) -> None:
    def say(port: int, path: str, *headers: str) -> tuple[int, dict, bytes]:
        text = "\r\n".join([f"GET {path} HTTP/1.1", *headers, "Connection: close", "", ""]).encode("latin-1")
        with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
            spoken = line if port == plain else trusting().wrap_socket(line)
            spoken.sendall(text)
            return read_response(spoken)

    # nginx passes on the name alone.
    hosts = [headers for kind, headers in HOSTS.items() if kind != "a port that is none"]
    for way in (port, plain):
        for path in ("/", "/api/v1/map", "/robots.txt", "/clinic/", "/nothing", "/static/pages/public.css"):
            say(way, path, "Host: localhost")
            for headers in hosts:
                status, told, body = say(way, path, *headers)
                assert (status, EVIL in str(told), EVIL.encode() in body) == (400, False, False), (
                    way,
                    path,
                    headers,
                )
            assert say(way, f"http://{EVIL}{path}", "Host: localhost")[0] == 400
    if curl := shutil.which("curl"):  # HTTP/2, where the host is the target's :authority
        words = [curl, "-sk", "--noproxy", "*", "--http2", "-w", "%{http_code} %{http_version}", "--output"]
        for host, wanted in ((EVIL, "400 2"), ("localhost", "200 2")):
            command = [*words, os.devnull, "-H", f"Host: {host}", f"https://127.0.0.1:{port}/robots.txt"]
            assert subprocess.check_output(command, text=True) == wanted
    for path in ("/", "/robots.txt", "/api/v1/map", "/accounts/login/"):
        said = "X-Forwarded-Proto: https", f"X-Forwarded-Host: {EVIL}"
        status, told, _body = say(plain, path, "Host: localhost", *said)
        assert (status, told["location"]) == (301, f"https://localhost{path}")
    for path in ("/metrics", "/health/deep", "/health/ready"):
        assert [say(way, path, "Host: localhost")[0] for way in (port, plain)] == [404, 404]
    for path in ("/robots.txt", "/api/v1/status", "/clinic/", "/accounts/login/"):
        before = alike(say(port, path, "Host: localhost"))
        for said in SAID:
            assert alike(say(port, path, "Host: localhost", said)) == before, (path, said)


def test_an_export_that_breaks_is_broken_in_front_too(site, committed_lists):
    port, _public, _folder = site
    break_off(connect(port), store_many(committed_lists), "csv")
