"""Each page of the admin passes axe: lists, forms, histories; and is in the language that was asked for."""

import pytest
from django.conf import settings

from tests import admin_browser
from tests.admin_browser import MODELS, pages_of, store_world
from tests.browsing import EXAMINED, assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def client(committed_lists):
    """An administrator's, on the world of the admin's tests."""
    store_world(committed_lists)
    return admin_browser.sign_in()


def addresses() -> list[str]:
    return ["/admin/", *(address for model in MODELS for address in pages_of(model).values())]


def test_every_page_of_the_admin_passes_axe(client, live_server, open_browser):
    """What axe looks at is alike in both languages, but for the language that the page names: see below."""
    page, broken = open_browser(locale="sv-SE"), []
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}
    page.context.add_cookies([cookie])
    for address in addresses():
        answer = page.goto(f"{live_server.url}{address}")
        if answer.status != 200:  # nothing is added there
            continue
        assert page.get_attribute("html", "lang").startswith(EXAMINED), address
        try:
            assert_accessible(page)
        except AssertionError as found:
            broken.append(str(found))
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(("language", "asked"), [("sv", "sv-SE"), ("en", "en-GB")])
def test_every_page_of_the_admin_names_its_language(client, language, asked):
    shown = 0
    for address in addresses():
        answer = client.get(address, headers={"accept-language": asked})
        if answer.status_code == 200:
            shown += 1
            assert f'<html lang="{language}' in answer.content.decode(), address
    assert shown > 2 * len(MODELS)
