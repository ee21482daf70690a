"""What a database is for, real records or a demonstration: said by its first record, and kept for ever."""

import sys

from django.conf import settings
from django.core.cache import cache, caches
from django.db import DatabaseError, connection

from registry.choices import Purpose
from registry.errors import WrongPurpose
from swecar.postgresql.at_start import asking_at_start

KEY = "purpose-of-database"


def own_purpose() -> Purpose:
    """What this process is set up for."""
    return Purpose.DEMONSTRATION if settings.DEMONSTRATION else Purpose.REGISTRY


def read_purpose() -> str | None:
    """What the database is for; None if it has never held a record."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM registry_statedpurpose")
        found = cursor.fetchone()
    return found and found[0]


def remembered_purpose() -> str | None:
    """The same without asking again, since what has been said once is never another.

    A process that begins during an outage takes what the others have found.
    """
    known: str | None = caches["responses"].get(KEY)
    if known is None:
        try:
            known = read_purpose()
        except DatabaseError:
            known = cache.get(KEY)
            if known is None:
                raise
        else:
            cache.set(KEY, known, None)
        caches["responses"].set(KEY, known)
    return known


def refuse_other_purpose(stated: str | None) -> None:
    """Raise WrongPurpose if the database is for something else than this process."""
    if stated and stated != own_purpose():
        raise WrongPurpose(Purpose(stated))


def claim_purpose() -> None:
    """Say what the database is for, before its first record does. Raises WrongPurpose."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registry_statedpurpose (id, kind) VALUES (1, %s) ON CONFLICT DO NOTHING", [own_purpose()]
        )
    refuse_other_purpose(read_purpose())


def check_at_start() -> None:
    """End the process with a sentence if the database is for something else."""
    with asking_at_start():
        try:
            refuse_other_purpose(read_purpose())
        except WrongPurpose as wrong:
            sys.exit(wrong.sentence)
