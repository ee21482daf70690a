"""The list of infusions sorted by its columns, and the keys that lead to the pages of the menu."""

import re

import pytest
from playwright.sync_api import expect

from tests import desk, factories
from tests.browsing import LANGUAGES, WIDTH_OF, look, sign_in

LIST = "/en/clinic/infusions/"


def shown(client, query: str) -> list[tuple[str, str]]:
    """Day and product of each row of the list."""
    rows = re.findall(r'<th scope="row">([^<]+)</th>.*?</tr>', desk.text(client.get(LIST + query)), re.DOTALL)
    listed = client.get(LIST + query).context["listed"].object_list
    assert rows == [infusion.written_on for infusion in listed]
    return [(infusion.written_on, infusion.product.name) for infusion in listed]


def test_the_list_is_sorted_by_a_column_both_ways_and_keeps_its_filter(lists, nurse):
    client = desk.sign_in(nurse)
    for place, (day, product, category) in enumerate(
        [("2020-05-05", "Yescarta", "SOC"), ("2021-05-05", "Kymriah", "SOC"), ("2022-05-05", "Yescarta", "CUP")]
    ):
        factories.record(lists, factories.nth_number(place), infused_on=day, product=product, category=category)
    first, second, third = ("2020-05-05", "Yescarta"), ("2021-05-05", "Kymriah"), ("2022-05-05", "Yescarta")
    assert shown(client, "") == shown(client, "?sort=nothing") == shown(client, "?sort=--date")
    assert shown(client, "") == [third, second, first]
    assert shown(client, "?sort=date") == [first, second, third]
    assert shown(client, "?sort=product") == [second, third, first]
    assert shown(client, "?sort=-product") == [third, first, second]
    assert shown(client, "?sort=date&category=SOC") == [first, second]
    page = desk.text(client.get(LIST + "?sort=date&category=SOC&page=1"))
    assert page.count("aria-sort") == 1 and 'aria-sort="ascending"' in page
    assert 'href="?category=SOC&amp;sort=-date"' in page and "the latest first" not in page
    assert '<input type="hidden" name="sort" value="date">' in page, "kept when the filter is changed"


@pytest.mark.parametrize("sort", ["date", "person", "status", "centre", "category", "kind", "product"])
def test_every_column_sorts_and_asks_the_database_as_often(lists, nurse, sort, django_assert_num_queries):
    client = desk.sign_in(nurse)
    factories.record_several(lists)
    for address in (f"?sort={sort}", f"?sort=-{sort}"):
        assert client.get(LIST + address).status_code == 200
        with django_assert_num_queries(12):
            client.get(LIST + address)


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_lead_to_the_menus_pages_are_listed_under_a_question_mark_and_can_be_turned_off(
    live_server, open_browser, committed_lists, language
):
    factories.user("nurse", committed_lists.centres["UPP"])
    factories.record(committed_lists)
    page = open_browser(viewport={"width": WIDTH_OF[language], "height": 900})
    sign_in(page, live_server.url)
    home = f"{live_server.url}{LANGUAGES[language]}/clinic/"
    page.goto(home)
    page.keyboard.press("?")
    keys = page.locator("#keys")
    expect(keys).to_be_visible()
    assert keys.locator("kbd").all_inner_texts() == ["?", "/", "s", "n", "i", "f", "q"]
    assert {"sv": "Ny infusion", "en": "New infusion"}[language] in keys.inner_text()
    look(page, "keys", language)
    look(page, "keys")
    page.keyboard.press("n")
    assert page.url == home, "while the list is open no key leads away"
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("i")
    page.wait_for_url("**/clinic/infusions/")
    page.keyboard.press("/")
    page.wait_for_selector("[name=who]:focus")
    page.keyboard.type("sniff?")
    assert page.input_value("[name=who]") == "sniff?" and page.url.endswith("/clinic/infusions/")
    look(page, "list-sorted", language)
    page.goto(home)
    page.keyboard.press("Control+i")
    page.keyboard.press("n")
    page.wait_for_url("**/infusions/new")
    page.goto(home)
    page.click("#show-keys")
    page.uncheck("#use-keys")
    page.keyboard.press("Escape")
    page.goto(home)
    page.keyboard.press("n")
    page.keyboard.press("?")
    page.wait_for_timeout(300)
    assert page.url == home and not keys.is_visible()
    page.click("#show-keys")
    expect(keys).to_be_visible()
