"""Readers and writers at once, each on a connection of its own, which reads or enters again after a pause."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count

from benchmarks.entry import make_tokens
from benchmarks.exchange_files import test_number
from benchmarks.registries import fill
from benchmarks.results import Result
from benchmarks.serving import serve
from registry.publishing.publish import publish

READERS, WRITERS = 200, 50
PAUSES = 0.1, 0.2  # seconds
PATHS = ["/api/v1/map", "/api/v1/counts?by=centre,year", "/", "/en/?centre=UPP"]
PATIENCE = 20  # seconds that a client waits for a response
ROW = {
    "centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C83.3", "kind": "first",
    "infused_on": "2022-03-01",
}  # fmt: skip


@dataclass
class Kind:
    """Clients that do the same: how long each response took, in seconds, and how many never came."""

    seconds: list[float] = field(default_factory=list)
    cut: int = 0

    def centile(self, place: int) -> float:
        """In milliseconds."""
        return sorted(self.seconds)[len(self.seconds) * place // 100] * 1000


def measure(*, small: bool) -> Iterator[Result]:
    """A minute of 200 readers and 50 writers."""
    fill(10_000)
    publish()
    with serve("swecar.settings", LOOKUPS_PER_HOUR="1000000") as port:
        readers, writers = asyncio.run(_run(port, make_tokens(WRITERS), seconds=10 if small else 60))
    yield Result("200 readers beside 50 writers, p95", "ms", readers.centile(95), goal="<= 300")
    yield Result("the writers, p95", "ms", writers.centile(95), goal="<= 2000")
    yield Result("readers and writers that were cut", "", readers.cut + writers.cut, goal="<= 0")
    print(f"({len(readers.seconds)} reads, {len(writers.seconds)} entries; p50 {readers.centile(50):.0f} and "
          f"{writers.centile(50):.0f} ms)")  # fmt: skip


async def _run(port: int, tokens: list[str], *, seconds: float) -> tuple[Kind, Kind]:
    readers, writers, persons = Kind(), Kind(), count(1)
    end = time.monotonic() + seconds

    def read(turn: int) -> tuple[bytes, int]:
        head = f"GET {PATHS[turn % len(PATHS)]} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"
        return head.encode(), HTTPStatus.OK

    def enter_by(token: str) -> Callable[[int], tuple[bytes, int]]:
        def enter(_turn: int) -> tuple[bytes, int]:
            person = next(persons)
            body = json.dumps(ROW | {"patient_id": test_number(person), "batch": f"L{person}"})
            head = (
                f"POST /api/v1/infusions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {token}\r\n"
                f"Idempotency-Key: load-{person}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            return f"{head}{body}".encode(), HTTPStatus.CREATED

        return enter

    clients: list[Awaitable[None]] = [_repeat(port, readers, read, PAUSES[0], end) for _reader in range(READERS)]
    clients += [_repeat(port, writers, enter_by(token), PAUSES[1], end) for token in tokens]
    await asyncio.gather(*clients)
    return readers, writers


async def _repeat(
    port: int, kind: Kind, make: Callable[[int], tuple[bytes, int]], pause: float, end: float
) -> None:
    """One client until the end. A connection that the server has closed is opened again."""
    line = None
    turn = 0
    while time.monotonic() < end:
        turn += 1
        request, wanted = make(turn)
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                line = line or await asyncio.open_connection("127.0.0.1", port)
                line[1].write(request)
                status = await _read_status(line[0])
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            kind.cut += 1
            line = None
            continue
        if status != wanted:
            raise AssertionError(f"{request[:60]!r} gave {status}.")
        kind.seconds.append(time.perf_counter() - begun)
        await asyncio.sleep(pause)


async def _read_status(reader: asyncio.StreamReader) -> int:
    """The status of a response, whose body is read and discarded."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
    return int(head.split()[1])
