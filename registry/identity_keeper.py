"""Asking the keeper, the process that has the identity keys (swecar/keeper)."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

from registry.errors import Busy
from swecar.counts import count
from swecar.keeper.chain import DIGEST_BYTES
from swecar.keeper.messages import MOST_VALUES, NotProved, ask

PATIENCE = 5  # seconds
_known: list[str] = []  # the ids of the keeper's keys, once it has been asked


class KeeperAway(Busy):
    """The keeper does not answer, or has other keys than a moment ago."""

    sentence = gettext_noop(
        "Persons cannot be looked up just now: nothing was stored. Try again in a minute, or tell whoever runs "
        "the registry."
    )
    code = "identity_keeper_away"


class KeeperSpent(Busy):
    """The keeper has digested as much as an hour allows."""

    sentence = gettext_noop(
        "More persons have been looked up within an hour than the registry allows: nothing was stored. Try again "
        "later, or tell whoever runs the registry."
    )
    code = "identity_keeper_limit"

    def __init__(self, seconds: int):
        super().__init__()
        self.seconds = seconds


def keys_of_keeper() -> list[str]:
    """The ids of the keeper's keys, the oldest first. Raises KeeperAway."""
    if not _known:
        _known[:] = _ask([])["keys"]
    return list(_known)


def ask_keeper(values: Collection[tuple[bytes, int]]) -> dict[tuple[bytes, int], list[bytes]]:
    """What the keeper digests, by value and place (identity_keys.carry). Raises KeeperAway, KeeperSpent."""
    found = {}
    for some in _batched(values):
        told = _ask([[value.hex(), place] for value, place in some])
        if told["keys"] != keys_of_keeper():
            _known[:] = told["keys"]
            raise KeeperAway
        if "wait" in told:
            count("refusals", "keeper", KeeperSpent.code)
            raise KeeperSpent(told["wait"])
        for asked, chain in zip(some, told["steps"], strict=True):
            digests = bytes.fromhex(chain)
            starts = range(0, len(digests), DIGEST_BYTES)
            found[asked] = [digests[start : start + DIGEST_BYTES] for start in starts]
    return found


def is_keeper_up() -> bool:
    """Whether the keeper answers."""
    try:
        return bool(_ask([])["keys"])
    except KeeperAway:
        return False


def _batched(values: Collection[tuple[bytes, int]]) -> list[list[tuple[bytes, int]]]:
    wanted = list(values)
    return [wanted[start : start + MOST_VALUES] for start in range(0, len(wanted), MOST_VALUES)]


def _ask(values: list[list[Any]]) -> dict[str, Any]:
    if settings.IDENTITY_KEEPER is None:
        raise KeeperAway
    try:
        return ask(settings.IDENTITY_KEEPER, settings.KEEPER_SECRET, {"values": values}, seconds=PATIENCE)
    except (OSError, NotProved, ValueError):
        raise KeeperAway from None
