"""The service behind PgBouncer with its defaults, and with one that gives each transaction another session."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, transaction

from registry.entry.idempotency import store_form_once
from registry.entry.importing.running import hold_job
from registry.models import Infusion, Snapshot
from registry.models.isolation import require_own_session
from registry.publishing.publish import publish
from registry.publishing.verification import verify
from tests import factories
from tests.poolers import connected_at, pgbouncer

pytestmark = pytest.mark.django_db(transaction=True)
SHARED = {"pool_mode": "transaction", "default_pool_size": "4"}


@pytest.fixture(params=[{}, SHARED], ids=["defaults", "transactions"])
def pooled(request, committed_lists):
    with pgbouncer(**request.param) as port, connected_at(port):
        yield committed_lists


@pytest.fixture
def shared(committed_lists):
    with pgbouncer(**SHARED) as port, connected_at(port):
        yield committed_lists


def at_once(*works) -> list:
    """The results of works that begin together, each in a thread with a connection of its own."""
    gate = threading.Barrier(len(works))

    def run(work):
        gate.wait(10)
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(run, works))


def test_records_are_stored_published_once_and_agree(pooled):
    for place in range(3):
        factories.record(pooled, factories.nth_number(place))
    published = at_once(publish, publish, publish)
    assert sorted(bool(one) for one in published) == [False, False, True]
    assert Snapshot.objects.get().map_document["national"]["infusions"] == 3
    found = verify()
    assert (found.differences, found.behind) == ([], False)


def test_publishers_at_once_each_see_what_was_stored_before(pooled):
    def record_and_publish(place):
        factories.record(pooled, factories.nth_number(place))
        publish()

    at_once(*(lambda place=place: record_and_publish(place) for place in range(4)))
    assert Snapshot.objects.latest("number").map_document["national"]["infusions"] == 4


def test_a_form_sent_twice_at_once_is_carried_out_once(pooled):
    user, done = factories.user("nurse", pooled.centres["UPP"]), []

    def work():
        done.append(1)
        return {"id": len(done)}

    found = at_once(*[lambda: store_form_once(request=b"the same", by=user, work=work)] * 3)
    assert len(done) == 1
    assert sum(one is None for one in found) == 1
    for _more in range(8):  # no session was left with the lock
        assert store_form_once(request=b"the same", by=user, work=work).repeated


def test_one_worker_at_a_time_holds_a_job(pooled):
    job = UUID(int=7)
    with hold_job(job) as first, ThreadPoolExecutor(1) as threads:

        def again() -> bool:
            with hold_job(job) as held:
                return held

        assert (first, threads.submit(again).result()) == (True, False)
    with hold_job(job) as held:
        assert held


def test_rows_are_fetched_in_pieces_though_the_session_changes(pooled):
    for place in range(6):
        factories.record(pooled, factories.nth_number(place))
    for around in (nullcontext, transaction.atomic):
        with around():
            rows = Infusion.objects.order_by("pk").iterator(chunk_size=2)
            found = [next(rows).pk]
            at_once(*[Infusion.objects.count] * 3)
            found += [row.pk for row in rows]
        assert found == list(Infusion.objects.order_by("pk").values_list("pk", flat=True))


def test_a_wait_for_a_lock_has_its_limit_in_every_transaction(shared, settings):
    settings.DATABASE_SESSION = settings.DATABASE_SESSION | {"lock_timeout": "300ms"}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE registry_infusion IN EXCLUSIVE MODE")

        def fail() -> str:
            try:
                factories.record(shared, factories.nth_number(0))
            except Exception as error:
                return type(error).__name__
            return "stored"

        assert at_once(fail) == ["Busy"]


def test_an_import_refuses_a_session_that_others_get_too(shared):
    with pytest.raises(ImproperlyConfigured, match="pool in session mode"):
        require_own_session()


def test_an_import_takes_a_session_of_its_own(committed_lists):
    require_own_session()
    with pgbouncer() as port, connected_at(port):
        require_own_session()


def test_a_pooler_refuses_the_startup_options_that_we_no_longer_send(committed_lists, monkeypatch):
    """The oracle of this file: were they sent, nothing here could connect."""
    with pgbouncer() as port, connected_at(port):
        options = connection.settings_dict["OPTIONS"]
        monkeypatch.setitem(options, "options", "-c lock_timeout=30s")
        monkeypatch.delitem(options, "pool")
        with pytest.raises(OperationalError, match="unsupported startup parameter"):
            connection.ensure_connection()
