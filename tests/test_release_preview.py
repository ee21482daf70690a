"""A release is shown before it is made: beside the latest one, with what has changed and what is withheld."""

from datetime import date

import pytest

from registry.entry.infusions.record import withdraw_infusion
from registry.models import Release
from registry.publishing.new_release import preview_release, release_snapshot
from registry.publishing.publish import publish
from tests import factories
from tests.desk import BY, address, sign_in, text

pytestmark = pytest.mark.django_db
ASKED = {"do": "preview"}


@pytest.fixture
def client(steward):
    return sign_in(steward)


@pytest.fixture
def changed(lists, steward):
    """Two infusions were released; one is withdrawn since, and two are new."""
    first = factories.record(lists, factories.nth_number(1))
    factories.record(lists, factories.nth_number(2))
    publish()
    release_snapshot(name="one", title_sv="En", title_en="One", by=steward)
    withdraw_infusion(infusion_id=first.pk, by=BY, reason="a mistake")
    for place in (3, 4):
        factories.record(lists, factories.nth_number(place), centre="STO")
    publish()


def test_the_preview_is_what_the_release_becomes(changed, client, steward):
    page = client.post(address("releases"), ASKED)
    assert "Nothing is stored yet." in text(page) and Release.objects.count() == 1
    preview = page.context["preview"]
    beside = {label: (before, now) for label, before, now in preview["numbers"]}
    assert preview["since"] == "one" and ("2", "3") in beside.values()
    foreseen = preview_release(by=steward)
    made = release_snapshot(name="two", title_sv="Två", title_en="Two", by=steward)
    assert foreseen["documents"]["sv"]["national"] == made.documents["sv"]["national"]
    assert {"since": foreseen["since"], "changes": foreseen["changes"]} == made.changes
    assert "UPP" in text(page) and "Nothing will be withheld" in text(page)
    assert "Not yet attested through the last infusion" in text(page)


def test_the_first_release_stands_beside_none(lists, client):
    factories.record(lists)
    publish()
    shown = text(client.post(address("releases"), ASKED))
    assert "This is the first release." in shown


def test_what_was_typed_stays_and_a_wrong_day_is_said(changed, client):
    typed = {"name": "two", "title_sv": "Två", "title_en": "", "as_of": "2019-01-01"}
    page = client.post(address("releases"), ASKED | typed)
    assert page.context["preview"] is None and "The previous release goes further" in text(page)
    page = client.post(address("releases"), ASKED | typed | {"as_of": f"{date.today():%Y-%m-%d}"})
    assert page.context["preview"] and 'value="Två"' in text(page)


def test_under_a_threshold_it_says_that_none_is_made(changed, client, settings):
    settings.DISCLOSURE = "threshold:5"
    page = client.post(address("releases"), ASKED)
    assert page.context["preview"] is None and page.context["form"].errors
