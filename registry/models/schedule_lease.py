"""Which of several schedulers sends the jobs, and when each job was last sent."""

import json
from datetime import datetime

from django.db import connection, models
from django.db.models import Q

# One statement, so that of several one gets the row: the others wait for it and then find it taken.
HOLD = """
INSERT INTO registry_schedulelease AS lease (id, holder, until, sent)
VALUES (1, %(holder)s, clock_timestamp() + %(seconds)s * interval '1 second', '{}')
ON CONFLICT (id) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
WHERE lease.holder = EXCLUDED.holder OR lease.until <= clock_timestamp()
RETURNING sent
"""
NOTE_SENT = """
UPDATE registry_schedulelease SET sent = sent || jsonb_build_object(%(name)s::text, %(at)s::text)
WHERE holder = %(holder)s
"""
GIVE_BACK = "UPDATE registry_schedulelease SET holder = '', until = clock_timestamp() WHERE holder = %(holder)s"


class LeaseQuerySet(models.QuerySet):
    """What a scheduler does with the lease; holder is its own name for itself."""

    def hold(self, holder: str, *, seconds: float) -> dict[str, datetime] | None:
        """Take or renew the lease: when each job was last sent, or None where another holds it."""
        with connection.cursor() as cursor:
            cursor.execute(HOLD, {"holder": holder, "seconds": seconds})
            found = cursor.fetchone()
        return found and {name: datetime.fromisoformat(at) for name, at in json.loads(found[0]).items()}

    def note_sent(self, holder: str, *, name: str, at: datetime) -> bool:
        """Note that the holder sends a job now; False where it is the holder no longer."""
        with connection.cursor() as cursor:
            cursor.execute(NOTE_SENT, {"holder": holder, "name": name, "at": at.isoformat()})
            return bool(cursor.rowcount)

    def give_back(self, holder: str) -> None:
        """Let another take it at once."""
        with connection.cursor() as cursor:
            cursor.execute(GIVE_BACK, {"holder": holder})


class ScheduleLease(models.Model):
    """A single row, or none before the first scheduler. until is by the database's clock."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    holder = models.CharField(max_length=32, blank=True)
    until = models.DateTimeField()
    sent = models.JSONField(default=dict)

    objects = LeaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="schedule_lease_is_one_row", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return f"{self.holder} {self.until}"
