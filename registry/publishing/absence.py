"""Telling the administrators what has not been seen for too long, and doing what a night has missed."""

from datetime import timedelta

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from registry.choices import Sign, Task
from registry.models import LastSeen, Run
from registry.models.last_seen import LONGEST_ABSENCE
from registry.publishing.alarm import send_alarm

MISSED_AFTER = timedelta(hours=25)  # a night's job runs each 24 hours; 25 where the clock is set back
NIGHTLY = {Task.VERIFY: Sign.VERIFY, Task.VERIFY_HISTORY: Sign.VERIFY_HISTORY, Task.PRUNE: Sign.PRUNE}

# Of several that notice the same absence, one gets rows: the others wait for its lock and find told_at set.
CLAIM = """
UPDATE registry_lastseen SET told_at = clock_timestamp()
WHERE sign = %(sign)s AND told_at IS NULL AND NOT EXISTS (
    SELECT FROM registry_lastseen WHERE sign = %(sign)s AND seen_at >= %(least)s
)
"""
ABSENT = {
    Sign.BEAT: "The scheduler (beat) has not been seen",
    Sign.WORKER: "No worker has been seen",
    Sign.SWEEP: "The sweep, which publishes what has changed, has not ended without an error",
    Sign.VERIFY: "The nightly recount of the current snapshot has not agreed or has not run",
    Sign.VERIFY_HISTORY: "The nightly proof of history and access log has not agreed or has not run",
    Sign.PRUNE: "The nightly pruning has not run",
}


def tell_absences() -> list[Sign]:
    """Mail what is absent, once for each absence; what was told now. One that cannot be mailed is told anew."""
    told = []
    for sign in LastSeen.objects.read().absent:
        limit = LONGEST_ABSENCE[sign]
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, {"sign": sign, "least": timezone.now() - limit})
            claimed = cursor.rowcount
        if not claimed:
            continue
        text = f"{ABSENT[sign]} for {limit}. docs/operations.md says what to do."
        if send_alarm(f"{sign} is absent", text):
            told.append(sign)
        else:
            LastSeen.objects.filter(sign=sign).update(told_at=None)
    return told


def is_missed(task: Task) -> bool:
    """Whether a nightly job has not been begun for more than a day, though the registry stood."""
    last = Run.objects.filter(task=task).aggregate(at=Max("started_at"))["at"]
    seen = LastSeen.objects.filter(sign=NIGHTLY[task]).aggregate(at=Max("seen_at"))["at"]
    times = [at for at in (last, seen) if at]
    return bool(times) and max(times) < timezone.now() - MISSED_AFTER


def forget_instances() -> None:
    """Delete the signs of workers and schedulers that ended more than a day ago, but for the latest of each."""
    for sign in (Sign.BEAT, Sign.WORKER):
        found = LastSeen.objects.filter(sign=sign).order_by("-seen_at").values_list("pk", flat=True)
        old = LastSeen.objects.filter(sign=sign, seen_at__lt=timezone.now() - timedelta(days=1))
        old.exclude(pk__in=list(found[:1])).delete()
