"""The web server: slow clients hold no thread, nothing half passes for whole, it ends in order."""

import contextlib
import json
import signal
import socket
import threading
import time

import pytest

from swecar.http.bridge import THREADS
from swecar.http.web_server import PROCESSES
from tests.header_table import NO_PAGE
from tests.small_server import read_response, small_server

APPLICATION = """
import time

def application(environ, start_response):
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/slow":
        time.sleep(float(query))
    if path == "/rows":
        return rows(int(query))
    if path == "/steps":
        return steps(int(query))
    if path == "/body":
        return [f"{len(environ['wsgi.input'].read())} of {environ.get('CONTENT_LENGTH')}".encode()]
    told = {name: value for name, value in environ.items() if isinstance(value, str)}
    return [repr(told).encode()]

def rows(number):
    for row in range(number):
        yield b"r" * 1_000_000
    if number % 2:
        raise ValueError("19121212-1212")

def steps(number):
    for step in range(number):
        yield f"step {step} ".encode()
        time.sleep(0.2)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with small_server(tmp_path_factory.mktemp("server"), APPLICATION, seconds=2) as running:
        yield running


def head(path: str, *more: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: a", *more, "", ""]).encode("latin-1")


def get(path: str, *more: str) -> bytes:
    return head(path, "Connection: close", *more)


SLOW = {
    "says nothing": b"",
    "half a head": head("/")[:-10],
    "a head without its body": head("/body", "Content-Length: 100", method="POST"),
    "half a body": head("/body", "Content-Length: 100", method="POST") + b"half",
    "half a chunked body": head("/body", "Transfer-Encoding: chunked", method="POST") + b"4\r\nhalf\r\n",
    "idle after a response": head("/"),
    "half a head after a response": head("/") + b"GET /",
}


@pytest.mark.parametrize("kind", SLOW)
def test_slow_clients_hold_up_nobody_and_are_cut(server, kind):
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(server.connect(SLOW[kind])) for _client in range(100)]
        time.sleep(0.5)  # each has come as far as it does
        assert server.ask(get("/"))[0] == 200
        for connection in slow:
            while connection.recv(65536):
                pass  # until it is closed; the test fails after 20 seconds without a byte


def test_a_body_that_drips_is_cut(server):
    begun = time.monotonic()
    with server.connect(SLOW["half a body"]) as connection:
        connection.settimeout(0.5)
        while time.monotonic() - begun < 20:
            try:
                connection.sendall(b"x")
                if connection.recv(12).endswith(b"408"):
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    pytest.fail("It drips still.")


def test_what_is_cut_off_has_the_headers_of_no_page(server):
    with server.connect(SLOW["half a body"]) as connection:
        status, headers, body = read_response(connection)
    assert (status, body, headers["content-security-policy"]) == (408, b"", NO_PAGE)
    assert headers["cache-control"] == "no-store"


def test_clients_that_do_not_read_hold_up_nobody(server):
    """With as many of them as there are threads, and more."""
    with contextlib.ExitStack() as stack:
        for _client in range(3 * PROCESSES * THREADS):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", server.port))
            connection.sendall(get("/rows?2"))
        time.sleep(0.5)
        assert server.ask(get("/"))[0] == 200


def test_slow_requests_leave_a_thread_to_the_others(tmp_path):
    """Of each process; with more of them than there are threads."""
    with small_server(tmp_path, APPLICATION) as server, contextlib.ExitStack() as stack:
        for _client in range(3 * PROCESSES * THREADS):
            stack.enter_context(server.connect(get("/slow?30")))
        time.sleep(1)
        for _process in range(2 * PROCESSES):
            assert server.ask(get("/"))[0] == 200


@pytest.mark.parametrize(("rows", "size"), [(2, 2_000_000), (20, 20_000_000)])
def test_a_long_response_comes_whole(server, rows, size):
    _status, headers, body = server.ask(get(f"/rows?{rows}"))
    if "content-length" in headers:
        assert (len(body), headers["content-length"]) == (size, str(size))
    else:
        assert body.count(b"r") == size
        assert body.endswith(b"\r\n0\r\n\r\n")


def test_a_response_that_takes_its_time_is_sent_as_it_comes(server):
    with server.connect(get("/steps?15")) as connection:
        found = b""
        while b"step 0 " not in found:
            found += connection.recv(65536)
        assert b"step 14 " not in found
        while part := connection.recv(65536):
            found += part
        assert [f"step {step} ".encode() in found for step in range(15)] == [True] * 15
        assert found.endswith(b"0\r\n\r\n")


def test_a_response_that_breaks_never_passes_for_a_whole_one(server):
    status, headers, body = server.ask(get("/rows?1"))
    assert (status, b"r" * 100 in body) == (500, False)
    status, headers, body = server.ask(get("/rows?21"))
    assert (status, headers["transfer-encoding"]) == (200, "chunked")
    assert not body.endswith(b"0\r\n\r\n")
    log = server.log.read_text()
    assert "ValueError" in log
    assert "1212" not in log


@pytest.mark.parametrize("size", [0, 1, 1_000_000, 40_000_000])
def test_of_a_large_upload_only_the_length_is_whole(server, size):
    """The service drops a file of more than 11 MB, and looks at the length."""
    request = head("/body", f"Content-Length: {size}", "Connection: close", method="POST") + b"x" * size
    assert server.ask(request)[2] == f"{min(size, 12 * 2**20)} of {size}".encode()


def test_a_chunked_upload_has_a_length(server):
    chunks = b"".join(b"%x\r\n%s\r\n" % (size, b"x" * size) for size in (5, 70_000)) + b"0\r\n\r\n"
    request = head("/body", "Transfer-Encoding: chunked", "Connection: close", method="POST") + chunks
    assert server.ask(request)[2] == b"70005 of 70005"


def seen(server, path: str, *headers: str) -> dict[str, str]:
    return eval(server.ask(get(path, *headers))[2])  # noqa: S307  what the test's own application has printed


def test_the_service_sees_the_request_as_wsgi_spells_it(server):
    path = "/a%20b/%C3%B6%ff?q=%C3%B6&r=1"
    found = seen(server, path, "Content-Type: x/y", "X-Twice: 1", "X-Twice: 2", "Cookie: a=1")
    assert (found["REQUEST_METHOD"], found["SERVER_PROTOCOL"]) == ("GET", "HTTP/1.1")
    assert found["wsgi.url_scheme"] == "http"
    assert (found["SCRIPT_NAME"], found["PATH_INFO"]) == ("", "/a b/\xc3\xb6\xff")
    assert found["QUERY_STRING"] == "q=%C3%B6&r=1"
    assert (found["HTTP_HOST"], found["SERVER_NAME"], found["SERVER_PORT"]) == ("a", "127.0.0.1", str(server.port))
    assert (found["REMOTE_ADDR"], found["CONTENT_TYPE"], found["HTTP_X_TWICE"]) == ("127.0.0.1", "x/y", "1,2")
    assert found["HTTP_COOKIE"] == "a=1"


def test_a_header_that_could_pass_for_the_proxys_is_dropped(server):
    found = seen(server, "/", "X-Forwarded-For: 192.0.2.1", "X_Forwarded_For: 192.0.2.66", "SCRIPT_NAME: /x")
    assert (found["HTTP_X_FORWARDED_FOR"], found["SCRIPT_NAME"]) == ("192.0.2.1", "")


def test_http_1_0_and_head_are_served(server):
    assert server.ask(b"GET / HTTP/1.0\r\n\r\n")[0] == 200
    status, headers, body = server.ask(head("/", "Connection: close", method="HEAD"))
    assert (status, int(headers["content-length"]) > 0, body) == (200, True, b"")


def test_it_finishes_what_it_is_at_and_ends(tmp_path):
    """With idle and half-sent connections too, which wait for nothing."""
    with small_server(tmp_path, APPLICATION) as server, contextlib.ExitStack() as stack:
        for request in (head("/"), head("/")[:-10], b""):
            stack.enter_context(server.connect(request))
        working = stack.enter_context(server.connect(get("/slow?2")))
        time.sleep(0.5)
        found = []
        reader = threading.Thread(target=lambda: found.append(read_response(working)))
        reader.start()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) == 0
        reader.join()
        assert found[0][0] == 200


def test_a_request_that_never_ends_does_not_keep_it(tmp_path):
    with small_server(tmp_path, APPLICATION) as server, server.connect(get("/slow?60")):
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(10)


def test_what_the_server_itself_logs_has_the_form_of_the_log(server):
    server.ask(get("/rows?1"))
    for line in server.log.read_text().splitlines():
        assert json.loads(line)["logger"]
