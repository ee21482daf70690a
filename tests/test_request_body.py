"""How a body is read before a thread is asked for: what one client may send, and what all may at once."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor

import pytest

from swecar.http import request_body
from swecar.http.request_body import ClientGone, TooMuchAtOnce, read_body


def sending(*parts: bytes, until: asyncio.Event | None = None) -> Callable[[], Awaitable[dict]]:
    """A client that sends these parts, the last when it may."""
    left = list(parts)

    async def receive() -> dict:
        if len(left) == 1 and until:
            await until.wait()
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    return receive


def run_apart(work: Coroutine):
    """What it returns, from a loop in a thread of its own: the browser's tests leave one running in this."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def gone() -> dict:
    return {"type": "http.disconnect"}


def test_a_body_is_whole_and_has_its_length():
    body, length = run_apart(read_body(sending(b"one ", b"two ", b"three"), 5))
    assert (body.read(), length) == (b"one two three", 13)


def test_a_client_that_leaves_or_is_silent_has_no_body():
    with pytest.raises(ClientGone):
        run_apart(read_body(gone, 5))

    async def wait_in_vain() -> None:
        await read_body(sending(b"one", b"two", until=asyncio.Event()), 0.1)

    with pytest.raises(TimeoutError):
        run_apart(wait_in_vain())


def test_slow_uploads_together_have_an_end(monkeypatch):
    """What comes above it is refused, and accepted again when the others are done or gone."""
    monkeypatch.setattr(request_body, "MOST_COMING", 25)

    async def run() -> None:
        may = asyncio.Event()
        ten = b"0123456789"
        slow = [asyncio.create_task(read_body(sending(ten, b"!", until=may), 5)) for _client in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooMuchAtOnce):
            await read_body(sending(ten, b"!"), 5)
        assert (await read_body(sending(b"1", b"2"), 5))[1] == 2
        slow[0].cancel()
        await asyncio.sleep(0)
        assert (await read_body(sending(ten, b"!"), 5))[1] == 11
        may.set()
        assert (await slow[1])[1] == 11

    run_apart(run())
    assert request_body._coming == 0
