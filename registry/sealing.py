"""What has to wait in the database, and nobody may read there: sealed under a key of the environment.

The key is derived from the current of IDENTITY_KEYS; what was sealed before a key was added is still opened.
"""

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12


def seal(content: bytes, *, of: str) -> bytes:
    """The content, readable with the keys of the environment alone; of: what it belongs to, and nothing else."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher(next(iter(settings.IDENTITY_KEYS.values()))).encrypt(nonce, content, of.encode())


def unseal(sealed: bytes, *, of: str) -> bytes | None:
    """The reverse of seal; None where no key fits."""
    nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    for key in settings.IDENTITY_KEYS.values():
        try:
            return _cipher(key).decrypt(nonce, rest, of.encode())
        except InvalidTag:
            continue
    return None


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key, b"seal", "sha256"))
