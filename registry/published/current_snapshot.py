"""Which snapshot is current, known to every process without asking the database each time.

It is kept in the cache, so that a response that has not changed costs no SQL; the key lives for some
seconds only, so that a missed announcement cannot hide a snapshot. A process that reads a replica asks that
alone: what is announced may not have come there yet.

While nobody can be asked, the last one that was known is current, for as long as that lasts (`unsure_since`).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from django.conf import settings
from django.core.cache import cache, caches
from django.db import DatabaseError, OperationalError, connection
from psycopg.errors import LockNotAvailable, QueryCanceled
from psycopg_pool import PoolTimeout

from registry.errors import FactsNotKept, NotPublished
from registry.models.publication import Publication
from registry.models.snapshot import Snapshot
from swecar.postgresql.outages import Outage, outage_of
from swecar.postgresql.pool import watch
from swecar.postgresql.watch import DatabaseAway

T = TypeVar("T")
CURRENT_KEY = "current-snapshot"
CURRENT_SECONDS = 20  # after which a process asks the database, should an announcement be lost
WAITED_FOR = (PoolTimeout, LockNotAvailable, QueryCanceled, DatabaseAway)  # would be waited for once more
MOST_BROKEN_OFF = 3  # reads of a replica, while it replays what stands in their way
MOST_REPLACED = 20  # snapshots that may come between one query and its facts
REMEMBERED_SECONDS = 0.1  # during which a busy process does not even ask the cache
LAST_KEY = "last-snapshot"  # without an end, for an outage
UNSURE_KEY = "unsure-since"
UNSURE_SECONDS = 2  # during which a process does not ask again that has waited for a lock in vain


@dataclass(frozen=True)
class Current:
    """The part of a snapshot that every response carries; as JSON but for `as_of`."""

    number: int
    hash: str
    built_at: str | None
    data_through: str | None
    disclosure: str

    def describe(self, as_of: date | None = None) -> dict:
        """The `snapshot` part of a response."""
        return asdict(self) | {"as_of": as_of and as_of.isoformat()}


def describe_snapshot(snapshot: Snapshot) -> Current:
    """A stored snapshot's part of a response."""
    return Current(
        number=snapshot.number,
        hash=snapshot.hash,
        built_at=print_instant(snapshot.built_at),
        data_through=snapshot.written_through,
        disclosure=snapshot.disclosure,
    )


def announce_current(snapshot: Snapshot) -> None:
    """Tell all web processes of a new snapshot; where the cache is down they find it by themselves."""
    current = describe_snapshot(snapshot)
    _remember(current)
    cache.set(CURRENT_KEY, asdict(current), CURRENT_SECONDS)
    cache.set(LAST_KEY, asdict(current), None)


def read_current() -> Current:
    """The current snapshot, by the cache or, where that does not know, by one query.

    Raises NotPublished.
    """
    remembered = caches["responses"].get(CURRENT_KEY)
    if remembered:
        return remembered
    known = None if settings.READS_REPLICA else cache.get(CURRENT_KEY)
    if known:
        return _remember(Current(**known))
    last: Current | None = caches["responses"].get(LAST_KEY)
    if last and unsure_since():
        caches["responses"].set(CURRENT_KEY, last, UNSURE_SECONDS)  # one asks, and the others do not wait for it
    try:
        return _ask_database(last)
    except DatabaseError as error:
        last = last or _recall()
        outage = outage_of(error)
        if outage is None or last is None:
            raise
        kept = caches["responses"]
        kept.add(UNSURE_KEY, datetime.now(UTC), None)
        kept.set(LAST_KEY, last, None)
        kept.set(CURRENT_KEY, last, UNSURE_SECONDS if outage == Outage.BUSY else REMEMBERED_SECONDS)
        return last


def unsure_since() -> datetime | None:
    """Since when this process cannot ask which snapshot is current; None if it can."""
    found: datetime | None = watch.since or caches["responses"].get(UNSURE_KEY)
    return found


def _ask_database(last: Current | None) -> Current:
    heads = Snapshot.objects.defer("map_document", "code_lists", "blocks", "atmp")
    snapshot = heads.filter(pk__in=Publication.objects.values("snapshot")).first()
    if snapshot is None:
        raise NotPublished
    current = describe_snapshot(snapshot)
    if not settings.READS_REPLICA:
        # add, not set: a slow reader must not overwrite a newer announcement.
        cache.add(CURRENT_KEY, asdict(current), CURRENT_SECONDS)
        if current != last:
            cache.set(LAST_KEY, asdict(current), None)
    return _remember(current)


def _recall() -> Current | None:
    """What another process has known, for one that has only just begun."""
    kept = None if settings.READS_REPLICA else cache.get(LAST_KEY)
    return Current(**kept) if kept else None


def read_hash() -> str | None:
    """The current snapshot's hash, None before the first one."""
    try:
        return read_current().hash
    except NotPublished:
        return None


def read_sure_hash() -> str | None:
    """The same, None as well while nobody can be asked: what is sent meanwhile is marked."""
    found = read_hash()
    return None if unsure_since() else found


def forget_current() -> None:
    """Ask the database anew: what this process and the cache know has been overtaken."""
    caches["responses"].delete(CURRENT_KEY)
    if not settings.READS_REPLICA:
        cache.delete(CURRENT_KEY)


def retry_if_replaced(read: Callable[[], T]) -> T:
    """What read gives; it reads once more as often as a newer snapshot came between its query and the facts.

    A replica that drops facts, as its primary has, breaks off the statement or the connection that reads them; one
    that catches up does so again and again.
    """
    broken_off = 0
    for _turn in range(MOST_REPLACED):
        try:
            seen = read_hash()
            return read()
        except FactsNotKept:
            forget_current()
            if read_hash() == seen:
                break
        except OperationalError as error:
            if isinstance(error.__cause__, WAITED_FOR):
                raise
            connection.close_if_unusable_or_obsolete()
            forget_current()
            broken_off += 1
            if broken_off == MOST_BROKEN_OFF:
                break
    return read()


def _remember(current: Current) -> Current:
    kept = caches["responses"]
    kept.set(CURRENT_KEY, current, REMEMBERED_SECONDS)
    kept.set(LAST_KEY, current, None)
    kept.delete(UNSURE_KEY)
    return current


def print_instant(moment: datetime | None) -> str | None:
    """A moment as responses spell it, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
