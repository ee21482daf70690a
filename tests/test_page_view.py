"""What the public page shows by its address: a day, a centre, a measure; with scripts and without."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.access import Operator
from registry.dates import today
from registry.entry.infusions.record import withdraw_infusion
from registry.publishing.publish import publish
from tests import factories
from tests.browsing import assert_accessible, assert_no_sideways_scroll, tab_to
from tests.desk import text

ROWS = [
    ("UPP", "2019-02-03", "SOC"),
    ("UPP", "2020-05-05", "ACT"),
    ("UPP", "2021-06-06", "SOC"),
    ("STO", "2021-07-07", "SOC"),
]


def record_rows(lists) -> None:
    for place, (centre, day, category) in enumerate(ROWS):
        factories.record(lists, factories.nth_number(place), centre=centre, infused_on=day, category=category)
    publish()


@pytest.fixture
def published(lists):
    record_rows(lists)


@pytest.fixture
def site(live_server, committed_lists):
    record_rows(committed_lists)
    return live_server.url


# By the address alone.


def test_the_page_as_of_a_day_counts_up_to_it(published, client):
    page = text(client.get("/en/?as_of=2020-05-05"))
    assert "As of 5 May 2020." in page
    assert "Since 3 February 2019, 2 people have been treated" in page
    assert 'aria-label="UPP, 2 infusions"' in page
    assert 'aria-label="STO, no infusions yet"' in page
    assert "2021" not in re.search(r'<section class="time".*?</section>', page, re.DOTALL)[0]


@pytest.mark.parametrize(("day", "is_shown"), [("2014-01-01", True), ("2013-12-31", False)])
def test_the_page_goes_back_to_the_first_day_of_2014(published, client, day, is_shown):
    """In that year the first person was treated in the country (DOMAIN.md)."""
    page = client.get(f"/en/?as_of={day}")
    assert ("The registry begins in 2014" in text(page)) is not is_shown
    assert (page.status_code == 200) is is_shown


def test_a_chosen_centre_has_its_own_part_and_stays_in_every_link(published, client):
    page = text(client.get("/?centre=UPP&as_of=2020-12-31"))
    choice = re.search(r'<section class="choice".*?</section>', page, re.DOTALL)[0]
    assert "UPP" in choice
    assert "2 infusioner, fördelade på 2 patienter" in choice
    assert 'href="/en/?as_of=2020-12-31&amp;centre=UPP"' in page  # the other language
    assert 'href="/?as_of=2020-12-31&amp;centre=UPP&amp;measure=infusions#time"' in page
    assert '<input type="hidden" name="centre" value="UPP">' in page


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("as_of=2020-13-01", "There is no such day in the calendar."),
        ("as_of=yesterday", "The date cannot be read. Write it as 2026-11-20"),
        ("as_of=1999-12-31", "The registry begins in 2014"),
        ("as_of=2999-01-01", "That day has not come yet"),
        ("centre=NOPE", "There is no centre with this code"),
        ("measure=money", "This page cannot show that"),
        ("span=decade", "This page cannot show that"),
        ("centre=%3Cscript%3E", "There is no centre with this code"),
    ],
)
def test_what_cannot_be_shown_is_said_beside_the_latest_numbers(published, client, query, sentence):
    answer = client.get(f"/en/?{query}")
    assert answer.status_code == 400
    assert answer["Cache-Control"] == "no-store"
    assert f'role="alert">{sentence}' in text(answer)
    assert "4 people have been treated" in text(answer)


@pytest.mark.parametrize(("days", "status"), [(0, 200), (1, 400)])
@pytest.mark.parametrize("address", ["/", "/en/", "/inbaddad/"])
def test_the_last_day_that_can_be_shown_is_today(published, client, address, days, status):
    for _time in range(2):  # at midnight between the question and its day, once more
        before, day = today(), today() + timedelta(days=days)
        answer = client.get(f"{address}?as_of={day}")
        if today() == before:
            break
    assert answer.status_code == status


def test_an_unknown_parameter_changes_nothing(published, client):
    assert text(client.get("/?utm_source=mail")) == text(client.get("/"))


@pytest.mark.parametrize("written", ["%Y", "%Y-%m"])
def test_the_year_and_the_month_that_run_are_shown_as_far_as_they_have_come(published, client, written):
    day = today()
    answer = client.get(f"/en/?as_of={day.strftime(written)}", follow=True)
    assert answer.status_code == 200
    assert f'value="{day}"' in text(answer) or today() != day


@pytest.mark.parametrize("address", ["/", "/en/?as_of=2020-05-05&centre=UPP"])
def test_the_number_of_queries_is_known(published, client, address):
    client.get("/en/?as_of=2019-12-31")  # which snapshot is current is known after this
    with CaptureQueriesContext(connection) as first:
        etag = client.get(address)["ETag"]
    assert len([one for one in first if "SELECT" in one["sql"]]) == 2
    with CaptureQueriesContext(connection) as kept:
        client.get(address)
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    assert len(kept) == 0


def test_a_withdrawal_is_seen_in_every_day_after_it(lists, published, client):
    infusion = factories.record(lists, factories.nth_number(9), infused_on="2019-01-01")
    publish()
    assert "3 people" in text(client.get("/en/?as_of=2020-05-05"))
    withdraw_infusion(infusion_id=infusion.pk, by=Operator(), reason="entered twice")
    publish()
    assert "2 people" in text(client.get("/en/?as_of=2020-05-05"))


# In a browser.


def lead(page) -> str:
    return page.locator(".lead").inner_text()


@pytest.mark.browser
def test_the_slider_redraws_the_map_and_the_address_follows(site, open_browser):
    page = open_browser()
    page.goto(f"{site}/en/")
    assert "4 people" in lead(page)
    slider = page.locator("#month")
    assert slider.get_attribute("aria-valuetext") == "July 2021"
    slider.focus()
    for _month in range(3):
        page.keyboard.press("ArrowLeft")
    page.locator(".lead", has_text="2 people").wait_for()
    assert page.url.endswith("?as_of=2021-04-30")
    assert page.locator("#as_of").input_value() == "2021-04-30"
    assert page.evaluate("document.activeElement.id") == "month"
    page.keyboard.press("End")
    page.locator(".lead", has_text="4 people").wait_for()
    assert page.url == f"{site}/en/"


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_date_is_chosen_in_the_form(site, open_browser, scripts):
    page = open_browser(java_script_enabled=scripts)
    page.goto(f"{site}/?centre=UPP")
    page.fill("#as_of", "2020-05-05")
    page.click("#when button")
    page.wait_for_url("**/?centre=UPP&as_of=2020-05-05")
    page.locator(".lead", has_text="2 personer").wait_for()
    assert page.locator("#centre h2").inner_text() == "UPP"
    assert page.locator("#month").is_visible() == scripts
    page.click("#all")
    page.wait_for_url(re.compile(r"/\?centre=UPP$"))
    page.locator(".lead", has_text="4 personer").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("way", ["mouse", "keyboard", "touch", "without scripts"])
def test_a_centre_is_chosen(site, open_browser, way, width):
    options = {"has_touch": way == "touch", "java_script_enabled": way != "without scripts"}
    page = open_browser(viewport={"width": width, "height": 900}, **options)
    page.goto(f"{site}/en/")
    variant = "narrow" if width == 390 else "wide"
    link = f".map-{variant} a.place[aria-label='UPP, 3 infusions']"
    if way == "keyboard":
        tab_to(page, link)
        page.keyboard.press("Enter")
    elif way == "touch":
        page.tap(link)
    else:
        page.click(link)
    page.wait_for_url("**/en/?centre=UPP**")
    page.locator("#centre h2", has_text="UPP").wait_for()
    if way == "keyboard":
        assert page.evaluate("document.activeElement.id") == "centre"
        page.go_back()
        page.wait_for_url(f"{site}/en/")
        page.locator("#centre[hidden]").wait_for(state="attached")


@pytest.mark.browser
def test_the_table_is_one_key_away_from_the_content(site, open_browser):
    page = open_browser()
    page.goto(f"{site}/en/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the numbers as a table"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "numbers"


@pytest.mark.browser
@pytest.mark.parametrize(("language", "width", "scheme"), [("", 390, "light"), ("en/", 1280, "dark")])
def test_the_page_has_no_violation_and_nothing_from_elsewhere(site, open_browser, language, width, scheme):
    page = open_browser(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/{language}?centre=UPP&as_of=2021-06-30&span=total")
    page.click("summary")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    assert all(url.startswith(site) for url in asked)
    assert page.context.cookies() == []
