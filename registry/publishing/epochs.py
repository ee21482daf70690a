"""Numbers of snapshots are never given twice, also where the database has lost the latest of them.

A database that was restored, or a replica that took its place, has forgotten the snapshots that were made after
what it holds; readers have not. It is known by where it runs: another cluster, another database in it, or another
timeline of the cluster's log. Then the numbers go on from the next million, which begins an epoch.
"""

from django.db import connection

EPOCH = 1_000_000
LINEAGE = """
SELECT system_identifier || '/' || oid || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
FROM pg_control_system(), pg_database WHERE datname = current_database()
"""


def read_lineage() -> str:
    """Where the database runs."""
    with connection.cursor() as cursor:
        cursor.execute(LINEAGE)
        lineage: str = cursor.fetchone()[0]
    return lineage


def next_number(last: int, *, made_in: str, lineage: str) -> int:
    """The number of the snapshot after this one. made_in: the lineage that it was made in; "" if not noted."""
    if made_in in {"", lineage}:
        return last + 1
    return (last // EPOCH + 1) * EPOCH
