"""The sign-ins and refused attempts that a person can see; what is older than a year is deleted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from axes.models import AccessFailureLog, AccessLog
from django.utils import timezone

from registry.models import User

SHOWN = 50
KEPT = timedelta(days=365)


@dataclass(frozen=True)
class Attempt:
    """A sign-in, or an attempt that was refused. is_new: the first sign-in from this address, after others."""

    at: datetime
    address: str
    refused: bool
    is_new: bool = False


def read_attempts(user: User) -> list[Attempt]:
    """The latest of each kind, latest first."""
    done = AccessLog.objects.filter(username__iexact=user.username).order_by("attempt_time")
    seen: set[str] = set()
    found = []
    for row in done:
        is_new = bool(seen) and row.ip_address not in seen
        seen.add(row.ip_address)
        found.append(Attempt(row.attempt_time, row.ip_address, refused=False, is_new=is_new))
    refused = _refused(user)[:SHOWN]
    failed = [Attempt(row.attempt_time, row.ip_address, refused=True) for row in refused]
    return sorted(chain(found[-SHOWN:], failed), key=lambda attempt: attempt.at, reverse=True)


def sign_in_before(user: User) -> datetime | None:
    """The one before the present."""
    rows = AccessLog.objects.filter(username__iexact=user.username).order_by("-attempt_time")[1:2]
    return rows[0].attempt_time if rows else None


def visit_before(user: User) -> datetime | None:
    """The latest sign-in of an earlier day: who comes back after lunch is still on the same visit."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    earlier = AccessLog.objects.filter(username__iexact=user.username, attempt_time__lt=midnight)
    return earlier.order_by("-attempt_time").values_list("attempt_time", flat=True).first()


def count_refused(user: User, *, since: datetime | None) -> int:
    """How many attempts with the user's name were refused since then; 0 without a then."""
    return _refused(user).filter(attempt_time__gt=since or timezone.now()).count()


def _refused(user: User):
    return AccessFailureLog.objects.filter(username__iexact=user.username).order_by("-attempt_time")


def prune_sign_ins() -> int:
    """Each night: delete what is older than a year; returns how many."""
    limit = timezone.now() - KEPT
    return sum(model.objects.filter(attempt_time__lt=limit).delete()[0] for model in (AccessLog, AccessFailureLog))
