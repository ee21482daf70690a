"""The network between a process and a server: a relay in a process of its own, which can be told to fail."""

import asyncio
import contextlib
import multiprocessing
from ctypes import c_int
from typing import Any

PASS, SWALLOW, REFUSE, RESET, SLOW = range(5)
PIECE = 1 << 16
LOOKS = 0.05  # seconds between two looks at what it is told
DELAY = 0.1  # seconds that a slow network holds each piece


class Relay:
    """Passes everything on from one port of the loopback to another, as its mode says."""

    def __init__(self, port: int, to: int) -> None:
        self.port = port
        self.mode: Any = multiprocessing.Value(c_int, PASS)
        self.process = multiprocessing.Process(target=_run, args=(port, to, self.mode), daemon=True)
        self.process.start()

    def tell(self, mode: int) -> None:
        """From now on."""
        self.mode.value = mode

    def stop(self) -> None:
        """End it and all connections through it."""
        self.process.kill()
        self.process.join()


def _run(port: int, to: int, mode: Any) -> None:
    asyncio.run(_serve(port, to, mode))


async def _serve(port: int, to: int, mode: Any) -> None:
    opened: set[asyncio.StreamWriter] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if mode.value in {REFUSE, RESET}:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", to)
        except OSError:
            writer.transport.abort()
            return
        opened.update({writer, far_writer})
        await asyncio.gather(_pump(reader, far_writer, mode), _pump(far_reader, writer, mode))
        opened.difference_update({writer, far_writer})

    async with await asyncio.start_server(take, "127.0.0.1", port):
        while True:
            await asyncio.sleep(LOOKS)
            if mode.value in {RESET, REFUSE}:
                for writer in list(opened):
                    writer.transport.abort()
            if mode.value == RESET:
                mode.value = PASS


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mode: Any) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(PIECE):
            while mode.value == SWALLOW:
                await asyncio.sleep(LOOKS)
            if mode.value == SLOW:
                await asyncio.sleep(DELAY)
            writer.write(piece)
            await writer.drain()
    writer.close()
