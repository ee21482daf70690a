"""Encrypting what waits in the database, with a key from the environment.

The key is derived from the current key of IDENTITY_KEYS; content sealed under earlier keys can still be opened.
"""

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12


def seal(content: bytes, *, of: str) -> bytes:
    """Encrypt content; of: what it belongs to, as associated data, without which it cannot be opened."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher(next(iter(settings.IDENTITY_KEYS.values()))).encrypt(nonce, content, of.encode())


def unseal(sealed: bytes, *, of: str) -> bytes | None:
    """Decrypt what `seal` has encrypted; None where no key fits."""
    nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    for key in settings.IDENTITY_KEYS.values():
        try:
            return _cipher(key).decrypt(nonce, rest, of.encode())
        except InvalidTag:
            continue
    return None


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key, b"seal", "sha256"))
