"""Files that are encrypted with age to public keys, and hashed as they are written."""

import hashlib
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import pyrage

from registry.backups.errors import BackupFailed

PIECE = 1 << 20
Recipients = Sequence[pyrage.x25519.Recipient | pyrage.ssh.Recipient]
Identities = Sequence[pyrage.x25519.Identity | pyrage.ssh.Identity]


class Hashing(io.RawIOBase):
    """A file that is written and hashed at once."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self.hash, self.bytes = hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, piece) -> int:
        """All of the piece."""
        self.hash.update(piece)
        self.bytes += len(piece)
        return self.file.write(piece)

    def close(self) -> None:
        """Once what was written is on the disk."""
        if not self.closed:
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
        super().close()


def read_recipients(words: Sequence[str]) -> Recipients:
    """Public keys of age or ssh. Raises BackupFailed."""
    found = []
    for word in words:
        kind = pyrage.ssh.Recipient if word.startswith("ssh-") else pyrage.x25519.Recipient
        try:
            found.append(kind.from_str(word.strip()))
        except pyrage.RecipientError:
            raise BackupFailed(
                f"{word} is no public key of age (age1…) or ssh. `manage.py backup --make-identity FILE` makes it."
            ) from None
    if not found:
        raise BackupFailed("Nobody could open it: name a public key with --to.")
    return found


def read_identities(path: Path) -> Identities:
    """The private keys of a file as age-keygen or ssh-keygen writes it. Raises BackupFailed."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise BackupFailed(f"The private key {path} cannot be read: {fault}.") from None
    try:
        if "PRIVATE KEY" in text:
            return [pyrage.ssh.Identity.from_buffer(text.encode())]
        lines = [line.strip() for line in text.splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise BackupFailed(f"{path} holds no private key of age (AGE-SECRET-KEY-…) or ssh.")
    return found


def make_identity(path: Path) -> str:
    """Write a new private key, for the owner alone, and return its public key. Raises BackupFailed."""
    identity = pyrage.x25519.Identity.generate()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"# public key: {identity.to_public()}\n{identity}\n")
    except OSError as fault:
        raise BackupFailed(f"{path} cannot be written: {fault.strerror}.") from None
    return str(identity.to_public())


def seal_stream(source: IO[bytes], path: Path, to: Recipients) -> dict[str, Any]:
    """Encrypt all of a stream into a new file; its size and hash."""
    with Hashing(path) as sealed:
        pyrage.encrypt_io(source, sealed, to)
        return {"bytes": sealed.bytes, "sha256": sealed.hash.hexdigest()}


def seal_document(document: dict[str, Any], path: Path, to: Recipients) -> dict[str, Any]:
    """The same of what JSON can say."""
    return seal_stream(io.BytesIO(json.dumps(document, ensure_ascii=False).encode()), path, to)


def open_document(path: Path, identities: Identities) -> dict[str, Any]:
    """What seal_document wrote. Raises BackupFailed."""
    with path.open("rb") as sealed:
        opened = io.BytesIO()
        open_stream(sealed, opened, identities, name=path.name)
    document: dict[str, Any] = json.loads(opened.getvalue())
    return document


def open_stream(sealed: IO[bytes], into: IO[bytes], identities: Identities, *, name: str) -> None:
    """Decrypt all of a stream. Raises BackupFailed where it is for other keys, or was altered."""
    try:
        pyrage.decrypt_io(sealed, into, identities)
    except pyrage.DecryptError as fault:
        raise BackupFailed(f"{name} cannot be opened with this private key: {fault}.") from None
    except OSError as fault:
        if fault.errno:
            raise
        raise BackupFailed(f"{name} cannot be opened: it was altered, or is not whole.") from None


def hash_file(path: Path) -> dict[str, Any]:
    """Size and hash of a file as it is now. Raises BackupFailed."""
    try:
        with path.open("rb") as file:
            return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    except OSError as fault:
        raise BackupFailed(f"{path} cannot be read: {fault.strerror}.") from None
