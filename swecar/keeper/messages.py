"""What goes between the keeper and who asks it: JSON, which each side proves to know the shared secret for.

The keeper begins with a nonce; the question's proof covers it, and the answer's proof covers the question's. So
neither can be repeated later, nor made up by a stranger. Nothing is encrypted: the way between them is a socket of
one machine or a network of their own.
"""

import hmac
import json
import socket
import struct
from typing import Any, NamedTuple
from urllib.parse import urlsplit

NONCE_BYTES = PROOF_BYTES = 32
HEAD_BYTES = 4 + PROOF_BYTES
LARGEST = 4 * 2**20
MOST_VALUES = 2_000  # of one question


class NotProved(Exception):
    """The other side does not know the secret, or speaks of something else."""


class Address(NamedTuple):
    """Where a keeper listens: the path of a socket, or a host and a port."""

    path: str = ""
    host: str = ""
    port: int = 0


def read_address(url: str) -> Address:
    """unix:///path or tcp://host:port. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
        return Address(path=parts.path)
    if parts.scheme == "tcp" and parts.hostname and parts.port and not parts.path.strip("/"):
        return Address(host=parts.hostname, port=parts.port)
    raise ValueError(url)


def seal(secret: str, content: dict[str, Any], *, after: bytes) -> bytes:
    """A message with its length and its proof; after: the nonce, or the proof that it answers."""
    text = json.dumps(content, separators=(",", ":")).encode()
    return struct.pack("!I", len(text)) + prove(secret, text, after=after) + text


def open_sealed(secret: str, head: bytes, text: bytes, *, after: bytes) -> dict[str, Any]:
    """The content of a message. Raises NotProved."""
    if not hmac.compare_digest(head[4:], prove(secret, text, after=after)):
        raise NotProved
    content: dict[str, Any] = json.loads(text)
    return content


def length_of(head: bytes) -> int:
    """How many bytes follow. Raises NotProved."""
    (length,) = struct.unpack("!I", head[:4])
    if length > LARGEST:
        raise NotProved
    return int(length)


def prove(secret: str, text: bytes, *, after: bytes) -> bytes:
    """The proof of a message."""
    return hmac.digest(secret.encode(), after + text, "sha256")


def ask(address: Address, secret: str, question: dict[str, Any], *, seconds: float) -> dict[str, Any]:
    """The keeper's answer, after `seconds` of silence at most. Raises OSError, NotProved."""
    if address.path:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(seconds)
    else:
        connection = socket.create_connection((address.host, address.port), timeout=seconds)
    with connection:
        if address.path:
            connection.connect(address.path)
        sent = seal(secret, question, after=_receive(connection, NONCE_BYTES))
        connection.sendall(sent)
        head = _receive(connection, HEAD_BYTES)
        return open_sealed(secret, head, _receive(connection, length_of(head)), after=sent[4:HEAD_BYTES])


def _receive(connection: socket.socket, size: int) -> bytes:
    parts, missing = [], size
    while missing:
        part = connection.recv(min(missing, 2**16))
        if not part:
            raise ConnectionResetError("the other side has ended the connection")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
