"""The database away, silent, full, read-only or busy: 503 within a second, no 500, back within five seconds."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.cookies import SimpleCookie

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.db import InternalError, OperationalError, connection
from django.test import Client
from django.urls import reverse
from psycopg.errors import lookup

from registry.models import Run
from tests import factories
from tests.outages import reached_at, relay_to, running_copy
from tests.routes import ROLES, store_world
from tests.test_routes import ROWS

pytestmark = pytest.mark.django_db(transaction=True)
SECOND, BACK = 1.0, 5.0  # seconds: until an answer during an outage; until all is well after it
SLACK = 1.0  # for a machine that others use too
MAP = ("/", "/en/", "/api/v1/map", "/api/v1/map.csv", "/en/how-we-count/", "/en/embed/")


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker):
    """A server of its own with something of each kind, and a browser of each role."""
    with django_db_blocker.unblock():
        world = store_world(factories.store_lists())
        Run.objects.all().delete()  # what has been queued, which the table's rows queue themselves
        clients = {"nobody": Client(raise_request_exception=False)}
        for role, user in world.users.items():
            clients[role] = Client(raise_request_exception=False)
            clients[role].force_login(user)
        connection.close()
        with running_copy() as server:
            call_command("flush", interactive=False, verbosity=0)
            connection.close()
            yield server, world, clients


@pytest.fixture
def impatient(settings):
    settings.DATABASE_SILENCE = 800
    caches["responses"].clear()


def timed(ask):
    """What it gives, and how many seconds it took."""
    began = time.monotonic()
    given = ask()
    return given, time.monotonic() - began


def seconds_until_well(client, path: str) -> float:
    """Until three answers in a row are 200."""
    began, well = time.monotonic(), 0
    while well < 3:
        well = well + 1 if client.get(path).status_code == 200 else 0
        assert time.monotonic() - began < 40, "never well"
        time.sleep(0.05)
    return time.monotonic() - began


@contextmanager
def away(server, way: str, *, pooled: bool = True):
    """Yield a function that brings it back; begun with a connection that works."""
    with (
        relay_to(server.port) as relay,
        reached_at({"stopped": server, "swallowed": relay}[way].port, pooled=pooled),
    ):
        connection.ensure_connection()
        connection.close()
        try:
            if way == "stopped":
                server.stop()
            relay.swallows = True
            yield lambda: bring_back(server, relay)
        finally:
            bring_back(server, relay)


def bring_back(server, relay) -> None:
    relay.swallows = False
    if server.process.poll() is not None:
        server.start()


@pytest.mark.parametrize(("way", "pooled"), [("stopped", True), ("stopped", False), ("swallowed", True)])
def test_it_is_back_within_seconds(site, impatient, way, pooled):
    server, _world, clients = site
    nurse = clients["reporter"]
    with away(server, way, pooled=pooled) as bring_back:
        for _again in range(4 if way == "stopped" else 2):  # in which a pool's pauses double
            answer, seconds = timed(lambda: nurse.get("/en/clinic/infusions/"))
            assert answer.status_code == 503
            assert seconds < SECOND + SLACK, seconds
            time.sleep(1.5)
        bring_back()
        assert seconds_until_well(nurse, "/en/clinic/infusions/") < BACK


def test_one_that_stood_still_is_back_as_soon_as_it_goes_on(site, impatient):
    server, _world, clients = site
    with reached_at(server.port):
        assert clients["reporter"].get("/en/clinic/infusions/").status_code == 200
        connection.close()  # as at the end of a request
        with server.frozen():
            for _again in range(3):
                answer, seconds = timed(lambda: clients["reporter"].get("/en/clinic/infusions/"))
                assert (answer.status_code, answer["Retry-After"]) == (503, "60")
                assert seconds < SECOND + SLACK
        assert seconds_until_well(clients["reporter"], "/en/clinic/infusions/") < BACK


@pytest.fixture(scope="module")
def requests(site):
    """Each row's request as a role sends it that may, made while the database is there."""
    server, world, _clients = site
    made = []
    with reached_at(server.port):
        for row in ROWS:
            role = next((one for one in ROLES if row.status_of(one) < 400), "administrator")
            with factories.rolled_back():
                made.append((row, role, reverse(row.name, kwargs=dict(row.args(world))), row.request(world)))
    return made


CODES = ["08006", "25006", "25P03", "40001", "53100", "53200", "53300", "55P03", "57014", "57P03", "58030"]


def check_each_route(requests, clients, *, within: float = 60) -> set[str]:
    """The names of the routes that answer 503; none answers 500, and each 503 says when to ask again."""
    cookies = {role: SimpleCookie(client.cookies) for role, client in clients.items()}
    unavailable, wrong = set(), []
    for row, role, where, sent in requests:
        clients[role].cookies = SimpleCookie(cookies[role])
        began = time.monotonic()
        answer = clients[role].generic(row.method, where, **sent)
        seconds, is_away = time.monotonic() - began, answer.status_code == 503
        is_told = "Retry-After" in answer and "no-store" in answer.headers.get("Cache-Control", "")
        if answer.status_code not in {row.status_of(role), 503} or (is_away and not is_told) or seconds > within:
            wrong.append((row.method, row.name, role, answer.status_code, seconds, is_told))
        if is_away:
            unavailable.add(row.name)
    for role, client in clients.items():
        client.cookies = cookies[role]
    assert not wrong
    return unavailable


def test_no_route_fails_or_waits_while_the_server_is_gone(site, requests, impatient):
    server, _world, clients = site
    with away(server, "stopped"):
        assert clients["nobody"].get("/en/").status_code == 503  # this process knows nothing yet
        found = check_each_route(requests, clients, within=SECOND + SLACK)
    assert {"clinic:record", "api:infusions", "admin:index", "account_login", "map-en", "ready"} <= found
    assert not {"live", "metrics"} & found


@pytest.mark.parametrize("code", CODES)
def test_no_route_takes_an_outage_for_a_fault_of_ours(site, requests, code, settings):
    """Each statement fails as a server's does that is full, starting, in recovery or overrun."""
    server, _world, clients = site
    kind = InternalError if code.startswith("25") else OperationalError

    def fail(*_statement):
        raise kind("made up") from lookup(code)("made up")

    with reached_at(server.port), connection.execute_wrapper(fail):
        found = check_each_route(requests, clients)
    assert {"clinic:record", "api:infusions", "admin:index", "map-en"} <= found


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_came_back_out_of_a_transaction_serves_another_kind_of_request():
    """Django leaves it without autocommit; what is set on it then begins a transaction that nobody ends."""

    def leave_and_ask() -> bool:
        connection.ensure_connection()
        left = connection.connection
        connection.set_autocommit(False)
        left.limits = {}  # as of another kind of request
        connection.close()
        found = []
        try:
            for _turn in range(20):
                connection.ensure_connection()
                found.append(connection.connection)
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
                connection.close()
        finally:
            connection.close()
        return left in found

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(leave_and_ask).result(30)
