"""The lock that keeps single entries and an import apart."""

from django.db import connection

from registry.models.list_guard import ENTRY_LOCK


def lock_entry(*, alone: bool = False) -> None:
    """Keep single entries and an import apart. Held until the commit.

    Single entries wait for each other too, but only from their first write on, at the revision.
    """
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [ENTRY_LOCK])
