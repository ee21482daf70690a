"""Requests a second of cached responses, 200 and 304, beside a bare Django view with the same bytes.

Both run under the same web server, measured in turns, with the load generator on the same machine.
"""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from benchmarks.registries import fill
from benchmarks.results import Result
from registry.publishing.publish import publish
from swecar.local.ports import find_free_port

CONNECTIONS = 8
TURNS = 3


def measure(*, small: bool) -> Iterator[Result]:
    """The demonstration's map and a table of counts, both cached: 200, then 304."""
    seconds = 1.0 if small else 4.0
    fill(0)
    call_command("demo_data", stdout=StringIO())
    publish()
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder, "body")
        with serve("swecar.settings", body) as ours:
            for what, path in (("map", "/api/v1/map"), ("counts, cached", "/api/v1/counts?by=centre,year")):
                etag, content = _ask(ours, path)
                body.write_bytes(content)
                with serve("benchmarks.bare_settings", body) as bare:
                    for name, our_tag, bare_tag in (("200", "", ""), ("304", etag, '"known"')):
                        pairs = [
                            (_load(ours, path, our_tag, seconds), _load(bare, "/bare", bare_tag, seconds))
                            for _ in range(TURNS)
                        ]
                        best = max(our for our, _ in pairs), max(their for _, their in pairs)
                        yield Result(f"{what}, {name}", "requests/s", best[0], "a bare view", best[1], ">= 0.8")


@contextmanager
def serve(settings_module: str, body: Path | None = None, **more: str) -> Iterator[int]:
    """Run the web server with these settings and yield its port; the bare view serves the bytes of body.

    more: variables of the processes.
    """
    port = find_free_port()
    variables = os.environ | more | {"DJANGO_SETTINGS_MODULE": settings_module, "BENCH_BODY": str(body or "")}
    variables["RATE_LIMIT"] = "1000000000"  # counted but never reached
    ours = ["swecar.web", "--bind", f"127.0.0.1:{port}"]
    words = ours if settings_module == "swecar.settings" else ["benchmarks.bare_web", str(port)]
    process = subprocess.Popen([sys.executable, "-m", *words], cwd=settings.BASE_DIR, env=variables)
    try:
        wait_until_open(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def wait_until_open(port: int, process: subprocess.Popen) -> None:
    """Wait until the process listens at the port. Raises AssertionError."""
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"Nothing listens at {port}: {process.args}.")


def _ask(port: int, url: str) -> tuple[str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", url)
    response = connection.getresponse()
    return response.headers["ETag"], response.read()


def _load(port: int, url: str, etag: str, seconds: float) -> float:
    """Requests a second over open connections, each sending the next when it has the response."""
    known = f"If-None-Match: {etag}\r\n" if etag else ""
    request = f"GET {url} HTTP/1.1\r\nHost: localhost\r\n{known}\r\n".encode()
    wanted = b"HTTP/1.1 304" if etag else b"HTTP/1.1 200"
    counts = [0] * CONNECTIONS
    end = time.perf_counter() + seconds

    def run(index: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            while time.perf_counter() < end:
                line.sendall(request)
                if not _read_response(line).startswith(wanted):
                    raise AssertionError(f"{url} did not give {wanted!r}")
                counts[index] += 1

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        list(threads.map(run, range(CONNECTIONS)))  # raises what a thread has raised
    return sum(counts) / seconds


def _read_response(line: socket.socket) -> bytes:
    """The head of a response, whose body is read and discarded; a 304 has none."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(65536)
    head, _, rest = data.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 304"):
        return head
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    missing = length - len(rest)
    while missing > 0:
        missing -= len(line.recv(65536))
    return head
