"""When each part of the service was last seen at work, so that its absence can be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, models
from django.db.models import Count, Max, Q
from django.utils import timezone

from registry.choices import Sign

NIGHTLY = timedelta(hours=26)
LONGEST_ABSENCE = {
    Sign.BEAT: timedelta(minutes=5),
    Sign.WORKER: timedelta(minutes=5),
    Sign.SWEEP: timedelta(minutes=5),
    Sign.VERIFY: NIGHTLY,
    Sign.VERIFY_HISTORY: NIGHTLY,
    Sign.PRUNE: NIGHTLY,
}
ALIVE = timedelta(seconds=90)  # a worker and the scheduler show themselves at least each minute

# The clock and not the transaction's start: a long job is seen when it ends.
SEE = """
INSERT INTO registry_lastseen (sign, instance, seen_at) VALUES (%s, %s, clock_timestamp())
ON CONFLICT (sign, instance) DO UPDATE SET seen_at = clock_timestamp(), told_at = NULL
"""


@dataclass(frozen=True)
class Signs:
    """The latest time of each sign, how many instances are alive, and which signs are absent."""

    latest: Mapping[str, datetime]
    alive: Mapping[str, int]
    absent: tuple[Sign, ...]

    @property
    def alarm_failed(self) -> bool:
        """Whether the last alarm could not be sent."""
        failed, sent = self.latest.get(Sign.ALARM_FAILED), self.latest.get(Sign.ALARM_SENT)
        return bool(failed and (sent is None or sent < failed))

    @property
    def are_well(self) -> bool:
        """Whether nothing is absent, and the last alarm could be sent."""
        return not self.absent and not self.alarm_failed


class LastSeenQuerySet(models.QuerySet):
    """What monitoring needs of them."""

    def see(self, sign: Sign, *, instance: str = "") -> None:
        """Note that it was seen now."""
        with connection.cursor() as cursor:
            cursor.execute(SEE, [sign, instance])

    def read(self) -> Signs:
        """All signs at once."""
        now = timezone.now()
        alive = Count("pk", Q(seen_at__gt=now - ALIVE))
        found = self.order_by().values("sign").annotate(latest=Max("seen_at"), alive=alive)
        rows = {row["sign"]: row for row in found}
        latest = {sign: row["latest"] for sign, row in rows.items()}
        absent = [
            sign for sign, limit in LONGEST_ABSENCE.items() if sign not in latest or latest[sign] < now - limit
        ]
        return Signs(latest, {sign: row["alive"] for sign, row in rows.items()}, tuple(absent))


class LastSeen(models.Model):
    """A part of the service, and when it was last seen; told_at: when its absence was told."""

    sign = models.CharField(max_length=20, choices=Sign.choices)
    instance = models.CharField(max_length=255, blank=True)
    seen_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    objects = LastSeenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sign", "instance"], name="last_seen_once_an_instance"),
            models.CheckConstraint(name="last_seen_sign_is_known", condition=Q(sign__in=Sign.values)),
        ]

    def __str__(self) -> str:
        return f"{self.sign} {self.instance}"
