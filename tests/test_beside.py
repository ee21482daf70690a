"""The recount of a large registry, on a second connection: the same view, the same proof, nothing left behind."""

import threading
from dataclasses import replace
from datetime import date

import pytest
from django.db import InternalError, OperationalError, connection, transaction

from registry.errors import ProofFailed
from registry.measures import MEASURES
from registry.models import Publication, Revision
from registry.publishing import new_snapshot
from registry.publishing.beside import begin_beside
from registry.publishing.publish import publish
from registry.publishing.verification import verify
from tests import factories
from tests.working import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def published(committed_lists, monkeypatch):
    """A registry large enough, by a limit of one infusion, for a recount beside the build."""
    for place in range(3):
        factories.record(committed_lists, factories.nth_number(place), centre="UPP")
    publish()
    monkeypatch.setattr(new_snapshot, "RECOUNTED_BESIDE", 1)
    return committed_lists


def session(cursor) -> int:
    cursor.execute("SELECT pg_backend_pid()")
    return cursor.fetchone()[0]


def count_transactions() -> int:
    """Those of others, in this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND xact_start IS NOT NULL AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return cursor.fetchone()[0]


def store_elsewhere(lists) -> None:
    """Another infusion, committed on a connection of its own."""

    def store():
        factories.record(lists, factories.nth_number(7), centre="STO", infused_on=date(2021, 3, 4))
        connection.close()

    other = threading.Thread(target=store)
    other.start()
    other.join(30)


@pytest.mark.parametrize("step", ["facts", "counts", "proof"])
def test_what_is_stored_meanwhile_is_in_neither_of_the_two(published, step):
    sessions = set()
    right = new_snapshot.recount

    def recount(cursor):
        sessions.add(session(cursor))
        return right(cursor)

    def during(reached):
        if reached == step:
            store_elsewhere(published)

    with connection.cursor() as cursor:
        ours = session(cursor)
    factories.record(published, factories.nth_number(4), centre="UPP")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(new_snapshot, "recount", recount)
        assert publish(progress=during).map_document["national"]["infusions"] == 4
    assert sessions and ours not in sessions
    assert publish().map_document["national"]["infusions"] == 5
    assert verify().differences == []


def test_a_wrong_number_is_found_and_the_second_transaction_has_ended(published, monkeypatch):
    factories.record(published, factories.nth_number(4), centre="UPP")
    monkeypatch.setitem(MEASURES, "patients", replace(MEASURES["patients"], sql="sum(n) + 1"))
    current = Publication.objects.get().snapshot_id
    with pytest.raises(ProofFailed):
        publish()
    wait_for(lambda: count_transactions() == 0, "the end of the second transaction")
    assert Publication.objects.get().snapshot_id == current


def test_nothing_is_published_where_the_recount_fails(published, monkeypatch):
    factories.record(published, factories.nth_number(4), centre="UPP")
    current = Publication.objects.get().snapshot_id
    monkeypatch.setattr(
        new_snapshot, "recount", lambda cursor: cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    )
    with pytest.raises(OperationalError):
        publish()
    assert count_transactions() == 0
    assert Publication.objects.get().snapshot_id == current


def test_in_a_savepoint_and_where_it_is_not_worth_it_the_work_is_done_here(published):
    with transaction.atomic(), connection.cursor() as cursor:
        ours = session(cursor)
        with begin_beside(session, worth_it=False) as found:
            assert found() == ours
        with transaction.atomic(), begin_beside(session, worth_it=True) as found:
            assert found() == ours
        with begin_beside(session, worth_it=True) as found:
            assert found() != ours


def test_the_second_connection_writes_nothing(published):
    def write(cursor):
        cursor.execute("UPDATE registry_revision SET number = number + 1")

    number = Revision.objects.get().number
    refused = pytest.raises(InternalError, match="read-only transaction")
    with refused, transaction.atomic(), begin_beside(write, worth_it=True) as done:
        done()
    assert Revision.objects.get().number == number
