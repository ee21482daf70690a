"""The web server as the service starts it, before an application of a test's own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from swecar.local.folder import ROOT
from swecar.local.ports import find_free_port

START = """
import sys
from answers import application
from swecar.http.bridge import Bridge
from swecar.http.web_server import serve
from swecar.log_settings import read_logging

port, seconds = int(sys.argv[1]), int(sys.argv[2])
bridge = Bridge(application, is_slow=lambda environ: environ["PATH_INFO"] == "/slow", seconds=seconds)
serve(bridge, host="127.0.0.1", port=port, seconds=seconds, logging=read_logging("json"))
"""


@dataclass
class SmallServer:
    """A running server."""

    port: int
    process: subprocess.Popen
    log: Path

    def connect(self, request: bytes = b"", timeout: float = 20) -> socket.socket:
        """A connection on which this has been sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        connection.sendall(request)
        return connection

    def ask(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of what comes until the server closes the connection."""
        with self.connect(request) as connection:
            return read_response(connection)


def read_response(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """The same of an open connection."""
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    head, _blank, body = b"".join(pieces).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body


@contextmanager
def small_server(folder: Path, application: str, *, seconds: int = 15) -> Iterator[SmallServer]:
    """Serve the WSGI `application` of this source, with so many seconds for a client."""
    (folder / "answers.py").write_text(application)
    log, port = folder / "log", find_free_port()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", START, str(port), str(seconds)], cwd=folder, stdout=out, stderr=out,
            env=os.environ | {"PYTHONPATH": f"{ROOT}:{folder}"},
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield SmallServer(port, process, log)
    finally:
        process.terminate()
        process.wait(20)
