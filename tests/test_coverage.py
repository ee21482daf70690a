"""How far a centre's records are complete: stated by its lead, shown on the map."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from registry.dates import today
from registry.entry.coverage import CoverageDateImpossible, coverage_history, state_coverage
from registry.errors import NotPermitted
from registry.models import Coverage
from registry.pages.public.map_page import render_map_page
from registry.published.queries import read_map
from registry.publishing.publish import is_behind, publish
from registry.publishing.verification import verify
from tests import factories

DAY = date(2026, 1, 31)


@pytest.fixture
def lead(lists):
    return factories.user("lead", lists.centres["UPP"], role="lead")


@pytest.fixture
def browse(client, lead):
    client.force_login(lead)
    return client


def address() -> str:
    with override("en"):
        return reverse("clinic:coverage")


def shown(code: str) -> str | None:
    [centre] = [one for one in read_map(language="sv")["centres"] if one["code"] == code]
    return centre["complete_through"]


def test_a_leads_statement_is_stored_with_who_and_when(lists, lead):
    stated = state_coverage(centre=lists.centres["UPP"], complete_through=DAY, by=lead)
    assert (stated.stated_by, stated.complete_through) == ("lead", DAY)
    assert [row.acted_by for row in stated.history_rows.all()] == ["lead"]
    assert list(coverage_history(by=lead)) == [stated]


@pytest.mark.parametrize("who", ["reporter", "elsewhere", "steward", "outsider"])
def test_only_a_lead_of_the_centre_may_state_it(lists, who):
    someone = {
        "reporter": lambda: factories.user("x", lists.centres["UPP"]),
        "elsewhere": lambda: factories.user("x", lists.centres["STO"], role="lead"),
        "steward": lambda: factories.user("x", national_role="steward"),
        "outsider": lambda: factories.user("x"),
    }[who]()
    with pytest.raises(NotPermitted):
        state_coverage(centre=lists.centres["UPP"], complete_through=DAY, by=someone)
    assert not Coverage.objects.exists()


@pytest.mark.parametrize("day", [today() + timedelta(days=2), date(1989, 12, 31), date.max])
def test_an_impossible_day_is_refused(lists, lead, day):
    with pytest.raises(CoverageDateImpossible):
        state_coverage(centre=lists.centres["UPP"], complete_through=day, by=lead)
    assert not Coverage.objects.exists()


def test_the_map_shows_each_centres_latest_statement(lists, lead):
    publish()
    assert shown("UPP") is None
    for day in (DAY, DAY - timedelta(days=31)):
        state_coverage(centre=lists.centres["UPP"], complete_through=day, by=lead)
        assert is_behind()
        publish()
        assert shown("UPP") == day.isoformat()
        assert shown("STO") is None
    assert not verify().differences


def test_the_public_page_says_it_in_both_languages_and_stays_silent_where_nothing_is_stated(lists, lead):
    state_coverage(centre=lists.centres["UPP"], complete_through=DAY, by=lead)
    publish()
    for language, sentence in (
        ("sv", "Fullständigt till och med 31 januari 2026"),
        ("en", "Complete through 31 January 2026"),
    ):
        page = render_map_page(read_map(language=language), language=language)
        assert page.count(sentence) == 2, "in the card and in the table"
        assert page.count(sentence.split(" 31")[0]) == 2


def test_a_snapshot_of_before_has_no_statement_and_is_shown(lists):
    publish()
    document = read_map(language="en")
    for centre in document["centres"]:
        del centre["complete_through"]
    assert "Complete through" not in render_map_page(document, language="en")


# The page.


def test_the_lead_states_it_on_the_page(browse):
    page = browse.get(address()).content.decode()
    assert "Nothing has been attested yet." in page
    response = browse.post(address(), {"centre": "UPP", "complete_through": "2026-01-31"}, follow=True)
    page = response.content.decode()
    assert "UPP: complete through 2026-01-31." in page
    assert "<td>2026-01-31</td>" in page
    assert Coverage.objects.get().stated_by == "lead"


@pytest.mark.parametrize(("field", "value", "sentence"), [
    ("complete_through", "", "This field is required."),
    ("complete_through", "31/1 26", "Write it as 2026-11-20, 20261120,"),
    ("complete_through", "2026-02-30", "There is no such day in the calendar."),
    ("complete_through", "9" * 5000, "Write it as 2026-11-20, 20261120,"),
    ("complete_through", "<script>alert(1)</script>", "Write it as 2026-11-20, 20261120,"),
    ("complete_through", "2999-01-01", "Write a day from 1990 to today."),
    ("centre", "", "This field is required."),
    ("centre", "STO", "Choose one of the centres in the list."),
    ("centre", "XXX", "Choose one of the centres in the list."),
    ("centre", "<script>alert(1)</script>", "Choose one of the centres in the list."),
])  # fmt: skip
def test_a_wrong_field_gets_a_sentence_and_stores_nothing(browse, field, value, sentence):
    typed = {"centre": "UPP", "complete_through": "2026-01-31"} | {field: value}
    page = browse.post(address(), typed).content.decode()
    assert sentence in page
    assert f'id="id_{field}_error"' in page
    assert "<script>alert" not in page
    if field == "centre":
        assert 'value="2026-01-31"' in page, "what was typed right is kept"
    assert not Coverage.objects.exists()


def test_a_lead_sees_the_statements_of_their_own_centre_alone(lists, lead, browse):
    elsewhere = factories.user("elsewhere", lists.centres["STO"], role="lead")
    state_coverage(centre=lists.centres["STO"], complete_through=DAY, by=elsewhere)
    assert "2026-01-31" not in browse.get(address()).content.decode()
    client = Client()
    client.force_login(elsewhere)
    assert "2026-01-31" in client.get(address()).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_statements(
    lists, lead, browse, django_assert_num_queries, purpose_known
):
    for count in (1, 20):
        for _ in range(count):
            state_coverage(centre=lists.centres["UPP"], complete_through=DAY, by=lead)
        with django_assert_num_queries(10):
            browse.get(address())
