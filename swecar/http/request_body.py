"""The body of a request, read before a thread of the service is asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from typing import Any

# Bytes. The service drops a file that is larger (FILE_UPLOAD_MAX_MEMORY_SIZE) and looks at the length alone.
MOST_HELD = 12 * 2**20
SLOWEST = 10_000  # bytes a second, of a body that takes longer than the client's seconds


class ClientGone(Exception):
    """The client has closed the connection."""


async def read_body(receive: Callable[[], Awaitable[Mapping[str, Any]]], seconds: float) -> tuple[BytesIO, int]:
    """The first 12 MB of it, and its whole length in bytes.

    Raises TimeoutError if the client sends it too slowly, ClientGone.
    """
    held, length = BytesIO(), 0
    begun = asyncio.get_running_loop().time()
    async with asyncio.timeout(seconds) as limit:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            part = message.get("body", b"")
            held.write(part[: MOST_HELD - held.tell()])
            length += len(part)
            if not message.get("more_body"):
                break
            limit.reschedule(begun + seconds + length / SLOWEST)
    held.seek(0)
    return held, length
