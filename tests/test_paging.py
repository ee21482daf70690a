"""Public lists that grow for ever: pages of 100, by cursor, each row once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from registry.models import Publication, Snapshot
from registry.models.release import Release
from registry.published.current_snapshot import forget_current

SNAPSHOTS, RELEASES = 205, 203


@pytest.fixture
def grown(db):
    """A registry that has published for long; the host of the addresses is the client's."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    found = Snapshot.objects.bulk_create(
        Snapshot(
            number=number,
            hash=f"sha256:{number:064x}",
            built_at=moment + timedelta(hours=number),
            disclosure="exact",
            map_document={},
            code_lists={},
            facts=0,
        )
        for number in range(1, SNAPSHOTS + 1)
    )
    Release.objects.bulk_create(
        Release(
            name=f"release-{number}",
            title_sv=f"Utgåva {number}",
            title_en=f"Release {number}",
            snapshot=found[number],
            documents={},
            changes={},
            released_at=timezone.now(),
            released_by="steward",
        )
        for number in range(1, RELEASES + 1)
    )
    Publication.objects.update_or_create(id=1, defaults={"snapshot": found[-1]})
    forget_current()
    yield
    forget_current()


def read(path: str, status: int = 200) -> dict:
    response = Client().get(path)
    assert response.status_code == status, response.content
    return response.json()


def walk(path: str, name: str, way: str = "next") -> list[list]:
    """All pages from a URL on, as a client follows them: by the addresses that it is given."""
    pages = []
    while path:
        body = read(path)
        pages.append(body[name])
        path = body[way]
    return pages


LISTS = [("snapshots", "number", SNAPSHOTS), ("releases", "title", RELEASES)]


@pytest.mark.parametrize(("name", "key", "count"), LISTS)
def test_a_list_is_pages_of_100_and_has_each_row_once(grown, name, key, count):
    pages = walk(f"/api/v1/{name}", name)
    assert [len(page) for page in pages] == [100, 100, count - 200]
    rows = [str(row[key]) for page in pages for row in page]
    assert len(set(rows)) == count
    first = read(f"/api/v1/{name}")
    assert first["previous"] is None
    assert first["next"].startswith("http://testserver/api/v1/")


@pytest.mark.parametrize(("name", "key", "count"), LISTS)
def test_it_can_be_walked_back_from_its_end_and_in_pages_of_ones_own(grown, name, key, count):
    forward = walk(f"/api/v1/{name}?limit=60&lang=en", name)
    assert [len(page) for page in forward] == [60, 60, 60, count - 180]
    last = f"/api/v1/{name}?limit=60&lang=en"
    while (following := read(last)["next"]) is not None:
        last = following
    assert list(reversed(walk(last, name, way="previous"))) == forward


def test_a_new_snapshot_shifts_no_page(grown):
    following = read("/api/v1/snapshots")["next"]
    before = read(following)["snapshots"]
    newest = Snapshot.objects.create(
        number=SNAPSHOTS + 1, hash=f"sha256:{'f' * 64}", built_at=timezone.now(), disclosure="exact",
        map_document={}, code_lists={}, facts=0,
    )  # fmt: skip
    Publication.objects.update(snapshot=newest)
    forget_current()
    assert read("/api/v1/snapshots")["snapshots"][0]["number"] == SNAPSHOTS + 1
    assert read(following)["snapshots"] == before


@pytest.mark.parametrize("name", ["snapshots", "releases"])
@pytest.mark.parametrize(
    ("query", "code", "parameter"),
    [
        ("cursor=xyz", "cursor_invalid", "cursor"),
        ("cursor=", "cursor_invalid", "cursor"),
        ("cursor=bi05OTk5OTk5OTk5OTk5OTk5OTk5", "cursor_invalid", "cursor"),
        ("limit=0", "unknown_value", "limit"),
        ("limit=201", "unknown_value", "limit"),
        ("limit=many", "unknown_value", "limit"),
        ("page=2", "unknown_parameter", "page"),
    ],
)
def test_what_is_no_page_is_refused_and_named(grown, name, query, code, parameter):
    problem = read(f"/api/v1/{name}?{query}", 400)
    assert (problem["code"], problem["parameter"]) == (code, parameter)


def test_a_page_has_an_etag_of_its_own(grown):
    client = Client()
    first = client.get("/api/v1/snapshots")
    second = client.get(first.json()["next"])
    assert first["ETag"] != second["ETag"]
    again = client.get(first.json()["next"], headers={"If-None-Match": second["ETag"]})
    assert again.status_code == 304
    assert client.get("/api/v1/snapshots?limit=7")["ETag"] != first["ETag"]


def test_the_page_and_the_feed_of_releases_have_an_end(grown):
    """The page leads on to what is older; a feed has the latest, as feeds do."""
    found, address = [], "/utgavor/"
    while address:
        page = Client().get(address)
        assert page.status_code == 200
        text = page.content.decode()
        here = re.findall(r'href="/utgavor/(release-\d+)/"', text)
        assert len(here) <= 100
        found += here
        onward = re.search(r'<a href="([^"]+)" rel="next"', text)
        address = onward and onward[1].replace("&amp;", "&")
    assert found == [f"release-{number}" for number in range(RELEASES, 0, -1)]
    feed = Client().get("/utgavor/atom.xml").content.decode()
    assert re.findall(r"<id>tag:swecar,2026:releases:(release-\d+)</id>", feed) == found[:100]
