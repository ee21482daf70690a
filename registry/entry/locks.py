"""The lock that keeps single entries and an import apart."""

from django.db import connection

from registry.models.list_guard import ENTRY_LOCK


def lock_entry(*, alone: bool = False) -> None:
    """Keep single entries and an import apart until the commit; an import takes the lock alone.

    Single entries share it, and serialise on the revision row at their first write.
    """
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [ENTRY_LOCK])
