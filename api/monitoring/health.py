"""Whether a process lives, whether it can serve, and whether the whole service is well."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from redis.exceptions import RedisError

import registry.migrations
from registry.access import is_key_known
from registry.errors import Busy, NotPublished
from registry.identity_keeper import is_keeper_up
from registry.models import LastSeen
from registry.models.publication import Publication
from registry.published.current_snapshot import read_current, unsure_since
from registry.published.replica import is_too_far_behind, read_lag
from swecar.http.monitoring_token import holds_monitoring_token
from swecar.redis_client import IMPATIENT, make_client
from swecar.setting_rules import LOOK_UP

LAST_MIGRATION = max(file.stem for file in Path(*registry.migrations.__path__).glob("[0-9]*.py"))


def live(request: HttpRequest) -> JsonResponse:
    """The process is alive."""
    return JsonResponse({"status": "live"})


def ready(request: HttpRequest) -> JsonResponse:
    """Whether this web server can serve: it needs the database, and neither the broker nor a snapshot.

    503 where the database does not respond, lacks the tables of this version, or is a replica that is far behind.
    A process of the public goes on without the database: were none of them ready, nobody would be answered.
    """
    database, age = _database()
    lag, is_level = _replica(database)
    is_ready = (database or _serves_from_memory()) and is_level
    status = "ready" if is_ready else "not ready"
    told: dict[str, Any] = {"status": status, "database": database, "broker": is_broker_up()}
    told["snapshot_age_seconds"] = age
    if holds_monitoring_token(request.META):  # the lag grows and falls with what is written
        told |= lag | _keeper()
    return _respond(told, well=is_ready)


def deep(request: HttpRequest) -> JsonResponse:
    """The whole service, for an outside monitor that has the token: 503 where anything is missing."""
    if not holds_monitoring_token(request.META):
        raise Http404
    database, age = _database()
    broker = is_broker_up()
    try:
        signs = LastSeen.objects.read() if database else None
    except DatabaseError:
        signs = None
    lag, is_level = _replica(database)
    keeper = _keeper()
    well = bool(broker and signs and signs.are_well and age is not None and is_level and all(keeper.values()))
    return _respond(
        {
            "status": "well" if well else "not well",
            "database": database,
            "broker": broker,
            "snapshot_age_seconds": age,
            "absent": sorted(map(str, signs.absent)) if signs else None,
            "alarm_failed": signs.alarm_failed if signs else None,
        }
        | lag
        | keeper,
        well=well,
    )


def _respond(told: dict[str, Any], *, well: bool) -> JsonResponse:
    headers = {"Cache-Control": "no-store"} | ({} if well else {"Retry-After": "10"})
    return JsonResponse(told, status=200 if well else 503, headers=headers)


def _database() -> tuple[bool, int | None]:
    """Whether the database responds and has this version's tables, and the age of the current snapshot."""
    try:
        snapshot = Publication.objects.select_related("snapshot").get().snapshot
        is_migrated = MigrationRecorder.Migration.objects.filter(app="registry", name=LAST_MIGRATION).exists()
        is_able = settings.APP_ROLE == "public" or (is_migrated and is_key_known())
    except (DatabaseError, Busy, Publication.DoesNotExist):
        return False, None
    return is_migrated and is_able, int((timezone.now() - snapshot.built_at).total_seconds()) if snapshot else None


def _serves_from_memory() -> bool:
    """Whether this process is of the public, and knows what was published before an outage of its database."""
    if settings.APP_ROLE != "public" or settings.READS_REPLICA:
        return False
    try:
        read_current()
    except (DatabaseError, NotPublished):
        return False
    return unsure_since() is not None


def _keeper() -> dict[str, bool]:
    """Whether the keeper of the identity keys answers, where this process needs one."""
    return {"keeper": is_keeper_up()} if settings.IDENTITY_KEEPER and settings.APP_ROLE in LOOK_UP else {}


def _replica(database: bool) -> tuple[dict[str, float | None], bool]:
    """The lag of a replica that is read here and responds, and whether that is near enough."""
    if not settings.READS_REPLICA:
        return {}, True
    try:
        lag = read_lag() if database else None
    except DatabaseError:
        lag = None
    if lag is None:
        return {"replica_lag_seconds": None}, False
    return {"replica_lag_seconds": round(lag, 1)}, not is_too_far_behind(lag)


def is_broker_up() -> bool:
    """Whether the server that is broker and cache can be spoken to."""
    try:
        with make_client(settings.REDIS, **IMPATIENT) as broker:
            broker.ping()
    except RedisError:
        return False
    return True
