"""What waits in the database for a day, or a form as it is typed for a week: sealed under keys of SECRET_KEY.

Not from the identity keys: those digest persons' numbers and do nothing else, so that a process that needs none
of them has none (identity_keys.py).
"""

import hmac
import secrets
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.crypto import salted_hmac

NONCE_BYTES, MARK_BYTES = 12, 8


def seal(content: bytes, *, of: str) -> bytes:
    """Encrypt content; of: what it belongs to, as associated data, without which it cannot be opened."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(next(_keys("seal"))).encrypt(nonce, content, of.encode())


def unseal(sealed: bytes, *, of: str) -> bytes | None:
    """Decrypt what `seal` has encrypted, also under an earlier SECRET_KEY; None where no key fits."""
    nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    for key in _keys("seal"):
        try:
            return AESGCM(key).decrypt(nonce, rest, of.encode())
        except InvalidTag:
            continue
    return None


def lookup_tokens(user: int, digest: bytes) -> list[bytes]:
    """The tokens for one user's look-ups of one person; different for every user. digest: of the person's number.

    The first is under the present SECRET_KEY, the others under the earlier ones.
    """
    return [hmac.digest(key, b"%d:" % user + digest, "sha256") for key in _keys("look-up")]


def digest_request(kind: str, request: bytes) -> dict[bytes, bytes]:
    """The digest of a request under each SECRET_KEY, the present one first, by a mark of the key."""
    return {
        _digest(secret, "swecar.mark", b"")[:MARK_BYTES]: _digest(secret, f"swecar.{kind}", request)
        for secret in _secrets()
    }


def _digest(secret: str, salt: str, content: bytes) -> bytes:
    return salted_hmac(salt, content, secret=secret, algorithm="sha256").digest()


def mark_name(name: str) -> str:
    """A mark by which a name that was typed at the sign-in, and may be a number, is known again for a while."""
    return hmac.digest(next(_keys("name")), name.encode(), "sha256").hex()[:32]


def _keys(purpose: str) -> Iterator[bytes]:
    """A key for this purpose alone from each SECRET_KEY, the present one first."""
    for secret in _secrets():
        yield hmac.digest(secret.encode(), f"swecar {purpose}".encode(), "sha256")


def _secrets() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
