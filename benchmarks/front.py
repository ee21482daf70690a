"""What nginx with deploy/nginx.conf sends from its cache a second, beside the same bytes from a file of its own.

The load generator is wrk, on the same machine; the two are measured in turns.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

from benchmarks.nginx_configuration import find_nginx, write_configuration
from benchmarks.results import Result
from benchmarks.serving import serve, wait_until_open
from swecar.local.ports import find_free_port

PATH = "/api/v1/map"
FILE = "/the-same"
CONNECTIONS = 8
TURNS = 9  # an odd number, so that one of them is the median
# nginx writes these itself for a file too.
OWN = {"server", "date", "content-type", "content-length", "connection", "last-modified", "accept-ranges"}


def measure(*, small: bool) -> Iterator[Result]:
    """The published map, without TLS and with it; needs nginx and wrk, and says so without them."""
    missing = [name for name in ("wrk", "openssl") if not shutil.which(name)] + ["nginx"] * (not find_nginx())
    if missing:
        print(
            f"({' and '.join(missing)} not here: nginx's cache is not measured. apt-get install nginx wrk openssl)"
        )
        return
    seconds = 1 if small else 3
    with tempfile.TemporaryDirectory() as folder, serve("swecar.settings") as public:
        ports = {"http": find_free_port(), "https": find_free_port()}
        with _nginx(Path(folder), public, ports):
            for scheme, what in (("http", "nginx, the map from its cache"), ("https", "the same by TLS")):
                site = f"{scheme}://127.0.0.1:{ports[scheme]}"
                pairs = [(_load(site + PATH, seconds), _load(site + FILE, seconds)) for _turn in range(TURNS)]
                ours, theirs = sorted(pairs, key=lambda pair: pair[0] / pair[1])[TURNS // 2]
                yield Result(what, "requests/s", ours, "a file", theirs, ">= 0.9")
            if _ask(ports["http"], PATH).headers["Cache-Status"].partition("=")[2] not in {"HIT", "STALE"}:
                raise AssertionError(f"{PATH} did not come from nginx's cache.")


@contextmanager
def _nginx(folder: Path, public: int, ports: dict[str, int]) -> Iterator[None]:
    """nginx before the web server; it has the map in its cache, and as a file with the same headers."""
    servers = {"public": [f"127.0.0.1:{public}"], "clinic": [f"127.0.0.1:{public}"]}

    def run(more: str) -> subprocess.Popen:
        where = f"        listen 127.0.0.1:{ports['http']};\n{more}"
        secure, plain = f"127.0.0.1:{ports['https']}", f"127.0.0.1:{find_free_port()}"
        command = write_configuration(folder, servers=servers, secure=secure, plain=plain, more=where)
        process = subprocess.Popen(command)
        wait_until_open(ports["http"], process)
        return process

    process = run("")
    try:
        _ask(ports["http"], PATH)
        kept = _ask(ports["http"], PATH)
        process.terminate()
        process.wait(10)
        (folder / FILE[1:]).write_bytes(kept.read())
        process = run(_serve_file(folder, kept))
        _ask(ports["http"], PATH)
        _check_alike(_ask(ports["http"], PATH), _ask(ports["http"], FILE))
        yield
    finally:
        process.terminate()
        process.wait(10)


def _serve_file(folder: Path, kept: HTTPResponse) -> str:
    # These differ with each response, as they do from the cache.
    fresh = {"X-Request-ID": "$request_id", "Cache-Status": "nginx; detail=$upstream_cache_status"}
    headers = [(name, fresh.get(name, value)) for name, value in kept.getheaders() if name.lower() not in OWN]
    lines = [f"add_header {name} {_quote(value)} always;" for name, value in headers]
    kind = f"types {{}} default_type {_quote(kept.headers['Content-Type'])};"
    return "\n".join([f"location = {FILE} {{ root {folder}; etag off; {kind}", *lines, "}"])


def _quote(value: str) -> str:
    return "'" + value.replace("\\", r"\\").replace("'", r"\'") + "'"


def _check_alike(ours: HTTPResponse, theirs: HTTPResponse) -> None:
    """Raise AssertionError unless both have the same bytes and the same headers."""
    names = [sorted(name.lower() for name, _ in one.getheaders() if name.lower() != "accept-ranges")
             for one in (ours, theirs)]  # fmt: skip
    if (ours.read(), names[0]) != (theirs.read(), names[1]):
        raise AssertionError(f"The file and nginx's cache differ: {names}")


def _ask(port: int, path: str) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Host": "localhost"})
    return connection.getresponse()


def _load(url: str, seconds: int) -> float:
    """Requests a second over open connections."""
    words = [
        str(shutil.which("wrk")),
        "-t",
        "2",
        "-c",
        str(CONNECTIONS),
        "-d",
        f"{seconds}s",
        "-H",
        "Host: localhost",
        url,
    ]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise AssertionError(f"{url}: {said}")
    return float(re.findall(r"Requests/sec:\s*([\d.]+)", said)[0])
