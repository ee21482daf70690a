"""nginx with the configuration of deploy/, in front of a public and a clinic's process."""

import gzip
import os
import shutil
import ssl
import subprocess
from http.client import HTTPSConnection

import pytest

from benchmarks.nginx_configuration import find_nginx, write_configuration
from registry.publishing.publish import publish
from swecar.local.ports import find_free_port
from tests import factories
from tests.test_export_sent import break_off, store_many
from tests.test_role_processes import healthy, start
from tests.working import kill, wait_for

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not (find_nginx() and shutil.which("openssl")), reason="nginx or openssl is missing"),
]


@pytest.fixture
def site(committed_lists, tmp_path):
    """The port at which nginx listens."""
    factories.record(committed_lists)
    publish()
    ports = {role: str(find_free_port()) for role in ("public", "clinic")}
    secure = find_free_port()
    command = write_configuration(
        tmp_path,
        servers={role: [f"127.0.0.1:{port}"] for role, port in ports.items()},
        secure=f"127.0.0.1:{secure}",
        plain=f"127.0.0.1:{find_free_port()}",
    )
    subprocess.run([*command, "-t"], check=True, env=os.environ | {"LC_ALL": "C"})
    processes = [start(role, PORT=port) for role, port in ports.items()]
    processes.append(subprocess.Popen(command, start_new_session=True))
    try:
        for role, port in ports.items():
            wait_for(lambda role=role, port=port: healthy(role, PORT=port), f"a {role} that responds")
        yield secure, processes[0], tmp_path
    finally:
        for process in processes:
            kill(process)


def connect(port: int) -> HTTPSConnection:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return HTTPSConnection("localhost", port, context=context, timeout=20)


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

    kill(public)
    assert (ask(port, "/api/v1/map").status, kept(ask(port, "/api/v1/map"))) == (200, "HIT")
    assert ask(port, "/accounts/login/").status == 200
    log = (folder / "access.log").read_text(encoding="utf-8")
    assert "GET /api/ " in log
    assert "/api/v1" not in log
    assert "127.0.0.1" not in log


def test_an_export_that_breaks_is_broken_in_front_too(site, committed_lists):
    port, _public, _folder = site
    break_off(connect(port), store_many(committed_lists), "csv")
