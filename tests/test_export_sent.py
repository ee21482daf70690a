"""An export is sent while it is read: logged before, as one statement saw it, in bounded time, whole or broken."""

import time
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead

import pytest
from django.db import DatabaseError, connection

from registry.access import Operator
from registry.entry.infusions import export
from registry.entry.infusions.export import export_infusions
from registry.errors import Busy
from registry.models import AccessLog, Infusion, long_reads
from swecar.local.ports import find_free_port
from tests import factories
from tests.desk import address, sign_in
from tests.test_export import read_csv, read_xlsx, whole
from tests.test_role_processes import start, wait_until_healthy
from tests.working import kill, wait_for

READERS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'FETCH%'
"""
# As many rows as the buffers between a server and a client that does not read are too small for.
COPIES = """
INSERT INTO registry_infusion (id, patient_id, centre_id, category, kind, product_id, infused_on, date_precision,
                               sequence, age_at_infusion, batch, status, created_at)
SELECT gen_random_uuid(), patient_id, centre_id, category, kind, product_id, infused_on, date_precision,
       sequence, age_at_infusion, repeat('b', 60), 'withdrawn', created_at
FROM registry_infusion CROSS JOIN generate_series(1, 120000)
"""

committed = pytest.mark.django_db(transaction=True)


def reading() -> list[int]:
    """The sessions that are about an export's rows."""
    with connection.cursor() as cursor:
        cursor.execute(READERS)
        return [pid for (pid,) in cursor.fetchall()]


def store_many(lists) -> str:
    """Copies of an infusion at UPP; the session of its reporter, whose export is long."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(COPIES)
        cursor.execute("SET session_replication_role = DEFAULT")
    return sign_in(factories.user("reporter", lists.centres["UPP"])).cookies["sessionid"].value


def break_off(line: HTTPConnection, session: str, format: str) -> None:
    """Begin an export, end what reads its rows, and find the file broken."""
    line.request("GET", address("export") + f"?format={format}", headers={"Cookie": f"sessionid={session}"})
    response = line.getresponse()
    assert (response.status, response.headers["Transfer-Encoding"]) == (200, "chunked")
    assert len(response.read(10_000)) == 10_000
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM ({READERS}) AS reader")
        assert cursor.fetchall() == [(True,)]
    with pytest.raises(IncompleteRead):
        response.read()


def logged() -> int:
    return AccessLog.objects.filter(action="export").count()


def shown(content: bytes) -> list[str]:
    return [row["batch"] for row in read_csv(content)]


@pytest.fixture
def five(request, monkeypatch):
    """Five infusions, read two at a time."""
    lists = request.getfixturevalue("committed_lists")
    monkeypatch.setattr(long_reads, "ROWS_AT_ONCE", 2)
    return [factories.record(lists, factories.nth_number(place), batch=f"B-{place}") for place in range(5)]


@committed
def test_rows_are_logged_before_they_are_sent_and_only_those(five):
    content = export_infusions(by=Operator(), format="csv").content
    assert logged() == 2
    next(content)
    assert logged() == 2
    next(content)
    assert logged() == 4
    content.close()
    assert logged() == 4  # committed, and the fifth has not been read
    for times, (format, read) in enumerate((("csv", read_csv), ("xlsx", read_xlsx)), start=1):
        found = read(whole(export_infusions(by=Operator(), format=format)))
        assert logged() == 4 + 5 * times
        assert sorted(row["batch"] for row in found) == [f"B-{place}" for place in range(5)]


@committed
def test_a_row_is_sent_as_it_was_when_the_export_began(five):
    content = export_infusions(by=Operator(), format="csv").content
    Infusion.objects.update(batch="changed")
    Infusion.objects.filter(pk=five[4].pk).delete()
    assert sorted(shown(b"".join(content))) == [f"B-{place}" for place in range(5)]
    assert shown(whole(export_infusions(by=Operator(), format="csv"))) == ["changed"] * 4


@committed
def test_no_row_is_locked_and_the_connection_is_given_back(five):
    content = export_infusions(by=Operator(), format="csv").content
    assert len(reading()) == 1
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
        cursor.execute("SELECT FROM registry_infusion FOR UPDATE")
        cursor.execute("SET lock_timeout = DEFAULT")
    content.close()
    wait_for(lambda: not reading(), "an end of the export's session")
    client = sign_in(factories.user("reporter", five[0].centre))
    response = client.get(address("export"), {"format": "csv"})
    assert len(reading()) == 1
    response.close()  # as the server does when the client has gone
    wait_for(lambda: not reading(), "an end of the page's session")


@committed
def test_a_client_that_takes_nothing_is_not_waited_for(five, monkeypatch):
    monkeypatch.setattr(long_reads, "STALLED", "100ms")
    content = export_infusions(by=Operator(), format="csv").content
    next(content)
    wait_for(lambda: not reading(), "an end of the session")
    with pytest.raises(DatabaseError):
        b"".join(content)


@committed
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_client_that_takes_too_little_is_not_waited_for(five, format, monkeypatch):
    monkeypatch.setattr(long_reads, "LONGEST", 0.5)
    content = export_infusions(by=Operator(), format=format).content
    next(content)
    time.sleep(0.6)
    with pytest.raises(TimeoutError):
        b"".join(content)
    wait_for(lambda: not reading(), "an end of the session")


def test_what_is_refused_is_a_page_and_not_half_a_file(client, lists, monkeypatch):
    factories.record(lists)

    def refuse(**_uses) -> None:
        raise Busy

    monkeypatch.setattr(export, "log_uses", refuse)
    client.force_login(factories.user("reporter", lists.centres["UPP"]))
    response = client.get(address("export"), {"format": "csv"})
    assert (response.status_code, response.headers.get("Content-Disposition")) == (503, None)
    assert response["Content-Type"].startswith("text/html")


@pytest.fixture
def clinic(committed_lists) -> Iterator[tuple[int, str]]:
    """The port of a web server of its own with many rows to send, and a session there."""
    factories.record(committed_lists)
    session = store_many(committed_lists)
    port = find_free_port()
    process = start("clinic", PORT=str(port))
    try:
        wait_until_healthy("clinic", PORT=str(port))
        yield port, session
    finally:
        kill(process)


@pytest.fixture
def web(clinic) -> tuple[HTTPConnection, str]:
    """A connection to it."""
    port, session = clinic
    return HTTPConnection("127.0.0.1", port, timeout=120), session


@committed
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_failure_on_the_way_breaks_the_transfer(web, format):
    break_off(*web, format)


@committed
def test_nothing_more_is_read_for_a_client_that_has_gone(web):
    line, session = web
    line.request("GET", address("export") + "?format=csv", headers={"Cookie": f"sessionid={session}"})
    response = line.getresponse()
    assert len(response.read(10_000)) == 10_000
    response.close()
    line.close()
    wait_for(lambda: not reading(), "an end of the export's session")
    assert 0 < logged() < 120_000
