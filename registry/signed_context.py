"""Saying to the database who acts in a transaction, so that it can check it (docs/decisions/0042).

The key is derived from SECRET_KEY. The database holds a form of it that no process's role may read, so that who
can run statements as the clinic's role, and no more, acts as nobody else.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from django.conf import settings

BLOCK = 64  # bytes, of SHA-256


@dataclass(frozen=True)
class Context:
    """Who acts, at which centres, with what rights in the whole country, and on which persons beside these."""

    actor: str = ""
    user: int | None = None
    centres: tuple[int, ...] = ()
    nation: tuple[str, ...] = ()
    persons: tuple[int, ...] = ()

    def opening(self, persons: Iterable[int]) -> "Context":
        """The same with more persons."""
        return replace(self, persons=tuple(sorted({*self.persons, *persons})))

    def sign(self, mark: str) -> str:
        """As `swecar.context` is set, for the transaction with this mark; "" for nobody."""
        if not self.actor:
            return ""
        body = json.dumps(vars(self) | {"mark": mark}, ensure_ascii=False)
        return f"{hmac.new(_derive(settings.SECRET_KEY), body.encode(), hashlib.sha256).hexdigest()} {body}"


@lru_cache(maxsize=4)
def _derive(secret: str) -> bytes:
    return hmac.new(secret.encode(), b"swecar: the context of a transaction", hashlib.sha256).digest()


def pads_of_keys() -> list[tuple[bytes, bytes]]:
    """The keys as HMAC uses them, of SECRET_KEY and its fallbacks: what the database holds."""
    keys = [
        _derive(secret).ljust(BLOCK, b"\0") for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
    return [(bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key)) for key in keys]
