"""What no parser can read as a request, and queries in whatever bytes: refused, and never told."""

import json

import pytest
from django.test import Client

from registry.publishing.publish import publish
from tests import factories
from tests.small_server import small_server

NUMBER = factories.number()
APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", str(len(environ["QUERY_STRING"])))])
    return [environ["QUERY_STRING"].encode("latin-1")]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The web server before a service that repeats the query."""
    with small_server(tmp_path_factory.mktemp("server"), APPLICATION) as running:
        yield running


HEADERS = b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
UNREADABLE = {
    "raw Latin-1": ("GET /api/v1/counts?centre=GÖT".encode("latin-1") + HEADERS, 400),
    "a control character": (b"GET /api/v1/map?as_of=\x012" + HEADERS, 400),
    "no request": (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
    "a number beside raw bytes": (f"GET /api/v1/infusions?patient={NUMBER}å".encode("latin-1") + HEADERS, 400),
    "a header that is none": (b"GET / HTTP/1.1\r\nHost: a\r\nb c: " + NUMBER.encode() + b"\r\n\r\n", 400),
    "a version that is none": (b"GET /api/v1/map HTTP/9.9\r\nHost: a\r\n\r\n", 400),
    "too long a line": (b"GET /api/v1/map?lang=" + b"s" * 90_000 + HEADERS, 414),
    "too many headers": (
        b"GET /api/v1/map HTTP/1.1\r\n" + b"".join(b"a%d: b\r\n" % place for place in range(200)) + b"\r\n", 431,
    ),
    "a coding that is none": (
        b"POST /api/v1/infusions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: pigeon\r\n\r\n", 400,
    ),
    "two lengths": (
        b"POST /api/v1/infusions HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400,
    ),
    "a chunk that is none": (
        b"POST /api/v1/infusions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\npigeon\r\n", 400,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_request_that_cannot_be_read_is_refused_and_not_repeated(server, kind):
    request, status = UNREADABLE[kind]
    found, headers, body = server.ask(request)
    assert (found, headers["connection"], body) == (status, "close", b"")
    told = server.log.read_bytes()
    assert NUMBER.encode() not in told
    assert b"pigeon" not in told
    assert b"Traceback" not in told


@pytest.mark.parametrize("query", [b"centre=G%C3%96T", "centre=GÖT".encode(), b"lang=" + b"s" * 9000])
def test_what_can_be_read_comes_to_the_service_as_it_was_sent(server, query):
    status, _headers, body = server.ask(b"GET /api/v1/counts?" + query + HEADERS)
    assert (status, body) == (200, query)


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
