"""The chain of identity keys: each key digests what the one before it has digested."""

import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache

DIGEST_BYTES = 32  # of SHA-256


def steps(keys: Mapping[str, bytes], value: bytes, place: int) -> list[bytes]:
    """The digest of a value under the key at a place of the chain, then that one's under each later key.

    keys: the newest first, as in IDENTITY_KEYS; places count from the oldest.
    """
    found = []
    for key in list(keys.values())[::-1][place:]:
        value = _hmac(key, value)
        found.append(value)
    return found


def _hmac(key: bytes, message: bytes) -> bytes:
    keyed = _keyed(key).copy()
    keyed.update(message)
    return keyed.digest()


@lru_cache
def _keyed(key: bytes) -> hmac.HMAC:
    """The state after the key, which takes longer than a short message."""
    return hmac.new(key, digestmod=hashlib.sha256)
