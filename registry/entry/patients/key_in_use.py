"""The key in use stands in the database, so that no process without it registers a known person again."""

import sys
from contextlib import suppress

from django.db import connection
from django.utils.translation import gettext_noop

from registry.errors import Busy
from registry.identity_keeper import KeeperAway, KeeperSpent
from registry.identity_keys import are_kept, carry, key_ids
from swecar.postgresql.at_start import asking_at_start

NEWEST_KEY = "SELECT newest || ':' || coalesce(encode(mark, 'hex'), '') FROM registry_identitykeyinuse"
# Only if it is still the one that was seen: another process may have a newer one.
INTRODUCE = """
INSERT INTO registry_identitykeyinuse (id, newest, alone, mark) VALUES (1, %(newest)s, false, %(mark)s)
ON CONFLICT (id) DO UPDATE SET newest = excluded.newest, alone = false, since = now(), mark = excluded.mark
WHERE registry_identitykeyinuse.newest = %(seen)s
"""
REMEMBER = "UPDATE registry_identitykeyinuse SET mark = %(mark)s WHERE newest = %(newest)s AND mark IS NULL"
# What the mark is a digest of: no identifier is written like this.
MARKED = b"the key in use"
# The marks that a keeper has made for this process, by the key's id.
_of_keeper: dict[str, str] = {}


class IdentityKeyUnknown(Busy):
    """The database has digests under a key that this process does not have."""

    sentence = gettext_noop(
        "The registry is being given a new key and cannot look up persons just now. Try again in a minute."
    )
    code = "identity_key_unknown"


class IdentityKeyWrong(Busy):
    """The database has digests under a key of which this process has another by the same name."""

    sentence = gettext_noop(
        "The registry does not have the key that its persons are stored under and cannot look them up. Its "
        "administrators have to give it that key."
    )
    code = "identity_key_wrong"


def require_newest_key() -> None:
    """Raise IdentityKeyUnknown or IdentityKeyWrong where persons may be stored under a key that is not here."""
    follow_newest_key(_read())


def follow_newest_key(seen: str | None) -> None:
    """Put this process's newest key in use, where it is newer than the one that was seen in the database.

    seen: what NEWEST_KEY reads. In the same transaction as the first person stored under it, so that a process
    that sees the one sees the other. Raises IdentityKeyUnknown, IdentityKeyWrong.
    """
    keys = key_ids()
    newest, _colon, mark = (seen or "").partition(":")
    if newest and newest not in keys:
        raise IdentityKeyUnknown
    if mark and mark != _mark_of(newest):
        raise IdentityKeyWrong
    if newest != keys[-1] or not mark:
        named: dict[str, str | bytes] = {
            "newest": keys[-1],
            "seen": newest,
            "mark": bytes.fromhex(_mark_of(keys[-1])),
        }
        with connection.cursor() as cursor:
            cursor.execute(INTRODUCE if newest != keys[-1] else REMEMBER, named)


def is_newest_alone() -> bool:
    """Whether every digest has been carried on to the newest key (rekeying.py)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM registry_identitykeyinuse WHERE alone AND newest = %s", [key_ids()[-1]])
        return cursor.fetchone() is not None


def find_fault_of_keys() -> str:
    """A sentence for operators where the keys of this process do not open the stored persons; "" if they do.

    Raises KeeperAway, KeeperSpent.
    """
    newest, _colon, mark = (_read() or "").partition(":")
    place = "The keeper" if are_kept() else "IDENTITY_KEYS"
    if newest and newest not in key_ids():
        return f"The persons in the database are stored under the identity key {newest}, which {place} lacks."
    if mark and mark != _mark_of(newest):
        return (
            f"The persons in the database are stored under another identity key {newest} than that of {place}: "
            "with it every known person would be registered a second time. Give it the one that belongs to the "
            "database (docs/operations.md, Backups)."
        )
    return ""


def check_identity_keys_at_start() -> None:
    """End the process with that sentence. Where the keeper is away, each request asks it."""
    with asking_at_start(), suppress(KeeperAway, KeeperSpent):
        if fault := find_fault_of_keys():
            sys.exit(fault)


def _read() -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_KEY)
        found = cursor.fetchone()
    return found and found[0]


def _mark_of(key: str) -> str:
    """What only this key makes, in hexadecimal digits."""
    if not are_kept():
        return _make_mark(key)
    if key not in _of_keeper:
        _of_keeper[key] = _make_mark(key)
    return _of_keeper[key]


def _make_mark(key: str) -> str:
    return carry(MARKED, key_ids().index(key))[0].hex()
