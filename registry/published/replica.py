"""How far a replica is behind the database that it follows."""

from django.conf import settings
from django.db import connection

# A replica that has replayed all it received is level as long as it is connected: on an idle primary the last
# commit is old. What the primary has beyond that is seen with pg_read_all_stats; the view's row is seen by all.
# After a restart nothing may have been replayed, and then the signs of life tell how old the data is.
READ_LAG = """
SELECT CASE
    WHEN NOT pg_is_in_recovery() THEN 0
    WHEN pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() AND EXISTS (
        SELECT FROM pg_stat_wal_receiver
        WHERE pg_last_wal_replay_lsn() >= coalesce(latest_end_lsn, pg_last_wal_replay_lsn())) THEN 0
    ELSE greatest(0, extract(epoch FROM clock_timestamp() - coalesce(
        pg_last_xact_replay_timestamp(), (SELECT max(seen_at) FROM registry_lastseen), '2000-01-01')))
END
"""


def read_lag() -> float:
    """Seconds by which what this process reads may be behind; 0 where it reads no replica."""
    if not settings.READS_REPLICA:
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute(READ_LAG)
        return float(cursor.fetchone()[0])


def is_too_far_behind(lag: float) -> bool:
    """Whether another process should be asked."""
    return lag > settings.REPLICA_LAG_SECONDS
