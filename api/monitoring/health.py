"""Whether the service lives and is ready, for the machines that look after it."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from registry.models.publication import Publication


def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "live"})


def ready(request: HttpRequest) -> JsonResponse:
    """Database, broker and a snapshot; 503 where one is missing."""
    parts = {"database": _database(), "broker": broker_answers()}
    age = _snapshot_age() if parts["database"] else None
    is_ready = all(parts.values()) and age is not None
    return JsonResponse(
        {"status": "ready" if is_ready else "not ready", **parts, "snapshot_age_seconds": age},
        status=200 if is_ready else 503,
    )


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def broker_answers() -> bool:
    """Whether the server that is broker and cache can be spoken to."""
    try:
        with Redis.from_url(settings.CELERY_BROKER_URL, socket_connect_timeout=0.5, socket_timeout=0.5) as broker:
            broker.ping()
    except RedisError:
        return False
    return True


def _snapshot_age() -> int | None:
    try:
        snapshot = Publication.objects.select_related("snapshot").get().snapshot
    except DatabaseError:
        return None
    return int((timezone.now() - snapshot.built_at).total_seconds()) if snapshot else None
