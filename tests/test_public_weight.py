"""What a public page weighs with all that it loads, compressed as it is sent; and that it asks no other host."""

import gzip
import re
from pathlib import Path

import pytest

import registry
from registry.pages.public.layout import PLACES
from registry.publishing.publish import publish
from tests import factories

pytestmark = pytest.mark.django_db
STATIC = Path(registry.__file__).parent / "pages" / "static"
MOST = 150_000
PAGES = ["/", "/en/", *(place for places in PLACES.values() for place in places.values())]


@pytest.fixture(scope="module")
def published(kept_lists):
    for place, centre in enumerate(("UPP", "STO", "UME", "LUN", "GOT", "LIN")):
        if centre in kept_lists.centres:
            factories.record(kept_lists, factories.nth_number(place), centre=centre, infused_on="2020-05-05")
    publish()
    return kept_lists


def list_loaded(page: str) -> set[str]:
    """The addresses of all that a page loads by itself; a frame's page is a page of its own."""
    tags = re.findall(r"<(?:script|img|source|link)\b[^>]*>", page)
    loads = [
        tag for tag in tags if not tag.startswith("<link") or re.search(r'rel="(stylesheet|icon|preload)"', tag)
    ]
    return {found[1] for tag in loads if (found := re.search(r'\s(?:src|href)="([^"]+)"', tag))}


def weigh(address: str) -> int:
    """The bytes of a static file as it is sent, with what a style sheet names."""
    assert address.startswith("/static/"), address
    file = STATIC / address.removeprefix("/static/")
    content = file.read_bytes()
    if file.suffix == ".woff2":
        return len(content)  # compressed already
    named = re.findall(r'url\("([^"]+)"\)', content.decode()) if file.suffix == ".css" else []
    return len(gzip.compress(content)) + sum((file.parent / name).stat().st_size for name in named)


@pytest.mark.parametrize("address", PAGES)
def test_a_public_page_is_light_and_asks_no_other_host(published, client, address):
    answer = client.get(address, headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer["Content-Encoding"] == "gzip"
    loaded = list_loaded(gzip.decompress(answer.content).decode())
    assert "/static/pages/public.css" in loaded or address.endswith("feed")
    fonts = {one for one in loaded if one.endswith(".woff2")}  # the sheet names them too
    assert len(answer.content) + sum(map(weigh, loaded - fonts)) < MOST
