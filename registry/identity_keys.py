"""The chain of identity keys: of this process, or of the keeper, where another process has them."""

from collections.abc import Iterable

from django.conf import settings

from registry.identity_keeper import ask_keeper, keys_of_keeper
from swecar.keeper.chain import DIGEST_BYTES, steps

__all__ = ["DIGEST_BYTES", "are_kept", "carry", "carry_all", "key_ids"]


def are_kept() -> bool:
    """Whether a keeper has the keys, so that each question costs a way there and back."""
    return settings.IDENTITY_KEEPER is not None


def key_ids() -> list[str]:
    """The ids of the keys in the order of their introduction. Raises KeeperAway."""
    return keys_of_keeper() if are_kept() else list(reversed(settings.IDENTITY_KEYS))


def carry(value: bytes, place: int = 0) -> list[bytes]:
    """The digest of a value under the key at a place of the chain, then that one's under each later key.

    Raises KeeperAway, KeeperSpent.
    """
    if are_kept():
        return carry_all([(value, place)])[0]
    return steps(settings.IDENTITY_KEYS, value, place)


def carry_all(values: Iterable[tuple[bytes, int]]) -> list[list[bytes]]:
    """`carry` for many, which of a keeper are asked together."""
    if not are_kept():
        return [steps(settings.IDENTITY_KEYS, value, place) for value, place in values]
    wanted = list(values)
    last = len(key_ids())
    found = ask_keeper(dict.fromkeys((value, place) for value, place in wanted if place < last))
    return [found[value, place] if place < last else [] for value, place in wanted]
