"""Public reads from a replica: never of a snapshot that it has not got, and its lag is shown and has a bound."""

import time
from itertools import count

import pytest
from django.core.cache import caches
from django.db import OperationalError, connection
from django.test import Client
from psycopg.errors import LockNotAvailable, QueryCanceled, SerializationFailure
from psycopg_pool import PoolTimeout

from registry.models import Snapshot
from registry.published import queries
from registry.published.facts import reading_facts
from registry.published.replica import read_lag
from registry.publishing.old_facts import prune_facts
from registry.publishing.publish import publish
from swecar.local.ports import find_free_port
from tests import factories
from tests.standbys import running_standby, stop
from tests.test_metrics import OF_A_REPLICA
from tests.test_metrics import read as read_gauges
from tests.test_role_processes import start, status_of
from tests.watching import TOKEN, read_metrics
from tests.working import kill, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = [
    "/", "/en/", "/?as_of=2020-01-01", "/sa-raknar-vi/", "/en/freshness/", "/en/releases/", "/en/embed/",
    "/sitemap.xml", "/api/v1/map", "/api/v1/counts?by=centre,category", "/api/v1/snapshots", "/api/v1/status",
    "/api/v1/config", "/api/v1/releases", "/api/v1/catalogue", "/api-info", "/health/ready",
]  # fmt: skip
people = count()


@pytest.fixture(scope="module")
def server():
    with running_standby() as standby:
        yield standby


@pytest.fixture
def replica(server, committed_lists):
    """The standby, which has the first snapshot of three infusions, and a process that is to read there."""
    enter(committed_lists, 3)
    publish()
    server.catch_up()
    yield server
    server.resume()


def enter(lists, number: int) -> None:
    for _infusion in range(number):
        factories.record(lists, factories.nth_number(next(people) % 300))


def ask(path: str, **headers) -> tuple[int, dict]:
    response = Client(raise_request_exception=False).get(path, headers=TOKEN | headers)
    return response.status_code, response.json()


def total() -> tuple[int, int]:
    """The number of the snapshot and of its infusions, as the public reads it."""
    code, said = ask("/api/v1/counts?by=centre&measures=infusions")
    assert code == 200, said
    return said["snapshot"]["number"], said["total"]["infusions"]


def test_all_that_the_public_reads_can_be_read_there(replica, committed_lists):
    with replica.read():
        found = {path: Client().get(path, headers=TOKEN).status_code for path in PAGES}
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            assert cursor.fetchone() == (True,)
    assert found == dict.fromkeys(PAGES, 200)


def test_a_snapshot_is_not_looked_for_before_the_replica_has_it(replica, committed_lists):
    first = Snapshot.objects.get().number
    with replica.read():
        tag = Client().get("/api/v1/map")["ETag"]
        assert total() == (first, 3)
    replica.pause()
    enter(committed_lists, 2)
    publish()  # tells all processes of it by the cache
    prune_facts()
    with replica.read():
        assert total() == (first, 3)
        assert Client().get("/api/v1/map")["ETag"] == tag
        assert Client().get("/").status_code == 200
        time.sleep(0.3)
        replica.resume()
        wait_for(lambda: total() == (first + 1, 5), "the new snapshot")
        assert Client().get("/api/v1/map")["ETag"] != tag


def test_one_at_the_primary_reads_the_new_snapshot_though_a_replica_has_it_not(replica, committed_lists):
    first = Snapshot.objects.get().number
    replica.pause()
    enter(committed_lists, 2)
    publish()
    caches["default"].clear()  # the announcement is kept for some seconds only
    with replica.read():
        assert total()[0] == first
    assert total() == (first + 1, 5)


@pytest.mark.parametrize("broken_off", ["statement", "connection"])
def test_a_read_that_the_replica_breaks_off_is_read_again(replica, committed_lists, monkeypatch, broken_off):
    """The facts are dropped while they are read: the replica waits a little, and then cancels the statement.

    Of a transaction that is between two statements it ends the connection.
    """
    first = Snapshot.objects.get().number
    replica.pause()
    enter(committed_lists, 2)
    publish()
    prune_facts()
    usual, broken = queries.count_together, []

    def count_slowly(number, *asked):
        with connection.cursor() as cursor:
            with reading_facts():
                cursor.execute(f"SELECT count(*) FROM facts.registry_fact_{number}")
            if not broken:
                broken.append(number)
                replica.resume()
                if broken_off == "connection":
                    time.sleep(3)
                cursor.execute("SELECT pg_sleep(20)")
        return usual(number, *asked)

    monkeypatch.setattr(queries, "count_together", count_slowly)
    with replica.read():
        assert total() == (first + 1, 5)
    assert broken == [first]


@pytest.mark.parametrize(("path", "form"), [("/api/v1/counts?by=centre", "problem+json"), ("/en/", "html")])
def test_what_is_broken_off_each_time_is_a_503_in_our_form(replica, monkeypatch, path, form):
    read = []

    def fail(*_asked):
        read.append(path)
        raise OperationalError("canceling statement due to conflict with recovery") from SerializationFailure()

    monkeypatch.setattr(queries, "count_together", fail)
    with replica.read():
        response = Client(raise_request_exception=False).get(path)
    assert (response.status_code, len(read)) == (503, 4)
    assert form in response["Content-Type"]
    assert (response["Retry-After"], response["Cache-Control"]) == ("60", "no-store")
    assert b"recovery" not in response.content


@pytest.mark.parametrize("waited_for", [PoolTimeout, QueryCanceled, LockNotAvailable])
def test_what_has_been_waited_for_is_not_read_again(replica, monkeypatch, waited_for):
    read = []

    def fail(*_asked):
        read.append(waited_for)
        raise OperationalError from waited_for()

    monkeypatch.setattr(queries, "count_together", fail)
    with replica.read():
        assert ask("/api/v1/counts?by=centre")[0] == 503
    assert len(read) == 1


# What it is a replica of


def test_a_replica_of_a_demonstration_is_not_served_as_a_registry(server, committed_lists, settings):
    settings.DEMONSTRATION = True
    enter(committed_lists, 2)
    publish()
    server.catch_up()
    settings.DEMONSTRATION = False
    with server.read():
        code, said = ask("/api/v1/map")
        assert (code, said["code"]) == (503, "wrong_database")
        assert Client().get("/").status_code == 503


def test_a_replica_that_lacks_this_versions_tables_is_not_ready(replica):
    def rename(before: str, after: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {before} RENAME TO {after}")
        replica.catch_up()

    rename("registry_publication", "another")
    try:
        with replica.read():
            code, said = ask("/health/ready")
            assert (code, said["database"], said["replica_lag_seconds"]) == (503, False, None)
    finally:
        rename("another", "registry_publication")
    with replica.read():
        assert ask("/health/ready")[0] == 200


# Lag


def test_the_lag_is_told_and_beyond_its_bound_the_process_is_not_ready(replica, committed_lists, settings):
    settings.REPLICA_LAG_SECONDS = 2
    time.sleep(2.5)  # the primary is idle: no lag
    with replica.read():
        wait_for(
            lambda: ask("/health/ready")[1]["replica_lag_seconds"] < 1, "no lag, whatever the last commit's age"
        )
        code, said = ask("/health/ready")
        assert (code, said["status"]) == (200, "ready")
        wait_for(lambda: ask("/api/v1/status")[1]["lag_seconds"] < 1, "the same of the status")
    replica.pause()
    enter(committed_lists, 1)
    time.sleep(2.5)
    with replica.read():
        code, said = ask("/health/ready")
        assert (code, said["status"], said["database"]) == (503, "not ready", True)
        assert 2 < said["replica_lag_seconds"] < 30
        code, deep = ask("/health/deep")
        assert (code, deep["replica_lag_seconds"] > 2) == (503, True)
        assert ask("/api/v1/status")[1]["lag_seconds"] > 2
        assert total()[1] == 3  # who asks nevertheless is served
        gauges = read_gauges(read_metrics())
        assert (gauges["replica_up"], gauges["replica_lag_seconds"] > 2) == (1, True)
        replica.resume()
        wait_for(lambda: ask("/health/ready")[0] == 200, "a replica that is level")


def test_a_replica_that_is_cut_off_grows_old_though_it_has_replayed_all_it_received(replica, settings):
    settings.REPLICA_LAG_SECONDS = 2
    with replica.cut_off():
        time.sleep(2.5)
        with replica.read():
            assert (ask("/health/ready")[0], ask("/api/v1/status")[1]["lag_seconds"] > 2) == (503, True)
    with replica.read():
        wait_for(lambda: ask("/health/ready")[0] == 200, "a replica that is connected again")


def test_a_role_that_may_read_and_nothing_more_knows_the_lag(replica):
    time.sleep(2.5)  # an idle primary, whose last commit grows old
    with replica.read(), connection.cursor() as cursor:
        cursor.execute("SET ROLE pg_read_all_data")
        wait_for(lambda: read_lag() < 2, "the lag, and not the age of the last commit")
        cursor.execute("RESET ROLE")


def test_a_web_server_without_a_replica_tells_of_none(committed_lists):
    publish()
    assert "replica_lag_seconds" not in ask("/health/ready")[1]
    assert "replica_lag_seconds" not in ask("/health/deep")[1]
    assert ask("/api/v1/status")[1]["lag_seconds"] == 0
    assert not [name for name in read_gauges(read_metrics()) if "replica" in name]


def test_one_at_a_replica_tells_of_itself_and_leaves_the_service_to_those_at_the_primary(replica):
    """Alerts take the highest of all web servers: not of one that is behind, or up while the primary is down."""
    with replica.read():
        told = read_gauges(read_metrics())
    assert set(told) == OF_A_REPLICA | {"broker_up"}


# The process


def test_the_public_process_reads_the_replica_alone(replica, committed_lists):
    port, nowhere = str(find_free_port()), f"postgresql://nobody@127.0.0.1:{find_free_port()}/nothing"
    process = start("public", PORT=port, DATABASE_URL=nowhere, PUBLIC_DATABASE_URL=replica.url)
    site = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: status_of(f"{site}/health/ready") == 200, "a web server that is ready")
        assert {path: status_of(site + path) for path in PAGES} == dict.fromkeys(PAGES, 200)
    finally:
        kill(process)


def test_another_role_reads_the_primary(replica, committed_lists):
    port, nowhere = str(find_free_port()), f"postgresql://nobody@127.0.0.1:{find_free_port()}/nothing"
    process = start("clinic", PORT=port, PUBLIC_DATABASE_URL=nowhere)
    try:
        wait_for(lambda: status_of(f"http://127.0.0.1:{port}/health/ready") == 200, "a web server that is ready")
    finally:
        kill(process)


def test_where_the_replica_is_away_the_public_gets_what_is_known_alone(committed_lists, settings):
    enter(committed_lists, 2)
    publish()
    with running_standby() as standby:
        port = str(find_free_port())
        process = start("public", PORT=port, PUBLIC_DATABASE_URL=standby.url)
        site = f"http://127.0.0.1:{port}"
        try:
            wait_for(lambda: status_of(f"{site}/api/v1/map") == 200, "a web server that serves")
            stop(standby.process)
            time.sleep(0.5)
            paths = ("/api/v1/counts", "/en/", "/health/ready")
            assert {path: status_of(site + path, within=20) for path in paths} == dict.fromkeys(paths, 503)
            wait_for(lambda: status_of(f"{site}/api/v1/map") == 200, "what is known")
            assert status_of(f"{site}/health/live") == 200
        finally:
            kill(process)
    assert total()[1] == 2
