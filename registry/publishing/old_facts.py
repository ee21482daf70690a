"""Dropping the facts of old snapshots."""

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.errors import LockNotAvailable

from registry.published.facts import FACTS, SCHEMA, name_table

PATIENCE = "500ms"


def list_facts() -> list[int]:
    """The numbers of the snapshots that have a table of facts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [SCHEMA])
        return sorted(int(name.removeprefix(FACTS)) for (name,) in cursor.fetchall())


def prune_facts() -> int:
    """Drop the facts of the snapshots before the current one; return how many tables.

    What somebody reads, as a dump does for as long as it takes, is left for the next time: whoever waits to drop a
    table holds up all who come to read it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT snapshot_id FROM registry_publication")
        current = cursor.fetchone()[0] or 0
        return sum(_drop(cursor, number) for number in list_facts() if number < current)


def _drop(cursor: CursorWrapper, number: int) -> bool:
    try:
        with transaction.atomic():
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            cursor.execute(f"DROP TABLE IF EXISTS {name_table(number)}")
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return False
        raise
    return True
