"""Starting a server on a free port of 127.0.0.1."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from swecar.local.errors import CannotStart
from swecar.local.left_overs import POLL_SECONDS
from swecar.local.plan import Plan
from swecar.local.processes import Child, start

READY_WITHIN = 60.0  # seconds; after a crash PostgreSQL replays its log first


def start_on_a_free_port(
    plan: Callable[[int], Plan], is_ready: Callable[[int], bool], var: Path
) -> tuple[Child, int]:
    """Start a server and wait until it accepts connections; return it and its port.

    Three attempts, since another program may take the port before the server does. Raises CannotStart.
    """
    for last in (False, False, True):
        port = find_free_port()
        child = start(plan(port), var=var)
        try:
            deadline = time.monotonic() + READY_WITHIN
            while not child.has_ended() and time.monotonic() < deadline:
                if is_ready(port):
                    return child, port
                time.sleep(POLL_SECONDS)
            if last or not child.has_ended():
                raise CannotStart(f"{child.name} did not start. The end of its log:{child.last_words()}")
        except BaseException:
            child.stop()
            raise
        child.stop()
    raise AssertionError("unreachable")


@contextmanager
def held_port() -> Iterator[int]:
    """A port of 127.0.0.1 for a web server of ours: until the block ends no other user's program gets it, and none
    by chance. The web server binds it too, by SO_REUSEPORT.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


def find_free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
