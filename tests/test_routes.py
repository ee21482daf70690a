"""The table of who gets what, over every route there is: pages, API and admin.

A route or a method without a row fails here; so does a row whose route is gone.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver, reverse

from tests import factories, route_rows
from tests.routes import ROLES, Row, World, store_world

pytestmark = pytest.mark.django_db  # without it no database is made, also not for the module's world
ROWS: list[Row] = [
    row
    for module in pkgutil.iter_modules(route_rows.__path__)
    for row in importlib.import_module(f"tests.route_rows.{module.name}").ROWS
]


def named_routes() -> set[str]:
    """Every route by its name, with its namespace."""
    found = set()

    def walk(patterns, namespace=""):
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                walk(pattern.url_patterns, inner)
            else:
                assert pattern.name, f"a route without a name: {pattern.pattern}"
                found.add(namespace + pattern.name)

    walk(get_resolver().url_patterns)
    return found


def test_every_route_has_a_row_and_every_row_a_route():
    assert {row.name for row in ROWS} == named_routes()


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    """Someone of each role, an infusion at UPP, and what belongs to it; each row leaves it as it was."""
    with django_db_blocker.unblock(), factories.rolled_back():
        yield store_world(factories.store_lists())


@pytest.fixture(scope="module")
def clients(world) -> dict[str, tuple[Client, str]]:
    """A browser of each role, signed in once, with its cookie; a new one for each row takes its time."""
    opened = {"nobody": (Client(raise_request_exception=False), "")}
    for role, user in world.users.items():
        client = Client(raise_request_exception=False)
        client.force_login(user)
        opened[role] = client, client.cookies[settings.SESSION_COOKIE_NAME].value
    return opened


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.name}")
def test_each_role_is_answered_as_the_table_says(row, world, clients):
    address = reverse(row.name, kwargs=dict(row.args(world)))
    answers = {}
    for role in ROLES:
        client, cookie = clients[role]
        client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: cookie} if cookie else {})
        with factories.rolled_back():
            answers[role] = client.generic(row.method, address, **row.request(world)).status_code
    assert answers == {role: row.status_of(role) for role in ROLES}


# The zero byte, which no text of the database may hold.

NUL = "%00"
ASKED = (
    "as_of", "by", "category", "centre", "cursor", "format", "from", "kind", "lang", "measures", "month", "next",
    "o", "patient", "q", "since", "snapshot", "status", "status__exact", "to", "year",
)  # fmt: skip
READING = [row for row in ROWS if row.method == "GET"]
WRITING = [row for row in ROWS if row.method == "POST" and not row.name.startswith("api:")]


def ask_as(clients, row, address: str) -> dict[str, int]:
    """What a stranger is answered at an address, and the first one who may have the row's page."""
    able = next((role for role in ROLES if row.status_of(role) == 200), "administrator")
    answers = {}
    for role in {"nobody", able}:
        client, cookie = clients[role]
        client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: cookie} if cookie else {})
        with factories.rolled_back():
            answers[role] = client.get(address).status_code
    return answers


def part_by_part(address: str, given: set[str]) -> list[str]:
    """The address with a zero byte for each of its arguments, and after its end."""
    parts = address.split("/")
    places = [place for place, part in enumerate(parts) if part in given]
    replaced = ["/".join([*parts[:place], NUL, *parts[place + 1 :]]) for place in places]
    return [*replaced, address.removesuffix("/") + f"/{NUL}"]


def each_reading(world) -> Iterator[tuple[Row, dict]]:
    """Every page that is read, with its arguments; what these need is there until the next one."""
    for row in READING:
        with factories.rolled_back():
            yield row, dict(row.args(world))


def test_no_address_holds_a_zero_byte(world, clients):
    for row, given in each_reading(world):
        for address in part_by_part(reverse(row.name, kwargs=given), set(map(str, given.values()))):
            assert set(ask_as(clients, row, address).values()) <= {401, 404}, address


def test_no_question_holds_a_zero_byte(world, clients):
    """The interface says itself which parameter is wrong, and knows who asks first."""
    for row, given in each_reading(world):
        address = reverse(row.name, kwargs=given)
        if address.startswith("/api/"):
            for name in ASKED:
                answers = ask_as(clients, row, f"{address}?{name}={NUL}")
                assert max(answers.values()) < 500, (name, answers)
        else:
            assert set(ask_as(clients, row, f"{address}?x={NUL}").values()) == {400}, address
            assert set(ask_as(clients, row, f"{address}?{NUL}").values()) == {400}, address


def test_no_cookie_holds_a_zero_byte(world):
    client = Client(raise_request_exception=False)
    client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: "\0" * 32})
    for row, given in each_reading(world):
        address = reverse(row.name, kwargs=given)
        answer = client.get(address)
        assert answer.status_code == 400, address
        is_api = address.startswith("/api/")
        assert answer["Content-Type"].startswith("application/problem+json" if is_api else "text/html"), address


@pytest.mark.parametrize("row", WRITING, ids=lambda row: row.name)
def test_a_form_refuses_a_zero_byte_itself(row, world, clients):
    address, data = reverse(row.name, kwargs=dict(row.args(world))), dict(row.data(world))
    client, cookie = clients[
        next((role for role in ROLES[1:] if row.status_of(role) in {200, 302}), "administrator")
    ]
    for name in {*data, "next", "reason"}:
        client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: cookie})
        with factories.rolled_back():
            assert client.post(address, data | {name: "a\0b"}).status_code < 500, name
