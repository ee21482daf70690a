"""Between the web server (ASGI) and the service (WSGI).

A thread of the service gets whole requests alone, so that no slow client holds one. A cached response needs none.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from time import monotonic
from typing import Any

from swecar.http.browser_limits import limits_of
from swecar.http.environ import make_environ
from swecar.http.request_body import ClientGone, TooMuchAtOnce, read_body

Head = tuple[str, list[tuple[str, str]]]  # status and headers
Whole = tuple[str, list[tuple[str, str]], bytes]  # and the body
THREADS = 4  # of a process, in which the service runs
SENT_WHOLE = 2 * 2**20  # bytes; a thread waits for the client only with what comes after so many
HELD = 0.2  # seconds, or after so long: the beginning of what takes its time is sent
CUT_OFF = [("Connection", "close"), *limits_of("", "", 400).items()]  # headers
PATIENCE = 4  # times a client's seconds, for so many bytes to be taken


class Bridge:
    """An ASGI application.

    service is the WSGI application. find gives a cached response without waiting for anything, or None. is_slow
    tells the requests that leave one thread to all others. seconds is how long a client may take for a body.
    """

    def __init__(
        self,
        service: Callable,
        *,
        find: Callable[[Mapping], Whole | None] = lambda _environ: None,
        is_slow: Callable[[Mapping], bool] = lambda _environ: False,
        seconds: float,
    ) -> None:
        self.service, self.find, self.is_slow, self.seconds = service, find, is_slow, seconds
        self.pool = ThreadPoolExecutor(THREADS, "service")  # its threads begin after the fork
        self.turns = asyncio.Semaphore(THREADS - 1)

    async def __call__(self, scope: Mapping[str, Any], receive: Callable, send: Callable) -> None:
        """Answer one request. An error breaks the connection off, so that no half passes for the whole."""
        environ = make_environ(scope)
        if kept := self.find(environ):
            await _send(send, kept[:2], kept[2], more=False)
            return
        try:
            environ["wsgi.input"], length = await read_body(receive, self.seconds)
        except TimeoutError:
            await _send(send, ("408", CUT_OFF), b"", more=False)
            return
        except ClientGone:
            await _send(send, ("400", CUT_OFF), b"", more=False)
            return
        except TooMuchAtOnce:
            await _send(send, ("503", [*CUT_OFF, ("Retry-After", "5")]), b"", more=False)
            return
        if length or "CONTENT_LENGTH" in environ:
            environ["CONTENT_LENGTH"] = str(length)
        loop = asyncio.get_running_loop()
        leaving: list[asyncio.Future] = []  # of the client, which no sending tells of

        async def send_part(head: Head | None, body: bytes) -> None:
            if not leaving:
                leaving.append(asyncio.ensure_future(receive()))
            elif leaving[0].done():
                raise ClientGone
            await _send(send, head, body, more=True)

        def hand_over(head: Head | None, body: bytes) -> None:
            sent = asyncio.run_coroutine_threadsafe(send_part(head, body), loop)
            sent.result(self.seconds * PATIENCE)

        try:
            async with self.turns if self.is_slow(environ) else nullcontext():
                head, body = await loop.run_in_executor(self.pool, self._serve, environ, hand_over)
            await _send(send, head, body, more=False)
        except ClientGone:
            return
        finally:
            for waiting in leaving:
                waiting.cancel()

    def _serve(self, environ: dict[str, Any], hand_over: Callable) -> tuple[Head | None, bytes]:
        """Run the service in this thread; the end of its response, with the head unless that has been sent."""
        heads: list[Head] = []
        parts = self.service(environ, lambda status, headers, _error=None: heads.append((status, headers)))
        held: list[bytes] = []
        size, due = 0, monotonic() + HELD
        try:
            for part in parts:
                if size >= SENT_WHOLE or (size and monotonic() > due):
                    hand_over(heads.pop() if heads else None, b"".join(held))
                    held, size, due = [], 0, monotonic() + HELD
                held.append(part)
                size += len(part)
            return (heads.pop() if heads else None), b"".join(held)
        finally:
            if hasattr(parts, "close"):
                parts.close()


async def _send(send: Callable, head: Head | None, body: bytes, *, more: bool) -> None:
    """The head, unless it has been sent, and a part of the body."""
    if head:
        status, headers = head
        coded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": int(status[:3]), "headers": coded})
    await send({"type": "http.response.body", "body": body, "more_body": more})
