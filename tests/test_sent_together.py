"""Statements that wait for the next one are sent with it, in their order, and fall with their savepoint."""

import threading

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from registry.access import Operator, acting_as
from registry.models import AccessLog
from registry.models.access_log import log_persons
from swecar.postgresql.together import BETWEEN, send_later
from tests.test_races import LIMIT, Other, count_waiting, wait_for

NOTE = "INSERT INTO registry_accesslog (at, actor, unit, action, detail) VALUES (now(), 'a', '', 'read', %s)"
pytestmark = pytest.mark.django_db


def details() -> list[str]:
    return list(AccessLog.objects.order_by("id").values_list("detail", flat=True))


def ask(statement: str, parameters: list | None = None) -> list:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def test_what_waits_goes_with_the_next_and_each_has_its_own_rows():
    with acting_as(Operator()):
        ask("SELECT 0")
        with CaptureQueriesContext(connection) as asked:
            one, percent = send_later("SELECT %s", [1], is_asked=True), send_later("SELECT '%%'", is_asked=True)
            send_later(NOTE, ["noted"])
            assert ask("SELECT count(*) FROM registry_accesslog WHERE detail = %s", ["noted"]) == [(1,)]
            assert (one.row, percent.rows) == ((1,), [("%%",)])
        [sent] = asked.captured_queries
    assert sent["sql"].count(BETWEEN) == 3


def test_what_nobody_follows_is_sent_when_it_is_read_and_at_the_end():
    with acting_as(Operator()):
        assert send_later("SELECT 1", is_asked=True).row == (1,)
        log_persons(by=Operator(), action="read", detail="last")
    assert details() == ["last"]


def test_nothing_waits_where_nobody_acts():
    with transaction.atomic():
        assert send_later("SELECT 1", is_asked=True).found == [(1,)]
        assert connection.connection.waiting == []


def test_what_waits_falls_with_its_savepoint_and_nothing_before_it():
    with acting_as(Operator()):
        send_later(NOTE, ["before"])
        with pytest.raises(RuntimeError), acting_as(Operator()):
            send_later(NOTE, ["within"])
            raise RuntimeError
        with pytest.raises(RuntimeError), acting_as(Operator()):
            ask("SELECT 1")
            send_later(NOTE, ["within too"])
            raise RuntimeError
        send_later(NOTE, ["after"])
    assert details() == ["before", "after"]


def test_what_waits_falls_with_its_transaction():
    with pytest.raises(RuntimeError), acting_as(Operator()):
        send_later(NOTE, ["never"])
        raise RuntimeError
    assert details() == []
    assert connection.connection is None or connection.connection.waiting == []


def test_a_statement_that_is_refused_ends_what_follows_and_can_be_taken_back():
    with acting_as(Operator()):
        with pytest.raises(IntegrityError), acting_as(Operator()):
            send_later("INSERT INTO registry_accesslog (action) VALUES (NULL)")
            ask("SELECT 1")
        assert ask("SELECT 2") == [(2,)]
        with pytest.raises(DatabaseError), acting_as(Operator()):
            send_later(NOTE, ["x" * 300])  # sent by the end of the outer one alone
            assert connection.connection.waiting
            connection.send_waiting()
    assert details() == []


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_waits_goes_ahead_of_what_is_read_under_it():
    """Each statement of a message sees what was committed before itself, also after waiting."""
    held = threading.Event()

    def hold_and_write():
        with acting_as(Operator()):
            ask("SELECT pg_advisory_xact_lock(42)")
            held.set()
            wait_for(lambda: count_waiting() == 1)
            send_later(NOTE, ["by the other"])

    other = Other(hold_and_write)
    other.start()
    assert held.wait(LIMIT)
    with acting_as(Operator()):
        ask("SELECT 1")
        send_later("SELECT pg_advisory_xact_lock(42)")
        assert ask("SELECT detail FROM registry_accesslog") == [("by the other",)]
    assert other.result() is None
