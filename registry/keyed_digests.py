"""A person's identifier and its keyed digest; nothing else of a number is kept.

The digest is HMAC-SHA-256 under a key from the environment. Since the number is not kept, it
cannot be digested again when a key is replaced; instead the new key digests the old digest.
A digest therefore has a key id that says how far along the chain of keys it stands, and a
look-up walks the same chain (DOMAIN.md, "Identity of a patient").
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings

from registry.choices import IdentifierType, Sex

DIGEST_BYTES = 32  # of SHA-256


@dataclass(frozen=True)
class Identifier:
    """A patient's identifier, only on its way to a digest; printing it shows its type alone.

    born_on, birth_year and sex are what the number itself says, None where it says nothing. centre: the code
    of the centre whose own pseudonym it is.
    century_written: 12 digits have it, of 10 it is inferred. unconfirmed: a reserve number in a format that is
    not published, or no longer in use.
    """

    type: IdentifierType
    canonical: str = field(repr=False)
    born_on: date | None = field(default=None, repr=False)
    sex: Sex | None = field(default=None, repr=False)
    birth_year: int | None = field(default=None, repr=False)
    centre: str = field(default="", repr=False)
    century_written: bool = field(default=True, repr=False, compare=False)
    unconfirmed: bool = field(default=False, repr=False, compare=False)

    def digests(self) -> list[tuple[str, bytes]]:
        """(key id, 32 bytes) at every step of the chain, the oldest key first."""
        value = self.canonical.encode()
        steps = []
        for key_id, key in oldest_first():
            value = _hmac(key, value)
            steps.append((key_id, value))
        return steps

    def birth_digest(self) -> bytes | None:
        """The digest of the date of birth under the current key, at the end of a chain like the number's."""
        return _carry_on(b"birth-date:%s" % self.born_on.isoformat().encode()) if self.born_on else None


@dataclass(frozen=True)
class SealedIdentifier:
    """An identifier of which only the digests are kept, as an unfinished row keeps it: enough to know its
    person again, and nothing to read.
    """

    type: IdentifierType
    chain: bytes = field(repr=False)  # the digests end to end, the oldest key's first
    birth_year: int | None = field(default=None, repr=False)
    centre: str = ""
    born: bytes | None = field(default=None, repr=False)  # Identifier.birth_digest, of when the chain was made
    born_on: None = None
    sex: None = None
    century_written: bool = True
    unconfirmed: bool = False

    def digests(self) -> list[tuple[str, bytes]]:
        """(key id, digest) along the chain, and on through the keys that have come since."""
        steps: list[tuple[str, bytes]] = []
        for place, (key_id, key) in enumerate(oldest_first()):
            kept = self.chain[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
            steps.append((key_id, kept or _hmac(key, steps[-1][1])))
        return steps

    def birth_digest(self) -> bytes | None:
        """As Identifier.birth_digest, on through the keys that have come since."""
        return _carry_on(self.born, len(self.chain) // DIGEST_BYTES) if self.born else None


def oldest_first() -> list[tuple[str, bytes]]:
    """The keys in the order in which they were taken into use."""
    return list(reversed(settings.IDENTITY_KEYS.items()))


def carry_birth_digest(key_id: str, digest: bytes) -> bytes | None:
    """A stored digest of a date of birth as the current key has it; None where its own key is gone."""
    names = [name for name, _key in oldest_first()]
    return _carry_on(digest, names.index(key_id) + 1) if key_id in names else None


def refusal_token(key_id: str, digest: bytes) -> bytes:
    """What stays of a person who refuses registration: enough to know them again, no more."""
    return _hmac(settings.IDENTITY_KEYS[key_id], b"do-not-register:" + digest)


def lookup_token(user: int, digest: bytes) -> bytes:
    """What tells one user's look-ups of one person apart from those of others; nobody else's has it."""
    key = next(iter(settings.IDENTITY_KEYS.values()))
    return _hmac(key, b"look-up:%d:" % user + digest)


def seal_mark(text: str) -> bytes:
    """A keyed digest that tells one thing from another and cannot be read; the oldest key stays longest."""
    return _hmac(oldest_first()[0][1], b"mark:" + text.encode())


def _carry_on(value: bytes, place: int = 0) -> bytes:
    """The value digested with each key from a place on, the oldest first."""
    for _key_id, key in oldest_first()[place:]:
        value = _hmac(key, value)
    return value


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)
