"""The key in use stands in the database, so that no process without it registers a known person again."""

from django.db import connection
from django.utils.translation import gettext_noop

from registry.errors import Busy
from registry.identity_keys import key_ids

NEWEST_KEY = "SELECT newest FROM registry_identitykeyinuse"
# Only if it is still the one that was seen: another process may have a newer one.
INTRODUCE = """
INSERT INTO registry_identitykeyinuse (id, newest, alone) VALUES (1, %(newest)s, false)
ON CONFLICT (id) DO UPDATE SET newest = excluded.newest, alone = false, since = now()
WHERE registry_identitykeyinuse.newest = %(seen)s
"""


class IdentityKeyUnknown(Busy):
    """The database has digests under a key that this process does not have."""

    sentence = gettext_noop(
        "The registry is being given a new key and cannot look up persons just now. Try again in a minute."
    )
    code = "identity_key_unknown"


def require_newest_key() -> None:
    """Raise IdentityKeyUnknown where persons may be stored under a key that this process does not have."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_KEY)
        found = cursor.fetchone()
    follow_newest_key(found[0] if found else None)


def follow_newest_key(seen: str | None) -> None:
    """Put this process's newest key in use, where it is newer than the one that was seen in the database.

    In the same transaction as the first person stored under it, so that a process that sees the one sees the
    other. Raises IdentityKeyUnknown.
    """
    keys = key_ids()
    if seen is not None and seen not in keys:
        raise IdentityKeyUnknown
    if seen != keys[-1]:
        with connection.cursor() as cursor:
            cursor.execute(INTRODUCE, {"newest": keys[-1], "seen": seen or ""})


def is_newest_alone() -> bool:
    """Whether every digest has been carried on to the newest key (rekeying.py)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM registry_identitykeyinuse WHERE alone AND newest = %s", [key_ids()[-1]])
        return cursor.fetchone() is not None
