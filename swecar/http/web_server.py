"""The web server: Granian, in processes that share what was loaded before."""

import multiprocessing
from collections.abc import Callable, Mapping
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

PROCESSES = 2
LAST_SECONDS = 4  # that a running request has to end after SIGTERM
CONNECTIONS = 2000  # of all processes; more wait to be accepted


def serve(application: Callable, *, host: str, port: int, seconds: int, logging: Mapping[str, Any]) -> None:
    """Serve the ASGI application until a signal.

    seconds: how long a client may take for the head of a request, and a connection may be idle. logging: as
    Django's LOGGING.
    """
    multiprocessing.set_start_method("fork")
    Server(
        "swecar",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        loop=Loops.asyncio,
        workers=PROCESSES,
        respawn_failed_workers=True,
        workers_kill_timeout=LAST_SECONDS,
        backlog=CONNECTIONS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=seconds * 1000),
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=dict(logging),
    ).serve(target_loader=lambda: application, wrap_loader=False)
