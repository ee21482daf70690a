"""The pages on trust, law and use, in a browser: their looks, and that they load nothing from elsewhere."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.urls import reverse

from registry.access import Operator
from registry.pages.public.layout import PLACES
from registry.publishing.new_release import release_snapshot
from registry.publishing.publish import publish
from tests import factories
from tests.browsing import WIDTH_OF, assert_accessible, assert_no_sideways_scroll, look
from tests.test_trust_pages import PAGES


@pytest.mark.browser
@pytest.mark.parametrize("language", WIDTH_OF)
def test_pages_have_no_violation_and_fit_a_telephone(live_server, committed_lists, open_browser, language):
    factories.record(committed_lists)
    publish()
    width = WIDTH_OF[language]
    page = open_browser(viewport={"width": width, "height": 844})
    asked = []
    page.on("request", lambda request, asked=asked: asked.append(request.url))
    for name, _language in [one for one in PAGES if one[1] == language]:
        page.goto(f"{live_server.url}{PLACES[name][language]}")
        look(page, name, language)
    assert all(url.startswith(live_server.url) for url in asked)
    assert page.context.cookies() == []


@pytest.mark.browser
def test_english_pages_break_no_rule_on_a_telephone_either(live_server, committed_lists, open_browser):
    """The Swedish ones are looked at in the tests of each page; these have other words, and another lang."""
    factories.record(committed_lists)
    publish()
    release_snapshot(name="none", title_sv="Första", title_en="First", by=Operator())
    page = open_browser(viewport={"width": 390, "height": 844})
    places = [
        "/en/",
        "/en/?centre=UPP",
        "/en/releases/none/",
        "/en/explore",
        *(one["en"] for one in PLACES.values()),
    ]
    for place in dict.fromkeys(places):
        assert page.goto(f"{live_server.url}{place}").status == 200, place
        assert_accessible(page)
        assert_no_sideways_scroll(page)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_demonstrations_pages_are_as_readable(live_server, committed_lists, open_browser, settings, scheme):
    settings.DEMONSTRATION = True
    factories.record(committed_lists)
    publish()
    page = open_browser(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    for place in ("/", "/inbaddad/"):
        page.goto(f"{live_server.url}{place}")
        look(page, f"demonstration-{scheme}", "sv")
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.querySelector('.made-up')).color") == "rgb(23, 33, 43)"
        page.emulate_media(media="screen")


@pytest.mark.browser
def test_the_map_stands_in_a_frame_of_another_page(live_server, committed_lists, open_browser, tmp_path):
    factories.record(committed_lists)
    publish()
    page = open_browser()
    address = f"{live_server.url}{reverse('embed-en')}"
    around = f'<!doctype html><iframe src="{address}" title="map" width="400" height="900"></iframe>'
    (tmp_path / "index.html").write_text(around)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    frame = page.frame_locator("iframe")
    assert frame.locator("h1").inner_text() == "CAR-T treatments in Sweden"
    assert frame.locator(".map-narrow").is_visible()
    assert frame.locator(".legend").is_visible()
    server.shutdown()
