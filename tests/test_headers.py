"""Every response of every route has the security headers of header_table.py, whatever comes of the request."""

import re
from http.cookies import SimpleCookie

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from registry.choices import Purpose
from swecar import own_database
from swecar.http import rate_limit
from tests import factories
from tests.header_table import ALWAYS, NO_PAGE, OWN_REFERRER, SIGNED_IN, group_of, limits_of
from tests.headers_page import PAGE, write_page
from tests.test_routes import ROWS, clients, named_routes, world  # noqa: F401 (fixtures)

LIMITS = {*ALWAYS, "Content-Security-Policy", "X-Frame-Options", "Cross-Origin-Resource-Policy"}
SHOWN = ("text/html", "application/json", "text/javascript")
HASH = re.compile(r"'sha256-[A-Za-z0-9+/=]{44}'(?: 'sha256-[A-Za-z0-9+/=]{44}')*")
pytestmark = pytest.mark.django_db


def test_every_route_stands_in_one_row_of_the_table():
    for route in named_routes():
        assert group_of(route), route


def test_the_documented_table_is_this_one():
    assert PAGE.read_text(encoding="utf-8") == write_page()


def compare(route: str, response) -> None:
    """Compare a response's headers with the table."""
    group, status = group_of(route), response.status_code
    found = {name: HASH.sub("'sha256-…'", value) for name, value in response.items() if name in LIMITS}
    wanted = dict(limits_of(group, status, response.get("Content-Type", "")))
    if route in OWN_REFERRER and status in {200, 302, 404}:
        wanted["Referrer-Policy"] = OWN_REFERRER[route]
    assert found == wanted, (route, status)
    assert "unsafe-inline" not in str(response.headers)
    if group in SIGNED_IN and status == 200 and not response.get("Content-Type", "").startswith(SHOWN):
        assert response["Content-Disposition"].startswith("attachment"), route
    kept = response.get("Cache-Control", "")
    if status in {200, 304} and response.request["REQUEST_METHOD"] == "GET":
        assert kept in group.kept, (route, status)
        assert status == 304 or response.get("Vary", "") in group.vary, route
    else:
        assert "no-store" in kept, (route, status)


def ask(signed_in, row, world, **changes):  # noqa: F811
    """What a row's request is answered, with changes of its method or its headers; signed in again."""
    client, cookie = signed_in
    client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: cookie} if cookie else {})
    with factories.rolled_back():
        address, sent = reverse(row.name, kwargs=dict(row.args(world))), row.request(world)
        sent["headers"] = sent["headers"] | changes.get("headers", {})
        return client.generic(changes.get("method", row.method), address + changes.get("query", ""), **sent)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.name}")
def test_what_a_route_answers_has_the_headers_of_its_row(row, world, clients):  # noqa: F811
    """Of nobody and of an administrator: 200, 302, 401, 403, 404 and what a form says."""
    for role in ("nobody", "administrator"):
        client = clients[role]
        for changes in ({}, {"headers": {"host": "evil.example"}}, {"query": "?x=%00"}, {"method": "DELETE"}):
            compare(row.name, ask(client, row, world, **changes))


READ = [row for row in ROWS if row.method == "GET"]


@pytest.mark.parametrize("row", READ, ids=lambda row: row.name)
def test_what_is_unchanged_or_not_to_be_had_has_them_too(row, world, clients, settings, monkeypatch):  # noqa: F811
    """304, 429, 500 and 503."""
    client, found = clients["administrator"], {}

    def note(response) -> None:
        found[response.status_code] = True
        compare(row.name, response)

    first = ask(client, row, world)
    if "ETag" in first:
        unchanged = ask(client, row, world, headers={"if-none-match": first["ETag"]})
        assert unchanged.status_code == 304
        note(unchanged)
    settings.RATE_LIMIT = 1
    monkeypatch.setattr(rate_limit, "_taken", {})
    for _time in range(2):
        note(ask(client, row, world))
    settings.RATE_LIMIT = 10**9
    monkeypatch.setattr(own_database, "remembered_purpose", lambda: Purpose.DEMONSTRATION)
    note(ask(client, row, world))
    for error in (OperationalError, ZeroDivisionError):

        def fail(error=error):
            raise error

        monkeypatch.setattr(own_database, "remembered_purpose", fail)
        note(ask(client, row, world))
    assert found.keys() & {500, 503} or row.name in {"live", "metrics"}


@pytest.mark.parametrize(
    ("path", "like"),
    [
        ("/nothing", "map-sv"), ("/en/nothing", "map-sv"), ("/docs/nothing", "map-sv"),
        ("/clinic/nothing", "clinic:"), ("/health/nothing", "live"),
        ("/static/nothing.css", "api:not-found"), ("/api/nothing", "api:not-found"),
    ],
)  # fmt: skip
def test_what_no_route_answers_has_them(db, path, like):
    response = Client().get(path)
    assert response.status_code == 404
    compare(like, response)


@pytest.mark.parametrize("name", ["pages/public.css", "pages/map.js", "pages/icon.svg", "admin/css/base.css"])
def test_static_files_have_them(db, settings, name):
    settings.WHITENOISE_USE_FINDERS = True  # as they are here, collected or not
    response = Client().get(f"/static/{name}")
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert (
        policy.startswith("default-src 'none'; style-src 'none';") if name.endswith("svg") else policy == NO_PAGE
    )
    assert {name: response[name] for name in ALWAYS} == ALWAYS
    assert "max-age" in response["Cache-Control"]


def test_https_is_to_stay_where_there_is_any(world, settings):  # noqa: F811
    settings.SECURE_HSTS_SECONDS, settings.SECURE_SSL_REDIRECT = 31536000, True
    for path in ("/", "/api/v1/map", "/clinic/", "/health/live", "/nothing", "/static/pages/public.css"):
        response = Client().get(path, secure=True)
        assert response["Strict-Transport-Security"] == "max-age=31536000", path
    redirect = Client().get("/")
    assert (redirect.status_code, redirect["Location"]) == (301, "https://testserver/")
    assert {name: redirect[name] for name in ALWAYS} == ALWAYS
