"""The pages of what is not answered: in the product's frame, in one language, with a way on; made from nothing."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.browsing import look
from tests.desk import text


def links(answer) -> set[str]:
    """The ways on in the page's own part."""
    return set(re.findall(r'href="([^"]*)"', re.search(r"<main.*?</main>", text(answer), re.DOTALL)[0]))


@pytest.mark.parametrize(
    ("address", "language", "title", "ways"),
    [
        ("/nowhere/", "sv", "Sidan finns inte", {"/"}),
        ("/en/nowhere/", "en", "There is no such page", {"/en/"}),
        ("/utgavor/nowhere/", "sv", "Sidan finns inte", {"/"}),
        ("/clinic/nowhere/", "sv", "Sidan finns inte", {"/", "/clinic/"}),
        ("/en/clinic/nowhere/", "en", "There is no such page", {"/en/", "/en/clinic/"}),
        ("/admin/nowhere/", "sv", "Sidan finns inte", {"/", "/clinic/"}),
    ],
)
def test_an_address_that_is_none_is_said_in_its_language_with_a_way_on(db, address, language, title, ways):
    answer = Client().get(address, headers={"accept-language": "en" if language == "sv" else "sv"})
    assert answer.status_code == 404
    page = text(answer)
    assert f'<html lang="{language}">' in page
    assert f"<h1>{title}</h1>" in page
    assert "public.css" in page and 'content="light dark"' in page
    assert 'content="noindex"' in page
    assert links(answer) == ways
    assert (answer["Content-Language"], answer["Cache-Control"]) == (language, "no-store")
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_it_asks_neither_database_nor_session(db, purpose_known):
    client = Client()
    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/nowhere/")
    assert (answer.status_code, len(asked), client.cookies) == (404, 0, {})


def test_who_is_signed_in_sees_the_same_page_as_a_stranger(lists, client):
    stranger = Client().get("/nowhere/")
    client.force_login(factories.user("nurse", lists.centres["UPP"]))
    assert client.get("/nowhere/").content == stranger.content


def test_an_account_without_the_right_is_told_so_in_the_administration(lists, client):
    client.force_login(factories.user("nurse", lists.centres["UPP"]))
    answer = client.get("/admin/login/?next=/admin/", follow=True)
    assert answer.status_code == 403
    assert "<h1>Du får inte se den här sidan</h1>" in text(answer)
    assert links(answer) == {"/", "/clinic/"}


@pytest.mark.parametrize(
    ("address", "title"),
    [("/accounts/login/", "Formuläret är inaktuellt"), ("/en/accounts/login/", "The form is out of date")],
)
def test_a_form_that_was_open_too_long_is_told_so(db, address, title):
    answer = Client(enforce_csrf_checks=True).post(address, {"login": "x", "password": "y"})
    assert answer.status_code == 403
    assert f"<h1>{title}</h1>" in text(answer)


@pytest.mark.parametrize(
    ("address", "title"), [("/?x=%00", "Begäran går inte att läsa"), ("/en/?x=%00", "The request cannot be read")]
)
def test_what_cannot_be_read_is_told_so(db, address, title):
    answer = Client().get(address)
    assert answer.status_code == 400
    assert f"<h1>{title}</h1>" in text(answer)


@pytest.mark.parametrize(
    ("address", "title"), [("/", "Något gick fel hos oss"), ("/en/", "Something went wrong here")]
)
def test_a_fault_of_ours_is_said_without_a_database(settings, address, title):
    """The test has no database: asking it is the fault, and the page comes all the same."""
    settings.CONTACT = "someone@registry.example"
    answer = Client(raise_request_exception=False).get(address)
    assert answer.status_code == 500
    assert f"<h1>{title}</h1>" in text(answer)
    assert "someone@registry.example" in text(answer)


@pytest.mark.parametrize("address", ["/api/v1/nowhere", "/api/nowhere"])
def test_a_program_gets_a_problem(db, address):
    assert Client().get(address)["Content-Type"] == "application/problem+json"


@pytest.mark.browser
@pytest.mark.parametrize("language", ["sv", "en"])
def test_it_looks_like_the_product(live_server, committed_lists, open_browser, language):
    page = open_browser(viewport={"width": 390 if language == "sv" else 1280, "height": 900}, color_scheme="dark")
    page.goto(f"{live_server.url}/{'en/' if language == 'en' else ''}clinic/nowhere/")
    look(page, "no-page", language)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 24, 31)"
