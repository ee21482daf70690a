"""The keeper's server: it digests for who knows the secret, so much in an hour, and tells no key."""

import asyncio
import ipaddress
import json
import os
import secrets
import signal
import socket
import stat
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from swecar.env import read_settings
from swecar.keeper.chain import steps
from swecar.keeper.limit import Limit
from swecar.keeper.memory import guard_memory
from swecar.keeper.messages import (
    HEAD_BYTES,
    MOST_VALUES,
    NONCE_BYTES,
    Address,
    NotProved,
    ask,
    length_of,
    open_sealed,
    seal,
)
from swecar.setting_table import SETTINGS
from swecar.variables import EnvironmentProblem

NEEDED = ("IDENTITY_KEYS", "IDENTITY_KEEPER_URL", "KEEPER_SECRET", "KEEPER_PER_HOUR")
PATIENCE = 5  # seconds that an asker may be silent
FREE = (b"mark:", b"do-not-register:")  # of no person, or of a digest that is known already
LONGEST_VALUE = 200
CONTROL = Path(tempfile.gettempdir(), "swecar-keeper", "control")


class Keeper:
    """The keys, and how much of the hour is left."""

    def __init__(self, settings: dict[str, Any]):
        self.keys: dict[str, bytes] = settings["IDENTITY_KEYS"]
        self.secret: str = settings["KEEPER_SECRET"]
        self.limit = Limit(settings["KEEPER_PER_HOUR"])

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Digest the values of a question: {"values": [[hex, place], …]}; its steps, or after how many seconds."""
        values = [(bytes.fromhex(value), int(place)) for value, place in question["values"]]
        if len(values) > MOST_VALUES or any(len(value) > LONGEST_VALUE or place < 0 for value, place in values):
            raise NotProved
        found = [b"".join(steps(self.keys, value, place)) for value, place in values]
        counted = {
            chain[-16:] for (value, _place), chain in zip(values, found, strict=True) if not value.startswith(FREE)
        }
        now = time.monotonic()
        wait = self.limit.take(counted, now)
        told: dict[str, Any] = {"keys": list(reversed(self.keys)), "left": self.limit.left(now)}
        if values:
            say("refused" if wait else "digested", values=len(values), left=told["left"])
        return told | ({"wait": wait} if wait else {"steps": [chain.hex() for chain in found]})

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one question."""
        with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            try:
                async with asyncio.timeout(PATIENCE):
                    nonce = secrets.token_bytes(NONCE_BYTES)
                    writer.write(nonce)
                    head = await reader.readexactly(HEAD_BYTES)
                    text = await reader.readexactly(length_of(head))
                    answer = self.answer(open_sealed(self.secret, head, text, after=nonce))
                    writer.write(seal(self.secret, answer, after=head[4:]))
                    await writer.drain()
            except (NotProved, ValueError, KeyError, TypeError):
                say("turned away")
            finally:
                writer.close()

    async def attend_operator(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Allow what an operator writes on the control socket: a number."""
        with suppress(OSError, ValueError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                number = int(await reader.readline())
                self.limit.allow(number, time.monotonic())
                say("allowed", values=number)
                writer.write(b"ok\n")
                await writer.drain()
        writer.close()


async def serve() -> None:
    """Serve until SIGTERM. Raises EnvironmentProblem."""
    settings = _read()
    keeper = Keeper(settings)
    for refused in guard_memory():
        say(refused)
    address: Address = settings["IDENTITY_KEEPER_URL"]
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = await _listen(keeper, address)
    control = await asyncio.start_unix_server(keeper.attend_operator, _control())
    say("ready", keys=len(keeper.keys), left=keeper.limit.per_hour)
    async with server, control:
        await stopped.wait()


async def _listen(keeper: Keeper, address: Address) -> asyncio.Server:
    if not address.path:
        return await asyncio.start_server(keeper.attend, _own(address.host), address.port)
    with suppress(FileNotFoundError):
        os.unlink(address.path)
    before = os.umask(0o117)  # its user and its group may ask
    try:
        return await asyncio.start_unix_server(keeper.attend, address.path)
    finally:
        os.umask(before)


def _own(host: str) -> str | None:
    """The loopback address that is asked for, or every address of this machine, which others know by a name."""
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return host
    return None


def _control() -> str:
    """The path of the control socket, in a folder that nobody else may enter. Raises EnvironmentProblem."""
    folder = CONTROL.parent
    folder.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode != stat.S_IFDIR | stat.S_IRWXU:
        raise EnvironmentProblem(f"{folder} is not this user's alone.")
    CONTROL.unlink(missing_ok=True)
    return str(CONTROL)


def allow(number: int) -> str:
    """Let the keeper of this machine digest so many values more within a day. Raises EnvironmentProblem."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(CONTROL))
            connection.sendall(b"%d\n" % number)
            is_allowed = connection.recv(10) == b"ok\n"
    except OSError:
        is_allowed = False
    if not is_allowed:
        raise EnvironmentProblem("No keeper of this user runs here.")
    return f"{number} values more are allowed for a day."


def check() -> bool:
    """Whether the keeper answers here."""
    settings = _read()
    address: Address = settings["IDENTITY_KEEPER_URL"]
    here = address if address.path else Address(host=_own(address.host) or "127.0.0.1", port=address.port)
    try:
        return "keys" in ask(here, settings["KEEPER_SECRET"], {"values": []}, seconds=PATIENCE)
    except (OSError, NotProved):
        return False


def say(event: str, **numbers: int) -> None:
    """A line of the log; it holds numbers of values and never a value."""
    sys.stderr.write(json.dumps({"at": f"{datetime.now(UTC):%FT%TZ}", "keeper": event} | numbers) + "\n")


def _read() -> dict[str, Any]:
    """The keeper's settings. Raises EnvironmentProblem."""
    settings = read_settings(setting for setting in SETTINGS if setting.name in NEEDED)
    missing = [name for name in NEEDED if not settings[name]]
    if missing:
        raise EnvironmentProblem(f"{' and '.join(missing)} not set. The keeper needs them.")
    return settings
