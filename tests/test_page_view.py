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
from tests.desk import text

ROWS = [
    ("UPP", "2019-02-03", "SOC"),
    ("UPP", "2020-05-05", "ACT"),
    ("UPP", "2021-06-06", "SOC"),
    ("STO", "2021-07-07", "SOC"),
]


pytestmark = pytest.mark.django_db


def record_rows(lists) -> None:
    for place, (centre, day, category) in enumerate(ROWS):
        factories.record(lists, factories.nth_number(place), centre=centre, infused_on=day, category=category)
    publish()


@pytest.fixture(scope="module")
def lists(kept_lists):
    record_rows(kept_lists)
    return kept_lists


def test_the_page_as_of_a_day_counts_up_to_it(lists, client):
    page = text(client.get("/en/?as_of=2020-05-05"))
    assert "As of 5 May 2020." in page
    assert "Since 3 February 2019, 2 people have been treated" in page
    assert 'aria-label="UPP, 2 infusions, ' in page
    assert 'aria-label="STO, no infusions yet, ' in page
    assert "2021" not in re.search(r'<section class="time".*?</section>', page, re.DOTALL)[0]


@pytest.mark.parametrize(("day", "is_shown"), [("2014-01-01", True), ("2013-12-31", False)])
def test_the_page_goes_back_to_the_first_day_of_2014(lists, client, day, is_shown):
    """In that year the first person was treated in the country (DOMAIN.md)."""
    page = client.get(f"/en/?as_of={day}")
    assert ("The registry begins in 2014" in text(page)) is not is_shown
    assert (page.status_code == 200) is is_shown


def test_a_chosen_centre_has_its_own_part_and_stays_in_every_link(lists, client):
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
def test_what_cannot_be_shown_is_said_beside_the_latest_numbers(lists, client, query, sentence):
    answer = client.get(f"/en/?{query}")
    assert answer.status_code == 400
    assert answer["Cache-Control"] == "no-store"
    assert f'role="alert">{sentence}' in text(answer)
    assert "4 people have been treated" in text(answer)


@pytest.mark.parametrize(("days", "status"), [(0, 200), (1, 400)])
@pytest.mark.parametrize("address", ["/", "/en/", "/inbaddad/"])
def test_the_last_day_that_can_be_shown_is_today(lists, client, address, days, status):
    for _time in range(2):  # at midnight between the question and its day, once more
        before, day = today(), today() + timedelta(days=days)
        answer = client.get(f"{address}?as_of={day}")
        if today() == before:
            break
    assert answer.status_code == status


def test_an_unknown_parameter_changes_nothing(lists, client):
    assert text(client.get("/?utm_source=mail")) == text(client.get("/"))


@pytest.mark.parametrize("written", ["%Y", "%Y-%m"])
def test_the_year_and_the_month_that_run_are_shown_as_far_as_they_have_come(lists, client, written):
    day = today()
    answer = client.get(f"/en/?as_of={day.strftime(written)}")
    assert answer["Location"] == f"/en/?as_of={day}" or today() != day
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("chosen", "address"),
    [
        ("year=2020&month=2", "/en/?as_of=2020-02-29"),
        ("year=2020&month=", "/en/?as_of=2020-12-31"),
        ("year=&month=5&centre=UPP", "/en/?centre=UPP"),
        ("year=2020&month=12&centre=UPP&span=total", "/en/?as_of=2020-12-31&centre=UPP&span=total"),
    ],
)
def test_a_day_chosen_from_the_lists_has_the_address_of_the_day(lists, client, chosen, address):
    assert client.get(f"/en/?{chosen}")["Location"] == address
    assert client.get(address).status_code == 200


def test_the_lists_have_the_day_that_is_shown_in_the_pages_own_words(lists, client):
    form = re.search(r'<form class="when".*?</form>', text(client.get("/?as_of=2020-05-05")), re.DOTALL)[0]
    assert re.findall(r"selected>(.*?)<", form) == ["maj", "2020"]
    assert '<option value="2014">2014' in form
    for way in ("yyyy", "åååå", 'type="date"'):
        assert way not in form.lower()


@pytest.mark.parametrize("address", ["/", "/en/?as_of=2020-05-05&centre=UPP"])
def test_the_number_of_queries_is_known(lists, client, address):
    client.get("/en/?as_of=2019-12-31")  # which snapshot is current is known after this
    with CaptureQueriesContext(connection) as first:
        etag = client.get(address)["ETag"]
    assert len([one for one in first if "SELECT" in one["sql"]]) == 2
    with CaptureQueriesContext(connection) as kept:
        client.get(address)
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    assert len(kept) == 0


def test_a_withdrawal_is_seen_in_every_day_after_it(lists, client):
    infusion = factories.record(lists, factories.nth_number(9), infused_on="2019-01-01")
    publish()
    assert "3 people" in text(client.get("/en/?as_of=2020-05-05"))
    withdraw_infusion(infusion_id=infusion.pk, by=Operator(), reason="entered twice")
    publish()
    assert "2 people" in text(client.get("/en/?as_of=2020-05-05"))
