"""The hourly budget of look-ups by number of persons unknown to the user's centres
(docs/decisions/0016-look-ups-have-a-budget.md).

A user's look-ups of the same person count once an hour, whether in the form while typing, through the API or in
a file.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from math import ceil
from typing import NamedTuple, TypeGuard

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from registry.access import NATIONWIDE, Actor, Permission, centres_where, require
from registry.models import Lookup, User
from registry.sealing import lookup_tokens
from swecar.postgresql.together import send_later

LOOKUP_LOCK = 7205  # with the user's key, until the commit: two requests cannot both take the last look-up
HOUR = timedelta(hours=1)
KEPT = timedelta(days=1)
MOST_ASKERS = 50

# Stored in English in the access log, translated when shown.
REFUSED = gettext_noop("refused: too many look-ups")
FROM_FILE = gettext_noop("from a file")

MOST_IN_AN_HOUR = """
SELECT user_id, by_import, max(counted)
FROM (
    SELECT user_id, by_import, count(*) OVER (
        PARTITION BY user_id, by_import ORDER BY at RANGE BETWEEN interval '1 hour' PRECEDING AND CURRENT ROW
    ) AS counted
    FROM registry_lookup WHERE at > %s AND NOT refused
) AS within
GROUP BY user_id, by_import
"""
COUNTED = """
SELECT at, by_import, token FROM registry_lookup
WHERE user_id = %s AND NOT refused AND (at > %s OR token IS NOT NULL) ORDER BY at
"""
COUNT = """
INSERT INTO registry_lookup (user_id, at, by_import, refused, token)
SELECT %s, %s, %s, false, unnest(%s::bytea[])
"""


class Counted(NamedTuple):
    """A look-up of the last hour."""

    at: datetime
    by_import: bool
    token: bytes | None


def has_budget(by: Actor, permission: Permission) -> TypeGuard[User]:
    """Whether an actor's look-ups are counted: not for actors who may see every person."""
    return isinstance(by, User) and centres_where(by, permission) is not NATIONWIDE


def charge(*, by: User, persons: Collection[bytes], by_import: bool = False) -> int:
    """Count look-ups of persons unknown to the user's centres; persons: the newest digest of each.

    Returns 0, or the seconds after which the budget has room for all of them, if nobody else is looked up; then
    none is counted.
    """
    now = timezone.now()
    send_later("SELECT pg_advisory_xact_lock(%s, %s)", [LOOKUP_LOCK, by.pk])
    asked = send_later(COUNTED, [by.pk, now - HOUR], is_asked=True)
    tokens, renewed = set[bytes](), dict[bytes, bytes]()  # those of an earlier SECRET_KEY are of the same persons
    for person in persons:
        token, *earlier = lookup_tokens(by.pk, person)
        tokens.add(token)
        renewed |= dict.fromkeys(earlier, token)
    found = [Counted(at, file, token and renewed.get(bytes(token), token)) for at, file, token in asked.rows]
    recent = [lookup for lookup in found if lookup.at > now - HOUR]
    if len(recent) < len(found):
        _forget_tokens(now, user=by)
    new = tokens - {bytes(lookup.token) for lookup in recent if lookup.token}
    limit = settings.LOOKUPS_PER_HOUR_IMPORT if by_import else settings.LOOKUPS_PER_HOUR
    room = limit - sum(lookup.by_import == by_import for lookup in recent)
    if new and len(new) > room:
        Lookup.objects.create(user=by, at=now, by_import=by_import, refused=True)
        return _seconds_until_room(tokens, recent, room - len(new), by_import=by_import, now=now)
    send_later(COUNT, [by.pk, now, by_import, list(new)])
    return 0


def _seconds_until_room(
    tokens: Collection[bytes], recent: Iterable[Counted], room: int, *, by_import: bool, now: datetime
) -> int:
    """Seconds after which all these persons have room, then and later.

    room: negative, what is missing now. recent: the counted look-ups, oldest first; each frees its place an hour
    later, and its person has to be counted again.
    """
    frees = now
    for lookup in recent:
        if room < 0:
            frees = lookup.at + HOUR
        room += lookup.by_import == by_import
        room -= lookup.token is not None and bytes(lookup.token) in tokens
    if room < 0:  # more than the limit itself: they never have room at once
        frees = now + HOUR
    return max(1, ceil((frees - now).total_seconds()))


@dataclass(frozen=True)
class Asker:
    """A user's look-ups of persons unknown to their centres."""

    username: str
    centres: str
    most: int  # by number, the most within an hour of the last day
    hour: int  # in the last hour
    day: int
    in_files: int  # new persons of files, in the last day
    refused: int  # refused as over budget, in the last day
    near: bool  # half of a budget was spent within some hour of the last day, or a look-up was refused


def read_askers(*, by: Actor, near: bool = False) -> list[Asker]:
    """Users who have looked up persons unknown to their centres within a day, most look-ups first.

    near: only users who came near a budget. Raises NotPermitted.
    """
    require(by, Permission.MERGE_PATIENTS)
    now = timezone.now()
    most = _most_in_an_hour(now)
    recent, single = Q(lookups__at__gt=now - KEPT), Q(lookups__refused=False, lookups__by_import=False)
    counted = (
        User.objects.filter(recent)
        .annotate(
            hour=Count("lookups", single & Q(lookups__at__gt=now - HOUR)),
            day=Count("lookups", single),
            in_files=Count("lookups", Q(lookups__refused=False, lookups__by_import=True)),
            refused=Count("lookups", Q(lookups__refused=True)),
        )
        .order_by("-refused", "-hour", "-day", "-in_files", "username")
        .prefetch_related("memberships__centre")
    )
    askers = (
        Asker(
            username=user.username,
            centres=", ".join(sorted(membership.centre.code for membership in user.memberships.all())),
            most=most.get((user.pk, False), 0),
            hour=user.hour,
            day=user.day,
            in_files=user.in_files,
            refused=user.refused,
            near=user.refused > 0
            or 2 * most.get((user.pk, False), 0) >= settings.LOOKUPS_PER_HOUR
            or 2 * most.get((user.pk, True), 0) >= settings.LOOKUPS_PER_HOUR_IMPORT,
        )
        for user in counted
    )
    return list(islice((asker for asker in askers if asker.near or not near), MOST_ASKERS))


def count_lookups() -> dict[str, int]:
    """The number of look-ups within a day, of all users together."""
    recent, allowed = Lookup.objects.filter(at__gt=timezone.now() - KEPT), Q(refused=False)
    return recent.order_by().aggregate(
        by_number=Count("pk", allowed & Q(by_import=False)),
        in_files=Count("pk", allowed & Q(by_import=True)),
        refused=Count("pk", Q(refused=True)),
    )


def _most_in_an_hour(now: datetime) -> dict[tuple[int, bool], int]:
    """{(user key, by import): the most look-ups counted within an hour of the last day}."""
    with connection.cursor() as cursor:
        cursor.execute(MOST_IN_AN_HOUR, [now - KEPT])
        return {(user, by_import): most for user, by_import, most in cursor.fetchall()}


def forget_lookups() -> None:
    """Each minute: delete the person tokens of look-ups older than an hour, and look-ups older than a day."""
    now = timezone.now()
    _forget_tokens(now)
    Lookup.objects.filter(at__lte=now - KEPT).delete()


def _forget_tokens(now: datetime, **of: User) -> None:
    Lookup.objects.filter(at__lte=now - HOUR, token__isnull=False, **of).update(token=None)
