"""The file by which a worker or the scheduler shows that it is at work, and the check that reads it.

`python -I swecar/alive.py worker` is the check: it loads nothing but this file, and so costs next to nothing.
Without a word it checks what APP_ROLE says, a web server by asking whether it lives; `ready` asks whether it can
serve.
"""

import os
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

LONGEST_SILENCE = {"worker": 30, "beat": 30}  # seconds


def path_of(part: str) -> Path:
    """The file of a worker or the scheduler on this machine."""
    return Path(tempfile.gettempdir(), f"swecar-{part}-alive")


def show(part: str) -> None:
    """Show that it is at work."""
    with suppress(OSError):  # without a folder to write to only the check fails
        path_of(part).touch(mode=0o600)


def is_alive(part: str) -> bool:
    """Whether it has shown itself lately; from a time to come, since the clock was set, it has not."""
    try:
        return abs(time.time() - path_of(part).stat().st_mtime) < LONGEST_SILENCE[part]
    except OSError:
        return False


def own_name() -> str:
    """A name that the web server answers to: the first of ALLOWED_HOSTS."""
    path = os.environ.get("ALLOWED_HOSTS_FILE")
    names = Path(path).read_text(encoding="utf-8") if path else os.environ.get("ALLOWED_HOSTS", "")
    first = next(filter(None, map(str.strip, names.split(","))), "*").removeprefix(".")
    return "localhost" if first == "*" else first


def responds(path: str) -> bool:
    """Whether the web server of this machine responds with 200."""
    try:
        with socket.create_connection(("127.0.0.1", int(os.environ.get("PORT", "8000"))), timeout=4) as connection:
            connection.sendall(f"GET /health/{path} HTTP/1.0\r\nHost: {own_name()}\r\n\r\n".encode())
            return b" 200 " in connection.recv(100)
    except OSError:
        return False


def check(part: str) -> bool:
    """Whether what this machine runs is at work; migrations need no check."""
    if part in LONGEST_SILENCE:
        return is_alive(part)
    return part == "migrate" or responds("ready" if part == "ready" else "live")


if __name__ == "__main__":
    part = [*sys.argv[1:], os.environ.get("APP_ROLE", "clinic")][0]
    sys.exit(0 if check(part) else f"The {part} has not shown itself.")
