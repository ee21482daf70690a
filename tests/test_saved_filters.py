"""A filter of the list of infusions is kept under a name: one's own, used by a link, and deleted."""

import pytest

from registry.models import SavedFilter
from tests import desk, factories
from tests.browsing import LANGUAGES, WIDTH_OF, follow, look, sign_in
from tests.desk import address, text

LIST = "/en/clinic/infusions/"
QUERY = "category=SOC&sort=-date"
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(nurse):
    return desk.sign_in(nurse)


def save(client, name: str, query: str = QUERY) -> str:
    """What is said after it."""
    led = client.post(f"{address('filter-save')}?{query}", {"name": name})
    assert led.url.startswith(LIST)
    return text(client.get(led.url))


def kept() -> list[tuple[str, str]]:
    return list(SavedFilter.objects.values_list("name", "query"))


def test_it_is_saved_shown_first_and_deleted(lists, client):
    assert "Save this filter" not in text(client.get(LIST)), "nothing is filtered"
    assert "Save this filter" in text(client.get(f"{LIST}?{QUERY}"))
    page = save(client, " Standard ")
    assert "The filter Standard is saved." in page and kept() == [("Standard", QUERY)]
    shown = text(client.get(LIST))
    assert '<a href="?category=SOC&amp;sort=-date">Standard</a>' in shown
    assert "aria-current" not in shown.partition('id="saved"')[2].partition("</ul>")[0]
    assert 'sort=-date" aria-current="true">Standard</a>' in text(client.get(f"{LIST}?{QUERY}"))
    gone = client.post(address("filter-delete", filter_id=SavedFilter.objects.get().pk))
    assert "The filter is deleted." in text(client.get(gone.url)) and kept() == []


def test_the_same_name_has_the_later_filter(lists, client):
    save(client, "Mine")
    save(client, "Mine", "status=withdrawn")
    assert kept() == [("Mine", "status=withdrawn")]


def test_nobody_else_sees_or_deletes_it(lists, client):
    save(client, "Mine")
    other = desk.sign_in(factories.user("other", lists.centres["UPP"]))
    assert "Mine" not in text(other.get(LIST))
    assert other.post(address("filter-delete", filter_id=SavedFilter.objects.get().pk)).status_code == 404
    save(other, "Mine", "status=withdrawn")
    assert len(kept()) == 2
    other.post(address("filter-delete", filter_id=SavedFilter.objects.get(query="status=withdrawn").pk))
    assert kept() == [("Mine", QUERY)]


@pytest.mark.parametrize(
    ("query", "stored"),
    [
        (f"category={factories.nth_number(1)}&status=withdrawn", "status=withdrawn"),
        ("centre=STO&category=SOC", "category=SOC"),
        ("centre=UPP&who=19800101-1234&page=2&sort=x", "centre=UPP"),
    ],
)
def test_only_what_the_list_offers_is_stored(lists, client, query, stored):
    save(client, "Mine", query)
    assert kept() == [("Mine", stored)]


def test_a_name_holds_no_number_and_is_no_longer_than_it_may(lists, client):
    assert "identity number" in save(client, f"of {factories.nth_number(1)}")
    assert "write a name for it" in save(client, " ")
    assert "write a name for it" in save(client, "Mine", "centre=nowhere")
    assert "at most 40 characters" in save(client, "x" * 41)
    assert kept() == []
    for place in range(20):
        save(client, f"{place}")
    assert "You have 20 saved filters: delete one first." in save(client, "one more")
    save(client, "19", "status=withdrawn")
    assert len(kept()) == 20


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_by_the_keyboard_and_without_scripts(live_server, open_browser, committed_lists, language):
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    for place, category in enumerate(("SOC", "CUP")):
        factories.record(committed_lists, factories.nth_number(place), by=nurse, category=category)
    page = open_browser(
        viewport={"width": WIDTH_OF[language], "height": 844}, java_script_enabled=language == "sv"
    )
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/infusions/?category=CUP")
    page.fill("#filter-name", "Licens")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    look(page, "saved-filter", language)
    page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/infusions/")
    assert page.locator("tbody tr").count() == 2
    follow(page, ".saved a")
    assert page.locator("tbody tr").count() == 1
    follow(page, ".saved button")
    assert page.locator(".saved").count() == 0 and page.locator("tbody tr").count() == 1
