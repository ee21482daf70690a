"""Each page of the admin passes axe: lists, forms, histories, in both languages."""

import pytest
from django.conf import settings

from tests import admin_browser
from tests.admin_browser import MODELS, pages_of, store_world
from tests.browsing import assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def admin_page(live_server, open_browser, committed_lists):
    """A window of an administrator in a language, on the world of the admin's tests."""
    store_world(committed_lists)
    session = admin_browser.sign_in().cookies[settings.SESSION_COOKIE_NAME].value

    def show(language: str):
        page = open_browser(locale={"sv": "sv-SE", "en": "en-GB"}[language])
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}
        page.context.add_cookies([cookie])
        return page

    return show


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_page_of_the_admin_passes_axe(admin_page, live_server, language):
    page, broken = admin_page(language), []
    addresses = ["/admin/", *(address for model in MODELS for address in pages_of(model).values())]
    for address in addresses:
        answer = page.goto(f"{live_server.url}{address}")
        if answer.status != 200:  # nothing is added there
            continue
        assert page.get_attribute("html", "lang").startswith(language), address
        try:
            assert_accessible(page)
        except AssertionError as found:
            broken.append(str(found))
    assert not broken, "\n".join(broken)
