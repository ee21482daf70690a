"""The lead's pages of trials: stating, correcting, confirming, a file, and what is asked about."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registry.access import Operator
from registry.dates import today
from registry.entry.infusions.record import correct_infusion
from registry.entry.trials.doubts import list_doubts
from registry.entry.trials.joining import StatedTrial
from registry.entry.trials.site_trials import SiteStatus, state_site_trial
from registry.entry.trials.statements import Origin, state_manufacturing
from registry.models import (
    ExemptionYear,
    ManufacturingStatement,
    Question,
    SiteTrial,
    SiteTrialStatus,
    TrialConfirmation,
)
from registry.publishing.publish import publish
from tests import factories

pytestmark = pytest.mark.django_db
NEW = {"centre": "UPP", "identifier": "NCT99000009", "name": "Prövning", "phase": "II", "sponsor": "academic",
       "atmp_class": "sctmp", "status": "recruiting", "since": "2020-05"}  # fmt: skip
PAGES = "/en/clinic/trials/"


@pytest.fixture
def lead(lists):
    return factories.user("lead", lists.centres["UPP"], role="lead")


@pytest.fixture
def client(lead):
    client = Client()
    client.force_login(lead)
    return client


def state(lists, identifier=factories.ACADEMIC, centre="UPP", status="recruiting", since=date(2019, 1, 1)):
    return state_site_trial(
        centre=lists.centres[centre],
        trial=StatedTrial([identifier]),
        status=SiteStatus(status, since),
        by=Operator(),
    ).site_trial


def text(response) -> str:
    return response.content.decode()


def test_a_trial_is_stated_changed_and_removed(lists, client):
    assert "No trial is stated yet." in text(client.get(PAGES))
    page = text(client.post(PAGES + "new", NEW, follow=True))
    assert "The trial is stored." in page and "NCT99000009" in page and "2020-05" in page
    row = SiteTrial.objects.get()
    assert row.statuses.get().date_precision == "month"
    added = {"status": "closed", "since": "2021-03-04"}
    assert "The status is stored." in text(client.post(f"{PAGES}{row.pk}/", added, follow=True))
    again = client.post(f"{PAGES}{row.pk}/", {"status": "recruiting", "since": "2022"})
    assert "explain why it recruits again" in text(again)
    for left, one in enumerate(row.statuses.order_by("-since"), 1):
        address = f"{PAGES}{row.pk}/{one.pk}/"
        assert f'value="{one.written_since}"' in text(client.get(address))
        assert client.post(address, {"status": one.status, "since": "2022", "explanation": ""}).status_code == 302
        assert client.post(address, {"do": "remove"}).status_code == 302
        assert SiteTrialStatus.objects.count() == 2 - left
    assert not SiteTrial.objects.exists()


@pytest.mark.parametrize(("field", "value", "sentence"), [
    ("identifier", "NCT9", "Write NCT and 8 digits"),
    ("identifier", "NCT99000001 NCT99000002", "These numbers are of different trials"),
    ("since", "2999-01-01", "The date lies in the future."),
    ("since", "i våras", "The date cannot be read."),
    ("status", "open", "Choose one from the list."),
    ("centre", "STO", "Choose one of the centres in the list."),
    ("name", "19700101-9806", "This looks like an identity number."),
])  # fmt: skip
def test_a_wrong_field_gets_a_sentence_and_stores_nothing(lists, client, field, value, sentence):
    page = text(client.post(PAGES + "new", NEW | {field: value}))
    assert sentence in page
    assert f'id="id_{field}_error"' in page
    assert not SiteTrial.objects.exists()


def test_the_trials_of_another_centre_are_not_there(lists, client):
    row = state(lists, centre="STO")
    for address in (f"{PAGES}{row.pk}/", f"{PAGES}{row.pk}/{row.statuses.get().pk}/"):
        assert client.get(address).status_code == client.post(address, {"do": "remove"}).status_code == 404
    assert client.post(PAGES, {"centre": "STO"}).status_code == 404
    assert factories.ACADEMIC not in text(client.get(PAGES))
    assert SiteTrialStatus.objects.exists() and not TrialConfirmation.objects.exists()


def test_the_start_page_reminds_and_one_button_confirms(lists, client):
    assert "confirm that the trials" not in text(client.get("/en/clinic/"))
    state(lists)
    assert "UPP: confirm that the trials are stated as they are" in text(client.get("/en/clinic/"))
    steward = Client()
    steward.force_login(factories.user("steward", national_role="steward"))
    assert "Centres that have not confirmed their trials" in text(steward.get("/en/clinic/"))
    assert "UPP: the trials are confirmed." in text(client.post(PAGES, {"centre": "UPP"}, follow=True))
    assert "confirm that the trials" not in text(client.get("/en/clinic/"))
    TrialConfirmation.objects.update(stated_on=today() - timedelta(days=184))
    assert "confirm that the trials" in text(client.get("/en/clinic/"))


def test_a_file_is_shown_before_it_is_stored(lists, client):
    head = "identifier,name,centre,status,since\n"

    def upload(content: str):
        file = BytesIO(content.encode())
        file.name = "trials.csv"
        return client.post(PAGES + "file", {"file": file})

    page = upload(head + "NCT99000009,Prövning,UPP,recruiting,2020\n")
    assert "New: trials 1, trials at hospitals 1, statuses 1." in text(page)
    assert not SiteTrial.objects.exists()
    sent = {"text": page.context["text"]}
    assert "1 status is stored." in text(client.post(PAGES + "file", sent, follow=True))
    assert SiteTrial.objects.get().trial.name == "Prövning"
    assert "Everything in the file is stored already." in text(upload(sent["text"]))
    page = text(upload(head + "NCT9,x,STO,open,2020\n"))
    assert "Line 2, centre: This is not one of the centres whose trials you state. (unknown_centre)" in page
    assert "Line 2, status: Write one of:" in page and "NCT9," not in page
    assert "Columns with unknown names: A, B." in text(upload("a,b\n"))
    assert "Choose a file" in text(client.post(PAGES + "file", {}))


def test_a_year_and_a_statement_are_stated_and_shown(lists):
    client = Client()
    client.force_login(factories.user("sto", lists.centres["STO"], role="lead"))
    origin = {"stated_by": "Karolinska", "source": "Rapport", "about": "on"}
    year = {
        "centre": "STO",
        "product": "Celler",
        "atmp_class": "unknown",
        "year": "2020",
        "patients": "20",
    } | origin
    assert "about 20" in text(client.post(PAGES + "exemption", year, follow=True))
    assert ExemptionYear.objects.get().through == date(2020, 12, 31)
    assert "The last day has to lie in the year." in text(
        client.post(PAGES + "exemption", year | {"through": "2021-01-01"})
    )
    made = {"site": "VECURA", "as_of": "2025-05-31", "products": "54", "batches": "192", "class_sctmp": "53",
            "countries": "2", "named": "no, dk"} | origin  # fmt: skip
    assert "The classes add up to 53" in text(client.post(PAGES + "manufacture", made))
    assert "192" in text(client.post(PAGES + "manufacture", made | {"class_unknown": "1"}, follow=True))
    row = ManufacturingStatement.objects.get()
    assert [one.country for one in row.receiving_countries.all()] == ["DK", "NO"]
    assert (row.about, row.entered_by) == (True, "sto")


def doubted(by) -> set[tuple[str, str, str]]:
    return {(one.place, one.about, one.problem.code) for one in list_doubts(by=by)}


def test_infusions_outside_their_trials_time_are_asked_about_where_trials_are_stated(lists, client, lead):
    factories.record(lists, category="ACT", product="Akademisk CD19 CAR-T", infused_on="2018-05-05")
    factories.record(lists, factories.nth_number(3), category="ICT", product="Akademisk CD19 CAR-T")
    assert doubted(lead) == set()
    state(lists)
    assert doubted(lead) == {
        ("UPP", factories.ACADEMIC, "trial_not_ongoing"), ("UPP", factories.INDUSTRY, "trial_not_stated"),
    }  # fmt: skip
    assert "it was not ongoing here" in text(client.get(PAGES))
    SiteTrialStatus.objects.update(since=date(2018, 5, 5))
    state(lists, factories.INDUSTRY, since=date(2020, 1, 1))
    assert doubted(lead) == set()
    assert doubted(factories.user("other", lists.centres["STO"], role="lead")) == set()


def test_a_typed_infusion_outside_its_trials_time_is_asked_about_until_it_is_corrected(lists, nurse):
    def questions() -> list[tuple[str, bool]]:
        found = Question.objects.filter(rule="trial_not_ongoing")
        return [(one.rule, one.closed_at is None) for one in found]

    given = {"category": "ACT", "product": "Akademisk CD19 CAR-T", "infused_on": "2018-05-07", "by": nurse}
    factories.record(lists, factories.nth_number(1), **given)
    state(lists, factories.INDUSTRY)
    factories.record(lists, factories.nth_number(2), **given)
    assert questions() == []
    state(lists, since=date(2018, 5, 8))
    infusion = factories.record(lists, factories.nth_number(3), **given)
    assert questions() == [("trial_not_ongoing", True)]
    correct_infusion(infusion_id=infusion.pk, changes={"infused_on": date(2018, 5, 8)}, by=nurse, reason="day")
    assert questions() == [("trial_not_ongoing", False)]


def test_a_count_that_falls_and_fewer_batches_than_counted_are_asked_about(lists):
    for serial in range(2):
        factories.record(
            lists, factories.nth_number(serial), category="ACT", product="Akademisk CD19 CAR-T",
            manufacturing_site="VECURA",
        )  # fmt: skip
    publish()
    origin = Origin("Vecura", "Rapport")
    for day, batches in ((date(2024, 1, 1), 9), (date(2025, 1, 1), 1)):
        state_manufacturing(
            site=lists.sites["VECURA"], as_of=day, counts={"batches": batches}, origin=origin, by=Operator()
        )
    sto = factories.user("sto", lists.centres["STO"], role="lead")
    assert doubted(sto) == {("VECURA", "", "count_falls"), ("VECURA", "", "fewer_batches")}
    state_manufacturing(
        site=lists.sites["VECURA"], as_of=date(2025, 1, 1), counts={"batches": 10}, origin=origin, by=Operator()
    )
    assert doubted(sto) == set()


def test_the_queries_do_not_grow_with_the_trials(lists, client, purpose_known):
    def ask() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(PAGES)
        return len(asked)

    state(lists)
    few = min(ask(), ask())
    for serial in range(5):
        state(lists, f"NCT9900007{serial}")
    assert min(ask(), ask()) == few <= 24
