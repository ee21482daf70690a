"""The cache and broker gone, frozen, full or read-only: everything is answered as always, within a second."""

import os
import signal
import time
from contextlib import contextmanager, suppress

import pytest
from django.core.cache import caches
from django.test import Client
from redis import Redis
from redis.exceptions import RedisError

from registry.choices import Scope
from registry.entry.accounts.tokens import create_token
from registry.models import Infusion
from registry.publishing.publish import publish
from swecar.http import tolerant_cache
from swecar.server_urls import redis_server
from tests import factories
from tests.calling import NEW
from tests.watching import TOKEN
from tests.working import broker, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
BOUND = 2.0  # seconds; a second, and what others need of the machine
ASKED = (
    "/", "/en/", "/api/v1/map", "/api/v1/status", "/api/v1/counts?by=year", "/en/clinic/", "/health/live",
    "/en/accounts/password/reset/", "/health/ready", "/metrics",
)  # fmt: skip


def freeze(process, client) -> None:
    os.kill(process.pid, signal.SIGSTOP)


def kill(process, client) -> None:
    process.kill()
    process.wait(10)


def fill(process, client) -> None:
    client.config_set("maxmemory", 1)


def make_read_only(process, client) -> None:
    client.replicaof("127.0.0.1", 1)


def responds(client) -> bool:
    with suppress(RedisError):
        return client.ping()
    return False


@contextmanager
def faulty(settings, fault):
    """The cache of this process is a server that has this fault."""
    kept = caches["default"]._cache
    usual = kept._servers, kept._pools
    with broker() as (process, url):
        client = Redis.from_url(url)
        settings.REDIS = redis_server(url)
        kept._servers, kept._pools = [url], {}
        wait_for(lambda: responds(client), "a server that responds")
        caches["default"].set("before", 1)
        assert caches["default"].get("before") == 1
        fault(process, client)
        try:
            yield
        finally:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
            kept._servers, kept._pools = usual


@pytest.mark.parametrize("fault", [freeze, kill, fill, make_read_only])
def test_everything_is_answered_as_always(committed_lists, settings, fault):
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    factories.record(committed_lists)
    publish()
    _token, text = create_token(owner=nurse, name="W", scope=Scope.WRITE, days=1, by=nurse)
    headers = {"authorization": f"Bearer {text}"}
    client = Client(raise_request_exception=False)
    client.force_login(nurse)
    with faulty(settings, fault):
        found = {}
        for turn in range(2):
            for path in ASKED:
                tolerant_cache.Client.away_until = 0.0  # each pays for finding it away
                began = time.monotonic()
                status = client.get(path, headers=TOKEN).status_code
                found[path, turn] = status, time.monotonic() - began < BOUND
            row = NEW | {"patient_id": factories.nth_number(20 + turn)}
            began = time.monotonic()
            answer = Client(raise_request_exception=False).post(
                "/api/v1/infusions",
                row,
                content_type="application/json",
                headers=headers,
            )
            found["entry", turn] = answer.status_code - 1, time.monotonic() - began < BOUND
    assert found == dict.fromkeys(found, (200, True))
    assert Infusion.objects.count() == 3
