"""The lock that keeps single entries and an import apart."""

from registry.models.list_guard import ENTRY_LOCK
from swecar.postgresql.together import send_later


def lock_entry(*, alone: bool = False) -> None:
    """Keep single entries and an import apart until the commit; an import takes the lock alone.

    Single entries share it, and serialise on the revision row at their first write.
    """
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    asked = send_later(f"SELECT {function}(%s)", [ENTRY_LOCK], is_asked=True)
    if alone:  # held when this returns; the shared one before the next statement
        asked.row  # noqa: B018
