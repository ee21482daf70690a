"""A lock on any table holds nobody who reads for long; a dump holds no publication."""

import time
from contextlib import contextmanager
from threading import Event, Thread

import psycopg
import pytest
from django.core.cache import caches
from django.db import DatabaseError, OperationalError, connection, migrations
from django.test import Client
from psycopg.errors import LockNotAvailable

from registry.access import Operator
from registry.choices import Outcome, Scope
from registry.entry.accounts.tokens import create_token
from registry.entry.importing.pipeline import import_infusions
from registry.models import Infusion, Run, Snapshot
from registry.published import current_snapshot
from registry.publishing.old_facts import list_facts, prune_facts
from registry.publishing.publish import publish
from registry.publishing.runs import run_publication
from swecar.postgresql.outages import Outage, outage_of
from tests import factories
from tests.calling import NEW
from tests.working import database_url, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
KNOWN = ("/en/", "/api/v1/map", "/api/v1/counts?by=centre", "/en/releases/")
OTHERS = ("/api/v1/status", "/api/v1/counts?by=year", "/api/v1/snapshots", "/sitemap.xml", "/health/ready")
TIMEOUT = "150ms"
BOUND = 5.0  # seconds; some wait twice, and others use the machine


@pytest.fixture
def site(committed_lists, settings):
    """What is published and has been read, and a program that may write; nobody waits for long."""
    settings.DATABASE_SESSION = settings.DATABASE_SESSION | {"lock_timeout": TIMEOUT}
    settings.DATABASE_LIMITS = {name: {"lock_timeout": TIMEOUT} for name in settings.DATABASE_LIMITS}
    settings.LOOKUPS_PER_HOUR = 1000  # an entry for each table
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    factories.record(committed_lists)
    publish()
    _token, text = create_token(owner=nurse, name="T", scope=Scope.WRITE, days=1, by=nurse)
    connection.close()
    connection.close_pool()
    for path in KNOWN:
        assert ask(path).status_code == 200
    return {"authorization": f"Bearer {text}"}


def ask(path: str):
    connection.close()
    return Client(raise_request_exception=False).get(path)


def enter(headers, place: int):
    connection.close()
    row = NEW | {"patient_id": factories.nth_number(place)}
    client = Client(raise_request_exception=False)
    return client.post("/api/v1/infusions", row, content_type="application/json", headers=headers)


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname || '.' || tablename FROM pg_tables "
            "WHERE schemaname IN ('public', 'facts') ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


@contextmanager
def held(*statements: str):
    """Another session has begun this, and does not end it."""
    with psycopg.connect(database_url()) as other:
        for statement in statements:
            other.execute(statement)
        yield
        other.rollback()


def forget_announcement() -> None:
    """So that the database is asked which snapshot is current."""
    caches["default"].delete(current_snapshot.CURRENT_KEY)
    caches["responses"].delete(current_snapshot.CURRENT_KEY)


def test_a_lock_on_any_table_holds_nobody(site):
    wrong, stopped, locked = [], set(), tables()
    assert {"public.registry_publication", "public.registry_snapshot", "public.registry_centre"} <= set(locked)
    for place, table in enumerate(locked, start=10):
        with held(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"):
            for path in (*KNOWN, *OTHERS, "entry"):
                forget_announcement()
                began = time.monotonic()
                answer = enter(site, place) if path == "entry" else ask(path)
                seconds = time.monotonic() - began
                right = {200} if path in KNOWN else {200, 201, 503}
                if answer.status_code not in right or seconds > BOUND:
                    wrong.append((table, path, answer.status_code, seconds))
                if answer.status_code == 503:
                    stopped.add(path)
                    assert "Retry-After" in answer
    assert not wrong
    assert {"entry", "/sitemap.xml"} <= stopped


@pytest.mark.parametrize("table", ["registry_snapshot", "registry_publication", "registry_centre"])
def test_an_index_that_is_made_anew_holds_nobody(site, table):
    with held(f"REINDEX TABLE {table}"):
        forget_announcement()
        assert {path: ask(path).status_code for path in KNOWN} == dict.fromkeys(KNOWN, 200)
        assert ask("/api/v1/status").status_code == 200


def test_what_is_answered_meanwhile_is_marked_and_then_no_longer(site, monkeypatch):
    monkeypatch.setattr(current_snapshot, "UNSURE_SECONDS", 0.1)
    with held("LOCK TABLE registry_publication IN ACCESS EXCLUSIVE MODE"):
        forget_announcement()
        assert "Warning" in ask("/api/v1/map")
        assert ask("/api/v1/status").json()["database_away_since"]
    time.sleep(0.2)
    assert "Warning" not in ask("/api/v1/map")
    assert ask("/api/v1/status").json()["database_away_since"] is None


def test_while_one_asks_the_others_do_not_wait(site):
    with held("LOCK TABLE registry_publication IN ACCESS EXCLUSIVE MODE"):
        forget_announcement()
        ask("/api/v1/map")
        with connection.execute_wrapper(lambda *_asked: pytest.fail("asked again")):
            for _again in range(5):
                assert Client().get("/api/v1/map").status_code == 200


def test_a_dump_holds_no_publication(site, committed_lists):
    dump = [f"LOCK TABLE {table} IN ACCESS SHARE MODE" for table in tables()]
    first = Snapshot.objects.get().number
    with held("BEGIN ISOLATION LEVEL REPEATABLE READ", *dump):
        for place in range(3):
            factories.record(committed_lists, factories.nth_number(100 + place))
            began = time.monotonic()
            assert run_publication().outcome == Outcome.PUBLISHED
            assert time.monotonic() - began < 10
        assert Snapshot.objects.latest("number").map_document["national"]["infusions"] == 4
        assert first in list_facts(), "what the dump reads is left"
        assert ask("/api/v1/map").json()["snapshot"]["number"] == first + 3
    assert not Run.objects.exclude(outcome=Outcome.PUBLISHED).filter(finished_at=None).exists()
    assert prune_facts() == 1
    assert list_facts() == [first + 3]


def test_a_migration_gives_up_before_the_readers_behind_it_do(site):
    operation = migrations.RunSQL("ALTER TABLE registry_snapshot ADD COLUMN one_more integer")
    with held("LOCK TABLE registry_snapshot IN ACCESS SHARE MODE"):
        began = time.monotonic()
        with pytest.raises(OperationalError) as refused, connection.schema_editor() as editor:
            operation.database_forwards("registry", editor, None, None)
    assert isinstance(refused.value.__cause__, LockNotAvailable)
    assert time.monotonic() - began < BOUND
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == (TIMEOUT,)


def test_an_import_that_hangs_with_its_locks_loses_them(site, settings, tmp_path):
    settings.DATABASE_SESSION = settings.DATABASE_SESSION | {"idle_in_transaction_session_timeout": "1s"}
    path = tmp_path / "rows.csv"
    row = {name: value for name, value in NEW.items() if value} | {"patient_id": factories.nth_number(300)}
    path.write_text(";".join(row) + "\n" + ";".join(map(str, row.values())))
    storing, goes_on, ended = Event(), Event(), []

    def hang(stage: str, done: int, _total: int) -> None:
        if (stage, done) == ("storing", 0):
            storing.set()
            goes_on.wait(60)

    def work() -> None:
        try:
            import_infusions(path=path, by=Operator(), centre="UPP", progress=hang)
        except DatabaseError as error:
            ended.append(outage_of(error))
        finally:
            connection.close()

    hanging = Thread(target=work)
    hanging.start()
    assert storing.wait(30)
    assert enter(site, 301).status_code == 503  # it waits for as long as it may
    wait_for(lambda: enter(site, 301).status_code == 201, "an entry past the import that hangs")
    goes_on.set()
    hanging.join()
    assert ended == [Outage.BUSY]
    assert Infusion.objects.count() == 2
