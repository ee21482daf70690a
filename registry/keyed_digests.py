"""A person's identifier and its keyed digest, which is all that is stored of a number.

The digest is HMAC-SHA-256 under a key from the environment. Since the number is not stored, it cannot be digested
again when a key is replaced; instead the new key digests the old digest. The key id of a digest says how far along
the chain of keys it is, and a look-up computes the same chain (DOMAIN.md, "Identity of a patient").
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from django.conf import settings

from registry.choices import IdentifierType, Sex

DIGEST_BYTES = 32  # of SHA-256


@dataclass(frozen=True)
class Identifier:
    """A patient's identifier before it is digested; its repr shows only the type.

    born_on, birth_year and sex are what the number itself gives, None if nothing. centre: the centre's code, for a
    centre's pseudonym. century_written: true of 12 digits, inferred for 10. unconfirmed: a reserve number in a
    format that is not published, or no longer in use.
    """

    type: IdentifierType
    canonical: str = field(repr=False)
    born_on: date | None = field(default=None, repr=False)
    sex: Sex | None = field(default=None, repr=False)
    birth_year: int | None = field(default=None, repr=False)
    centre: str = field(default="", repr=False)
    century_written: bool = field(default=True, repr=False, compare=False)
    unconfirmed: bool = field(default=False, repr=False, compare=False)

    @property
    def issuer(self) -> str:
        """The key of the issuer of a reserve number."""
        return self.canonical.split(":")[1]

    def digests(self) -> list[tuple[str, bytes]]:
        """(key id, 32 bytes) for each key of the chain, oldest first."""
        value = self.canonical.encode()
        steps = []
        for key_id, key in oldest_first():
            value = _hmac(key, value)
            steps.append((key_id, value))
        return steps

    def birth_digest(self) -> bytes | None:
        """The digest of the date of birth under the current key, through a chain like the number's."""
        return _carry_on(b"birth-date:%s" % self.born_on.isoformat().encode()) if self.born_on else None


@dataclass(frozen=True)
class SealedIdentifier:
    """An identifier of a stored unfinished row, of which only digests are left: enough to find its person."""

    type: IdentifierType
    chain: bytes = field(repr=False)  # the concatenated digests, oldest key first
    birth_year: int | None = field(default=None, repr=False)
    centre: str = ""
    born: bytes | None = field(default=None, repr=False)  # Identifier.birth_digest as of when the chain was made
    born_on: None = None
    sex: None = None
    century_written: bool = True
    unconfirmed: bool = False

    @classmethod
    def of_row(
        cls,
        type_: str,
        *,
        chain: bytes | memoryview,
        birth_year: int | None,
        birth_digest: bytes | memoryview | None,
        centre: str,
    ) -> "SealedIdentifier":
        """The identifier of a row as stored; centre: the row's, which counts for a pseudonym alone."""
        known = IdentifierType(type_)
        born = bytes(birth_digest) if birth_digest else None
        return cls(known, bytes(chain), birth_year, centre if known == IdentifierType.LOCAL else "", born)

    def digests(self) -> list[tuple[str, bytes]]:
        """(key id, digest) for each key of the chain, continued through newer keys."""
        steps: list[tuple[str, bytes]] = []
        for place, (key_id, key) in enumerate(oldest_first()):
            stored = self.chain[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
            steps.append((key_id, stored or _hmac(key, steps[-1][1])))
        return steps

    def birth_digest(self) -> bytes | None:
        """As Identifier.birth_digest, continued through newer keys."""
        return _carry_on(self.born, len(self.chain) // DIGEST_BYTES) if self.born else None


def chain_of(digests: Iterable[tuple[str, bytes]]) -> bytes:
    """The concatenated digests of an identifier (see `digests`), oldest key first."""
    return b"".join(digest for _key_id, digest in digests)


def key_ids() -> list[str]:
    """The ids of the keys in the order of their introduction."""
    return [key_id for key_id, _key in oldest_first()]


def oldest_first() -> list[tuple[str, bytes]]:
    """The keys in the order of their introduction."""
    return list(reversed(settings.IDENTITY_KEYS.items()))


def carry_birth_digest(key_id: str, digest: bytes) -> bytes | None:
    """A stored digest of a date of birth, carried on to the current key; None where its key is gone."""
    names = key_ids()
    return _carry_on(digest, names.index(key_id) + 1) if key_id in names else None


def refusal_token(key_id: str, digest: bytes) -> bytes:
    """The token stored of a person who refuses registration, by which a new registration is recognised."""
    return _hmac(settings.IDENTITY_KEYS[key_id], b"do-not-register:" + digest)


def lookup_token(user: int, digest: bytes) -> bytes:
    """A token for one user's look-ups of one person; different for every user."""
    key = next(iter(settings.IDENTITY_KEYS.values()))
    return _hmac(key, b"look-up:%d:" % user + digest)


def seal_mark(text: str) -> bytes:
    """A keyed digest for comparing texts without storing them, under the oldest key, which is kept longest."""
    return _hmac(oldest_first()[0][1], b"mark:" + text.encode())


def _carry_on(value: bytes, place: int = 0) -> bytes:
    """The value digested with each key from an index on, oldest first."""
    for _key_id, key in oldest_first()[place:]:
        value = _hmac(key, value)
    return value


def _hmac(key: bytes, message: bytes) -> bytes:
    keyed = _keyed(key).copy()
    keyed.update(message)
    return keyed.digest()


@lru_cache
def _keyed(key: bytes) -> hmac.HMAC:
    """The state after the key, which takes longer than a short message."""
    return hmac.new(key, digestmod=hashlib.sha256)
