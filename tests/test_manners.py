"""How the public interface behaves on the wire: limits, dates, methods, other origins, addresses that go."""

import json
import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import parse_http_date

from api.public import base, numbers
from registry.models import Snapshot
from registry.published import count_limits
from registry.publishing.publish import publish
from swecar.http import rate_limit, snapshot_response, tolerant_cache
from swecar.http.tolerant_cache import SharedCache
from tests import factories

PATHS = ("map", "counts?by=centre", "centres", "categories", "products", "indications", "trials", "measures",
         "snapshots", "snapshots/1", "snapshots/1/changes?since=1", "releases", "status", "config")  # fmt: skip
OF_A_SNAPSHOT = [path for path in PATHS if path.split("/")[0] not in {"measures", "releases", "status", "config"}]
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def published(kept_lists):
    factories.store_rows(kept_lists, [factories.plain_row(person=one, centre="UPP") for one in range(3)])
    return publish()


@pytest.fixture(autouse=True)
def own_minute(monkeypatch):
    """Nobody has asked yet, and the minute does not end in the middle of a test."""
    monkeypatch.setattr(rate_limit, "_taken", {})
    monkeypatch.setattr(rate_limit.time, "time", lambda: 1_800_000_010.0)


def ask(path: str, **headers):
    return Client().get(
        f"/api/v1/{path}", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


class TestRate:
    """So many answers a minute."""

    @pytest.mark.parametrize("path", PATHS)
    def test_every_answer_tells_what_is_left(self, published, settings, path):
        settings.RATE_LIMIT = 50
        answers = [ask(path) for _time in range(2)]
        assert [one["RateLimit"] for one in answers] == ['"default";r=49;t=50', '"default";r=48;t=50']
        assert answers[0]["RateLimit-Policy"] == '"default";q=50;w=60'

    def test_who_asks_too_often_is_told_how_long_to_wait(self, published, settings):
        settings.RATE_LIMIT = 3
        assert [ask("map").status_code for _time in range(4)] == [200, 200, 200, 429]
        refused = ask("counts?by=centre")
        assert refused.status_code == 429
        assert refused["Retry-After"] == "50"
        assert refused["RateLimit"] == '"default";r=0;t=50'
        assert refused["Content-Type"] == "application/problem+json"
        body = json.loads(refused.content)
        assert body["code"] == "too_many_requests"
        assert "If-None-Match" in body["detail"]

    def test_an_unchanged_answer_is_free(self, published, settings):
        settings.RATE_LIMIT = 1
        etag = ask("map")["ETag"]
        assert [ask("map", If_None_Match=etag).status_code for _time in range(3)] == [304] * 3
        assert ask("map").status_code == 429

    def test_the_next_minute_begins_anew(self, published, settings, monkeypatch):
        settings.RATE_LIMIT = 1
        assert [ask("map").status_code for _time in range(2)] == [200, 429]
        monkeypatch.setattr(rate_limit.time, "time", lambda: 1_800_000_061.0)
        assert ask("map").status_code == 200

    def test_processes_share_one_count(self, published, settings, monkeypatch):
        settings.RATE_LIMIT = 2
        for expected in (200, 200, 429):
            monkeypatch.setattr(rate_limit, "_taken", {})  # another process
            assert ask("map").status_code == expected

    def test_each_client_has_its_own(self, published, settings):
        settings.RATE_LIMIT = 1
        settings.PROXIES = 1
        said = [ask("map", X_Forwarded_For=f"198.51.100.9, 203.0.113.{last}").status_code for last in (1, 1, 2)]
        assert said == [200, 429, 200]

    def test_what_is_drawn_counts_as_several(self, published, settings):
        settings.RATE_LIMIT = 50
        told = [ask(path) for path in ("map.svg", "map.pdf", "map", "map?format=png")]
        assert [one["RateLimit"] for one in told] == [f'"default";r={count};t=50' for count in (49, 29, 28, 8)]
        refused = ask("map.pdf", Accept_Language="en")
        assert (refused.status_code, refused["RateLimit"]) == (429, '"default";r=8;t=50')
        assert "this one counts as 20" in refused.json()["detail"]
        assert ask("map.pdf", If_None_Match=told[1]["ETag"]).status_code == 304
        assert [ask("map").status_code for _time in range(9)] == [200] * 8 + [429]

    def test_processes_share_one_count_of_what_is_drawn(self, published, settings, monkeypatch):
        settings.RATE_LIMIT = 50
        answers = []
        for _time in range(3):
            monkeypatch.setattr(rate_limit, "_taken", {})  # another process
            answers.append(ask("map.pdf"))
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert [one["RateLimit"] for one in answers] == [f'"default";r={count};t=50' for count in (30, 10, 10)]

    def test_what_costs_more_than_a_minute_has_takes_all_of_it(self, published, settings):
        settings.RATE_LIMIT = 7
        assert [ask("map.pdf").status_code for _time in range(2)] == [200, 429]

    def test_no_address_is_kept(self, published, settings):
        ask("map")
        assert "127.0.0.1" not in str(list(rate_limit._taken))

    def test_without_the_cache_nobody_is_counted(self, published, settings, cache_down):
        settings.RATE_LIMIT = 1
        cache_down()
        assert [ask("map").status_code for _time in range(3)] == [200] * 3


@pytest.fixture
def silent_cache(settings, monkeypatch):
    """A port that takes every connection and never speaks, as the cache; the connections that it has."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        taken = []

        def take():
            with suppress(OSError):  # closed at the end
                while True:
                    taken.append(silent.accept()[0])

        threading.Thread(target=take, daemon=True).start()
        address, options = f"redis://127.0.0.1:{silent.getsockname()[1]}/0", settings.CACHES["default"]["OPTIONS"]
        monkeypatch.setattr(rate_limit, "cache", SharedCache(address, {"OPTIONS": options}))
        yield taken
        silent.shutdown(socket.SHUT_RDWR)
    for one in taken:
        one.close()


class TestCacheThatSaysNothing:
    """It is waited for by all at once, and then left alone."""

    def test_new_clients_wait_beside_one_another(self, settings, silent_cache):
        seen = []  # how many had asked the cache when each was answered

        def spend(place):
            rate_limit.spend({"REMOTE_ADDR": f"192.0.2.{place}"}, 1)
            seen.append(len(silent_cache))

        threads = [threading.Thread(target=spend, args=[place]) for place in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(seen) == 8
        assert seen[0] > 1

    def test_it_is_not_asked_again_for_some_seconds(self, silent_cache):
        rate_limit.spend({"REMOTE_ADDR": "192.0.2.1"}, 1)
        asked = len(silent_cache)
        assert asked
        for place in range(40):
            rate_limit.spend({"REMOTE_ADDR": f"192.0.2.{place}"}, 1)
        assert len(silent_cache) == asked
        tolerant_cache.Client.away_until = 0.0  # they are over
        rate_limit.spend({"REMOTE_ADDR": "192.0.2.99"}, 1)
        assert len(silent_cache) > asked


class TestDates:
    """Last-Modified is when the snapshot was built."""

    @pytest.mark.parametrize("path", OF_A_SNAPSHOT)
    def test_every_answer_of_a_snapshot_has_its_date(self, published, path):
        built = Snapshot.objects.get().built_at
        assert parse_http_date(ask(path)["Last-Modified"]) == built.timestamp()

    def test_who_knows_the_date_alone_is_told_that_nothing_has_changed(self, published):
        date = ask("map")["Last-Modified"]
        assert ask("map", If_Modified_Since=date).status_code == 304
        assert ask("map", If_Modified_Since="Mon, 01 Jan 2001 00:00:00 GMT").status_code == 200
        assert ask("map", If_Modified_Since="yesterday").status_code == 200

    def test_the_tag_goes_before_the_date(self, published):
        date = ask("map")["Last-Modified"]
        assert ask("map", If_Modified_Since=date, If_None_Match='"another"').status_code == 200
        assert ask("map", If_None_Match="*").status_code == 304

    @pytest.mark.parametrize("path", ["counts?centre=XXX", "map?snapshot=99", "snapshots/99"])
    def test_anything_matches_only_what_there_is(self, published, path):
        assert ask(path, If_None_Match="*").status_code == ask(path).status_code >= 400


def test_the_description_has_a_tag_and_the_page_to_try_it_is_kept_by_nobody(published):
    """The page holds a form's token, another for each visitor."""
    assert ask("schema", If_None_Match=ask("schema")["ETag"]).status_code == 304
    assert "ETag" not in ask("docs")
    assert ask("docs")["Cache-Control"] == "no-store"
    for query in ("bogus=1", "format=xml", "lang=de"):
        refused = ask(f"docs?{query}")
        assert (refused.status_code, refused.json()["code"]) == (400, "unknown_parameter")


class TestMethods:
    """GET, HEAD and OPTIONS, and no other."""

    @pytest.mark.parametrize("path", PATHS)
    def test_head_is_get_without_the_body(self, published, path):
        client = Client()
        got, head = (getattr(client, name)(f"/api/v1/{path}") for name in ("get", "head"))
        names = ("Content-Type", "ETag", "Last-Modified", "Cache-Control", "Content-Language")
        assert head.content == b""
        assert [head.get(name) for name in names] == [got.get(name) for name in names]
        assert int(head.get("Content-Length", len(got.content))) == len(got.content)

    @pytest.mark.parametrize("path", [*PATHS, "docs"])
    def test_a_page_of_another_origin_may_ask(self, published, path):
        told = Client().options(f"/api/v1/{path}")
        assert told.status_code == 200
        assert told["Allow"] == "GET, HEAD, OPTIONS"
        assert told["Access-Control-Allow-Origin"] == "*"
        assert told["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
        assert "If-None-Match" in told["Access-Control-Allow-Headers"]
        got = ask(path)
        assert got["Access-Control-Allow-Origin"] == "*"
        assert {"ETag", "RateLimit", "Retry-After"} <= set(got["Access-Control-Expose-Headers"].split(", "))

    @pytest.mark.parametrize("path", [*PATHS, "docs"])
    def test_nothing_is_written(self, published, path):
        for method in ("post", "put", "patch", "delete"):
            refused = getattr(Client(), method)(f"/api/v1/{path}")
            assert refused.status_code == 405
            assert refused["Allow"] == "GET, HEAD, OPTIONS"

    @pytest.mark.parametrize("path", PATHS)
    def test_a_slash_at_the_end_changes_nothing(self, published, path):
        name, mark, query = path.partition("?")
        assert ask(f"{name}/{mark}{query}").content == ask(path).content


def test_an_address_that_will_go_says_so(published, monkeypatch):
    going = base.Deprecation(datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC), "/docs/changes")
    monkeypatch.setattr(numbers.MapView, "deprecation", going)
    answer = ask("map")
    assert answer["Deprecation"] == "@1798761600"
    assert answer["Sunset"] == "Sat, 01 Jan 2028 00:00:00 GMT"
    assert '</docs/changes>; rel="deprecation"' in answer["Link"]
    assert "Deprecation" not in ask("counts")


class TestCost:
    """What would be too much is refused before it is counted."""

    def test_rows_are_bounded_by_what_there_is(self, published):
        assert ask("counts?by=month,product,indication,centre").status_code == 200

    def test_too_many_rows_are_refused_without_counting(self, published, monkeypatch):
        monkeypatch.setattr(count_limits, "MOST_COST", 5)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            refused = ask("counts?by=centre,category")
        assert refused.status_code == 400
        body = json.loads(refused.content)
        assert (body["code"], body["parameter"]) == ("too_costly", "by")
        assert "3 rows" in body["detail"]
        assert not any("registry_fact" in one["sql"] for one in asked)
        assert ask("counts?by=centre,category&centre=UPP&category=SOC").status_code == 200
        assert ask("counts").status_code == 200

    def test_config_tells_the_limits(self, published, settings):
        settings.RATE_LIMIT = 77
        limits = ask("config").json()
        assert limits["rates"] == {
            "answers": 77, "seconds": 60, "costs": dict.fromkeys(("png", "png-print", "pdf", "pptx"), 20),
        }  # fmt: skip
        assert (limits["most_rows"], limits["most_cost"]) == (count_limits.MOST_ROWS, count_limits.MOST_COST)
        assert limits["tables"] is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("counts?centre=UPP,STO&by=year", "counts/?by=year&centre=STO,UPP&lang=sv"),
        ("counts?measures=infusions,patients", "counts?measures=patients,infusions"),
        ("counts?by=year", "counts.json?by=year"),
        ("map", "map?format=json"),
    ],
)
def test_two_spellings_of_one_question_are_one(published, one, other):
    first, second = ask(one), ask(other)
    assert first["ETag"] == second["ETag"]
    with CaptureQueriesContext(connection) as asked:
        ask(other)
    assert len(asked) == 0


@pytest.mark.parametrize("path", ["counts?by=centre", "map.csv", "map.pdf"])
def test_an_answer_of_many_bytes_is_made_anew(published, monkeypatch, path):
    size = len(ask(path).content)
    for largest, is_kept in ((size - 1, False), (size, True)):
        caches["responses"].clear()
        monkeypatch.setattr(snapshot_response, "LARGEST_KEPT", largest)
        first = ask(path)
        with CaptureQueriesContext(connection) as asked:
            second = ask(path)
        assert (first.content, first["ETag"]) == (second.content, second["ETag"])
        assert (len(asked) == 0) is is_kept


ROUTES = (
    *PATHS, "map?as_of=2020-06-30", "map.csv", "counts?by=centre,category,sex,year&category=SOC&from=2020-01-01",
    "catalogue", "catalogue.rdf", "measure-reports", "measure-reports/UPP?as_of=2020-12-31", "schema",
)  # fmt: skip
PAGES = (
    "/", "/en/?centre=UPP&as_of=2020-06-30", "/sa-raknar-vi/", "/aktualitet/", "/dela/", "/inbaddad/", "/utgavor/",
    "/tillganglighet/", "/integritet/",
)  # fmt: skip


@pytest.mark.parametrize("address", [*(f"/api/v1/{path}" for path in ROUTES), *PAGES])
def test_the_number_of_queries_is_pinned(published, address):
    """At most two that read for a first answer, where it is known which snapshot is current; then none."""
    ask("snapshots")  # which is current is known, as it is in a process that answers
    assert len(reading(address)) <= (3 if "status" in address else 2)
    if "status" in address:
        return
    answer = Client().get(address)
    assert reading(address) == []
    assert reading(address, If_None_Match=answer["ETag"]) == []


def reading(address: str, **headers) -> list[str]:
    """The statements with which an answer is read; what begins and ends a transaction is none."""
    with CaptureQueriesContext(connection) as asked:
        answer = Client().get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == (304 if headers else 200)
    return [one["sql"] for one in asked if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "SET "))]
