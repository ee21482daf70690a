"""The chain of identity keys: each key digests what the one before it has digested."""

import hashlib
import hmac
from functools import lru_cache
from itertools import islice

DIGEST_BYTES = 32  # of SHA-256


def steps(keys: dict[str, bytes], value: bytes, place: int) -> list[bytes]:
    """The digest of a value under the key at a place of the chain, then that one's under each later key.

    keys: the newest first, as in IDENTITY_KEYS; places count from the oldest.
    """
    found = []
    for key in islice(reversed(keys.values()), place, None):
        keyed = _keyed(key).copy()
        keyed.update(value)
        value = keyed.digest()
        found.append(value)
    return found


@lru_cache
def _keyed(key: bytes) -> hmac.HMAC:
    """The state after the key, which takes longer than a short message."""
    return hmac.new(key, digestmod=hashlib.sha256)
