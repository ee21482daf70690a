"""What a public process serves: its own part of the site, the same as the whole site does, and nothing else."""

import re

import pytest
from django.test import Client, override_settings
from django.urls import clear_url_caches, reverse, set_urlconf

from registry.pages.public.layout import PLACES
from tests import factories
from tests.routes import store_world
from tests.test_routes import ROWS

PUBLIC = [
    "/", "/en/", *(place for both in PLACES.values() for place in both.values()), "/robots.txt", "/sitemap.xml",
    "/api-info", "/api/v1/map", "/api/v1/map.svg", "/api/v1/counts?by=sex", "/api/v1/centres", "/api/v1/status",
    "/api/v1/schema", "/api/v1/docs", "/health/live", "/health/ready",
]  # fmt: skip
OF_RECORDS = re.compile(r"/(en/)?(clinic|accounts)/|/admin/|/api/v1/(infusions|imports|referrals|questions|me)\b")


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), factories.rolled_back():
        yield store_world(factories.store_lists())


@pytest.fixture
def public_alone():
    with override_settings(ROOT_URLCONF="swecar.public_urls"):
        clear_url_caches()
        set_urlconf(None)
        yield
    clear_url_caches()
    set_urlconf(None)


def addresses_of_records(world) -> set[tuple[str, str]]:
    """Every route of those who sign in, with its method."""
    found = set()
    for row in ROWS:
        with factories.rolled_back():
            found.add((row.method, reverse(row.name, kwargs=dict(row.args(world)))))
    return {(method, address) for method, address in found if OF_RECORDS.match(address)}


@pytest.mark.django_db
def test_the_public_process_has_no_address_of_records(world, request):
    of_records = addresses_of_records(world)
    assert len(of_records) > 150
    request.getfixturevalue("public_alone")
    client = Client(raise_request_exception=False)
    client.force_login(world.users["administrator"])
    found = {
        (method, address): status
        for method, address in sorted(of_records)
        if (status := client.generic(method, address).status_code) not in (404, 405)
    }
    assert found == {}


@pytest.mark.django_db
@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_process_serves_what_the_whole_site_does(world, address, request):
    whole = Client().get(address)
    request.getfixturevalue("public_alone")
    alone = Client().get(address)
    assert (alone.status_code, whole.status_code) == (200, 200)
    assert alone.headers.get("ETag") == whole.headers.get("ETag")
    if "no-store" not in alone.headers.get("Cache-Control", ""):
        assert alone.content == whole.content


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/nothing", "/.well-known/change-password", "/clinic", "/api/v1/me/"])
def test_the_public_process_knows_no_other_address(world, address, public_alone):
    assert Client(raise_request_exception=False).get(address).status_code == 404
