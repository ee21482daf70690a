"""A request that is handed on to another web server comes there, and its response back, as if there were one."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, IncompleteRead
from io import BytesIO

import pytest

from swecar.local.hand_on import NotReached, hand_on
from swecar.local.ports import find_free_port, held_port
from tests.small_server import SmallServer, small_server
from tests.test_export_sent import (  # noqa: F401  these hold of the two together
    clinic,
    test_a_failure_on_the_way_breaks_the_transfer,
    test_nothing_more_is_read_for_a_client_that_has_gone,
)
from tests.test_web_server import (  # noqa: F401  these hold of the two together
    APPLICATION,
    get,
    head,
    seen,
    test_a_chunked_upload_has_a_length,
    test_a_long_response_comes_whole,
    test_a_response_that_takes_its_time_is_sent_as_it_comes,
    test_clients_that_do_not_read_hold_up_nobody,
    test_http_1_0_and_head_are_served,
    test_slow_clients_hold_up_nobody_and_are_cut,
)

BEHIND = APPLICATION.replace(
    "    start_response(",
    """    if path == "/coded":
        cookies = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2; Path=/")]
        start_response(query.replace("%20", " "), [("X-Odd", "\\xe5"), *cookies])
        return [b"body"] if query[0] == "2" and not query.startswith("204") else []
    start_response(""",
    1,
)
IN_FRONT = """
from functools import partial
from swecar.local.hand_on import hand_on

application = partial(hand_on, port={port}, believes_proxies={believes})
"""


@pytest.fixture(scope="module")
def behind(tmp_path_factory) -> Iterator[SmallServer]:
    with small_server(tmp_path_factory.mktemp("behind"), BEHIND) as running:
        yield running


@pytest.fixture(scope="module")
def server(behind, tmp_path_factory) -> Iterator[SmallServer]:
    """In front, where no proxy is believed."""
    source = IN_FRONT.format(port=behind.port, believes=False)
    with small_server(tmp_path_factory.mktemp("front"), source, seconds=2) as running:
        yield running


@pytest.fixture
def web(clinic, tmp_path) -> Iterator[tuple[HTTPConnection, str]]:  # noqa: F811
    """A connection to a server in front of it."""
    port, session = clinic
    with small_server(tmp_path, IN_FRONT.format(port=port, believes=False)) as front:
        yield HTTPConnection("127.0.0.1", front.port, timeout=120), session


ITS_OWN = {"SERVER_PORT", "HTTP_CONNECTION", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"}


@pytest.mark.parametrize(
    "path",
    ["/", "//x//", "/a%20b/%C3%B6%ff;v=1?q=%C3%B6&r=1", "/%3Fa%23b%25?q=a%26b&&=", "/x?a[]='{|}`~",
     "/%00%0d%0a?%0d%0a"],
)  # fmt: skip
def test_the_other_server_sees_the_request_as_it_was_sent(server, behind, path):
    sent = ("Content-Type: x/y", "X-Twice: 1", "X-Twice: 2", "Cookie: a=1", "Cookie: b=\xe5", "TE: trailers")
    direct, handed_on = (
        {name: value for name, value in seen(place, path, *sent).items() if name not in ITS_OWN}
        for place in (behind, server)
    )
    assert direct.pop("HTTP_TE") == "trailers"
    assert handed_on == direct


def test_it_learns_the_client_from_the_connection_and_nothing_from_the_clients_own_words(server):
    made_up = ("X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: b", "Forwarded: for=b",
               "X_Forwarded_For: 192.0.2.66")  # fmt: skip
    found = seen(server, "/", *made_up)
    told = {name: value for name, value in found.items() if "FORWARDED" in name}
    assert told == {"HTTP_X_FORWARDED_FOR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "http"}
    assert (found["HTTP_HOST"], "HTTP_ACCEPT_ENCODING" in found) == ("a", False)


def test_a_proxy_that_is_believed_is_passed_on(behind, tmp_path):
    with small_server(tmp_path, IN_FRONT.format(port=behind.port, believes=True)) as server:
        found = seen(server, "/", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https")
    assert (found["HTTP_X_FORWARDED_FOR"], found["HTTP_X_FORWARDED_PROTO"]) == ("192.0.2.1, 127.0.0.1", "https")


def test_a_request_without_a_host_shows_no_port_within_and_is_given_none(server):
    found = eval(server.ask(b"GET / HTTP/1.0\r\n\r\n")[2])  # noqa: S307  what the test's own application has printed
    assert found["HTTP_HOST"] == ""  # which the clinic's refuses


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "304 Not Modified", "404 Not Found", "503 x"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_status_and_headers_come_back_as_they_were(server, behind, status, method):
    def ask(place: SmallServer) -> tuple[bytes, list[bytes], bytes]:
        request = head(f"/coded?{status.replace(' ', '%20')}", "Connection: close", method=method)
        with place.connect(request) as connection:
            found = b"".join(iter(lambda: connection.recv(65536), b""))
        lines, _blank, body = found.partition(b"\r\n\r\n")
        first, *headers = lines.split(b"\r\n")
        return first, sorted(line for line in headers if not line.startswith(b"date")), body

    assert ask(server) == ask(behind)
    assert [line for line in ask(server)[1] if line.startswith(b"set-cookie")] == [
        b"set-cookie: a=1", b"set-cookie: b=2; Path=/",
    ]  # fmt: skip


@pytest.mark.parametrize("size", [0, 1, 11 * 2**20, 40_000_000])
def test_of_a_large_upload_as_much_goes_on_as_shows_that_it_is_too_large(server, size):
    request = head("/body", f"Content-Length: {size}", "Connection: close", method="POST") + b"x" * size
    held = min(size, 12 * 2**20)
    assert server.ask(request)[2] == f"{held} of {held}".encode()


def test_a_response_that_breaks_behind_never_passes_for_a_whole_one(server):
    assert server.ask(get("/rows?1"))[0] == 500  # said there, before anything was sent
    status, headers, body = server.ask(get("/rows?21"))
    assert (status, headers["transfer-encoding"]) == (200, "chunked")
    assert not body.endswith(b"0\r\n\r\n")


@contextmanager
def saying(*words: bytes) -> Iterator[tuple[int, threading.Event]]:
    """A server's port that says this to whoever asks, and hangs up; set when its client has."""
    gone = threading.Event()

    def answer(listener: socket.socket) -> None:
        connection, _address = listener.accept()
        with connection:
            connection.recv(65536)
            for word in words:
                connection.sendall(word)
            connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError):
                while connection.recv(65536):
                    pass
            gone.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=[listener], daemon=True)
        thread.start()
        yield listener.getsockname()[1], gone
        thread.join(10)


def environ(**more) -> dict:
    base = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "a", "SERVER_PORT": "1",
        "REMOTE_ADDR": "192.0.2.1", "wsgi.url_scheme": "http", "wsgi.input": BytesIO(),
    }  # fmt: skip
    return base | more


def ask(port: int) -> Iterator[bytes]:
    return hand_on(environ(), lambda *_head: None, port=port, believes_proxies=False)


def test_nobody_there_is_told_apart():
    with pytest.raises(NotReached):
        ask(find_free_port())


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "words",
    [b"", b"HTTP/1.1 2", b"nonsense\r\n\r\n", OK + b"A: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
     OK + b"Content-Length: 5\r\n\r\n"],
)  # fmt: skip
def test_a_server_that_hangs_up_before_it_says_anything_was_not_reached(words):
    with saying(words) as (port, _gone), pytest.raises(NotReached):
        ask(port)


@pytest.mark.parametrize(
    "words", [OK + b"Content-Length: 5\r\n\r\nhalf", OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n5\r\n"]
)
def test_half_a_response_is_an_error(words):
    with saying(words) as (port, _gone):
        parts = ask(port)
        assert next(parts) == b"half"
        with pytest.raises(IncompleteRead):
            next(parts)


def test_who_wants_no_more_hangs_up():
    with saying(OK + b"Content-Length: 500000\r\n\r\n", b"x" * 100_000) as (port, gone):
        with closing(ask(port)) as parts:
            next(parts)
        assert gone.wait(10)


def test_a_held_port_is_nobody_elses_but_a_web_servers_of_ours():
    with held_port() as port:
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        with socket.socket() as ours:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            ours.bind(("127.0.0.1", port))
            ours.listen()
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                pass
