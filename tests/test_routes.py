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
