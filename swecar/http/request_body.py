"""The body of a request, read before a thread of the service is asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from typing import Any

# Bytes. The service drops a file that is larger (FILE_UPLOAD_MAX_MEMORY_SIZE) and looks at the length alone.
MOST_HELD = 12 * 2**20
MOST_COMING = 200 * 2**20  # bytes of all bodies that a process is reading
SLOWEST = 10_000  # bytes a second, of a body that takes longer than the client's seconds


class ClientGone(Exception):
    """The client has closed the connection."""


class TooMuchAtOnce(Exception):
    """Other bodies take all the memory that there is for them."""


_coming = 0  # bytes, of the bodies that are being read


async def read_body(receive: Callable[[], Awaitable[Mapping[str, Any]]], seconds: float) -> tuple[BytesIO, int]:
    """The first 12 MB of it, and its whole length in bytes.

    Raises TimeoutError if the client sends it too slowly, ClientGone, TooMuchAtOnce.
    """
    global _coming  # noqa: PLW0603  one loop a process reads them all
    held, length = BytesIO(), 0
    begun = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(seconds) as limit:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                part = message.get("body", b"")
                _coming += held.write(part[: MOST_HELD - held.tell()])
                if _coming > MOST_COMING:
                    raise TooMuchAtOnce
                length += len(part)
                if not message.get("more_body"):
                    break
                limit.reschedule(begun + seconds + length / SLOWEST)
    finally:
        _coming -= held.tell()
    held.seek(0)
    return held, length
