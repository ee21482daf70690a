"""Kept answers that are given again before the service is asked: the very same, or not at all."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registry.published.current_snapshot import read_current
from registry.publishing.publish import publish
from swecar.http import replay_cache
from swecar.http.replay_cache import find_cached
from tests import factories

# And what each costs whoever asks.
PATHS = {
    "/api/v1/map": 1,
    "/api/v1/counts?by=centre&lang=en": 1,
    "/api/v1/centres": 1,
    "/api/v1/catalogue.rdf": 1,
    "/api/v1/map.pdf": 20,
    "/": 0,
    "/en/?centre=UPP": 0,
}


class Asked(Exception):
    """The service was asked."""


OF_ONE_RESPONSE = ("RateLimit", "X-Request-ID")


@pytest.fixture
def published(lists):
    factories.store_rows(lists, [factories.plain_row(person=one, centre="UPP") for one in range(3)])
    replay_cache._cached.clear()
    return publish()


def current_hash() -> str:
    """The process remembers it for a moment alone, which a page may outlast."""
    return read_current().hash


def answer(environ, *, spend=lambda _meta, cost: {"RateLimit": f"some, less {cost}"}, current=current_hash):
    """What is kept: status, headers and body; raises Asked where the service would be asked."""
    if (found := find_cached(environ, current=current, spend=spend)) is None:
        raise Asked
    return found


def first(path: str, **headers):
    return Client().get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(("path", "cost"), PATHS.items())
def test_the_same_question_gets_the_same_answer_without_a_query(published, monkeypatch, path, cost):
    monkeypatch.setattr(replay_cache, "LARGEST", 10**6)
    before = first(path, Accept_Encoding="gzip")
    with CaptureQueriesContext(connection) as asked:
        status, headers, body = answer(before.wsgi_request.META)
    assert len(asked) == 0
    assert (status, body) == ("200 OK", before.content)
    told = {name: value for name, value in headers if not name.startswith(OF_ONE_RESPONSE)}
    assert told == {name: value for name, value in before.items() if not name.startswith(OF_ONE_RESPONSE)}
    assert dict(headers).get("RateLimit") == (f"some, less {cost}" if cost else None)


def test_who_has_it_already_is_told_so(published):
    before = first("/api/v1/map")
    environ = before.wsgi_request.META | {"HTTP_IF_NONE_MATCH": before["ETag"]}

    def spend(_meta, _cost):
        pytest.fail("an unchanged answer is free")

    status, headers, body = answer(environ, spend=spend)
    assert (status, body) == ("304 Not Modified", b"")
    plain = Client().get("/api/v1/map", headers={"If-None-Match": before["ETag"]})
    assert plain.status_code == 304
    told, plainly = dict(headers), dict(plain.items())
    assert told.pop("X-Request-ID") != plainly.pop("X-Request-ID")
    assert told == plainly


@pytest.mark.parametrize(
    "change",
    [
        {"QUERY_STRING": "lang=en"}, {"HTTP_ACCEPT": "text/csv"}, {"HTTP_ACCEPT_LANGUAGE": "en"},
        {"HTTP_ACCEPT_ENCODING": "gzip"}, {"HTTP_HOST": "another"}, {"wsgi.url_scheme": "https"},
        {"REQUEST_METHOD": "HEAD"}, {"REQUEST_METHOD": "POST"}, {"HTTP_IF_NONE_MATCH": '"another"'},
        {"HTTP_IF_NONE_MATCH": "*"}, {"HTTP_IF_MODIFIED_SINCE": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"PATH_INFO": "/api/v1/map/"},
    ],
)  # fmt: skip
def test_another_question_goes_to_the_service(published, change):
    environ = first("/api/v1/map").wsgi_request.META
    assert answer(environ)[0] == "200 OK"
    with pytest.raises(Asked):
        answer(environ | change)


def test_a_new_snapshot_is_never_hidden(published, lists):
    environ = first("/api/v1/map").wsgi_request.META
    factories.store_rows(lists, [factories.plain_row(person=9)])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_revision SET number = number + 1")
    publish()
    with pytest.raises(Asked):
        answer(environ)
    with pytest.raises(Asked):
        answer(environ, current=lambda: None)  # this process would have to ask which one is current


def test_one_too_many_goes_to_the_service_which_says_so(published):
    environ = first("/api/v1/map").wsgi_request.META
    with pytest.raises(Asked):
        answer(environ, spend=lambda _meta, _cost: None)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/status", "/api/v1/releases", "/api/v1/nothing", "/api/v1/map?x=1", "/utgavor/",
        "/accounts/login/", "/health/live", "/metrics",
    ],
)  # fmt: skip
def test_what_depends_on_more_than_the_snapshot_is_not_kept(published, path):
    environ = first(path).wsgi_request.META
    with pytest.raises(Asked):
        answer(environ)


def test_large_answers_and_too_many_are_not_kept(published, monkeypatch):
    monkeypatch.setattr(replay_cache, "LARGEST", 10)
    with pytest.raises(Asked):
        answer(first("/api/v1/map").wsgi_request.META)
    monkeypatch.setattr(replay_cache, "LARGEST", 64_000)
    monkeypatch.setattr(replay_cache, "MOST_RESPONSES", 3)
    for year in range(2010, 2020):
        first(f"/api/v1/counts?as_of={year}-01-01")
    assert len(replay_cache._cached) <= 3
