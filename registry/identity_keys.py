"""The chain of identity keys: each key digests what the one before it has digested."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from functools import lru_cache

from django.conf import settings

DIGEST_BYTES = 32  # of SHA-256


def key_ids() -> list[str]:
    """The ids of the keys in the order of their introduction."""
    return [key_id for key_id, _key in oldest_first()]


def oldest_first() -> list[tuple[str, bytes]]:
    """The keys in the order of their introduction."""
    return list(reversed(settings.IDENTITY_KEYS.items()))


def carry(value: bytes, place: int = 0) -> list[bytes]:
    """The digest of a value under the key at a place of the chain, then that one's under each later key."""
    steps = []
    for _key_id, key in oldest_first()[place:]:
        value = _hmac(key, value)
        steps.append(value)
    return steps


def carry_all(values: Iterable[tuple[bytes, int]]) -> Sequence[list[bytes]]:
    """`carry` for many."""
    return [carry(value, place) for value, place in values]


def _hmac(key: bytes, message: bytes) -> bytes:
    keyed = _keyed(key).copy()
    keyed.update(message)
    return keyed.digest()


@lru_cache
def _keyed(key: bytes) -> hmac.HMAC:
    """The state after the key, which takes longer than a short message."""
    return hmac.new(key, digestmod=hashlib.sha256)
