"""With its policies a browser still shows everything: the API's description, a drawing, and the documents."""

import pytest

from registry.publishing.publish import publish
from swecar.http.browser_limits import document_policy
from tests import factories

DOCUMENT = """<!doctype html><title>of a test</title>
<table><tr><td id="right" style="text-align: right;">1</td></tr></table>
<p id="own"></p><script>document.getElementById("own").textContent = "It ran.";</script>"""


@pytest.fixture
def page(committed_lists, open_browser):
    """A browser's page; what it refuses to load or to run is in `refused`."""
    factories.record(committed_lists)
    publish()
    page = open_browser()
    page.refused = []
    page.on("console", lambda said: page.refused.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.refused.append(str(error)))
    return page


@pytest.mark.browser
def test_the_description_of_the_api_is_shown_and_can_be_tried(live_server, page):
    page.goto(f"{live_server.url}/api/v1/docs")
    page.wait_for_selector(".opblock")
    page.click(".opblock-get >> nth=0")
    page.click("text=Try it out")
    page.click("text=Execute")
    page.wait_for_selector(".live-responses-table tbody .response-col_status")
    assert "200" in page.inner_text(".live-responses-table tbody .response-col_status")
    assert page.refused == []


@pytest.mark.browser
def test_a_drawing_has_its_styles(live_server, page):
    page.goto(f"{live_server.url}/api/v1/map.svg")
    assert page.evaluate("getComputedStyle(document.querySelector('.t-34')).fontSize") == "34px"
    assert page.refused == []


@pytest.mark.browser
def test_a_page_of_the_documents_runs_what_it_was_made_with(live_server, page):
    policy = document_policy(DOCUMENT.encode())

    def put(route):
        body = DOCUMENT if "page" in route.request.url else DOCUMENT.replace("It ran", "Another ran")
        route.fulfill(body=body, content_type="text/html", headers={"Content-Security-Policy": policy})

    page.route("**/docs/*.html", put)
    page.goto(f"{live_server.url}/docs/page.html")
    assert page.inner_text("#own") == "It ran."
    assert page.evaluate("getComputedStyle(document.getElementById('right')).textAlign") == "right"
    assert page.refused == []
    page.goto(f"{live_server.url}/docs/altered.html")
    assert page.inner_text("#own") == ""
    assert len(page.refused) == 1
