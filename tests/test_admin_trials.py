"""Trials at hospitals and statements in the administration."""

import pytest

from registry.models import ExemptionYear, ManufacturingStatement, SiteTrial, Trial
from tests import factories
from tests.admin_browser import form_of, page, pages_of, sign_in, store_statements, text

pytestmark = pytest.mark.django_db
INLINES = {"classes": 3, "receiving_countries": 3}


@pytest.fixture
def client(lists):
    store_statements(lists)
    return sign_in()


def statement(**fields) -> dict:
    site = ManufacturingStatement.objects.first().site_id
    sent = {
        "site": site,
        "as_of": "2025-05-31",
        "products": "5",
        "countries": "2",
        "stated_by": "Vecura",
        "source": "R",
    }
    for name, number in INLINES.items():
        sent |= {f"{name}-TOTAL_FORMS": number, f"{name}-INITIAL_FORMS": 0}
    return sent | fields


def test_a_trial_gets_its_other_numbers(client):
    address = page(Trial, "change", Trial.objects.get(identifier=factories.INDUSTRY).pk)
    sent = form_of(client, address) | {"other_identifiers": "nct99000077 / 2024-512345-10-00", "reason": "moved"}
    assert client.post(address, sent).status_code == 302
    assert Trial.objects.get(identifier=factories.INDUSTRY).other_identifiers == [
        "NCT99000077",
        "2024-512345-10-00",
    ]
    assert form_of(client, address)["other_identifiers"] == "NCT99000077, 2024-512345-10-00"
    again = form_of(client, page(Trial, "add")) | {"identifier": "NCT99000077", "name": "X", "sponsor": "unknown",
                                                   "phase": "unknown"}  # fmt: skip
    assert "One of these numbers is another trial" in text(client.post(page(Trial, "add"), again))
    assert client.post(page(Trial, "add"), again | {"identifier": "NCT99000078"}).status_code == 302


def test_a_status_is_added_and_a_course_that_cannot_be_is_refused(client):
    address = pages_of(SiteTrial)["change"]
    new = {"status": "closed", "since": "2019", "date_precision": "year"}
    sent = form_of(client, address) | {"reason": "closed", "statuses-TOTAL_FORMS": 2}
    sent |= {f"statuses-1-{name}": value for name, value in new.items()}
    assert "explain why it recruits again" in text(client.post(address, sent))
    assert client.post(address, sent | {"statuses-1-since": "2022"}).status_code == 302
    assert [one.status for one in SiteTrial.objects.get().statuses.all()] == ["recruiting", "closed"]
    assert "closed" in text(client.get(pages_of(SiteTrial)["history"]))


def test_a_statement_is_added_with_its_parts_and_never_changed(client):
    address = page(ManufacturingStatement, "add")
    parts = {"classes-0-atmp_class": "sctmp", "classes-0-products": "5", "receiving_countries-0-country": "NO"}
    assert client.post(address, statement(**parts)).status_code == 302
    row = ManufacturingStatement.objects.last()
    assert (row.entered_by, row.classes.get().products, row.receiving_countries.get().country) == (
        "föreståndare", 5, "NO",
    )  # fmt: skip
    assert client.post(page(ManufacturingStatement, "change", row.pk), statement()).status_code == 403
    assert client.post(page(ManufacturingStatement, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"as_of": "2999-01-01"}, "The date lies in the future."),
    ({"classes-0-atmp_class": "sctmp", "classes-0-products": "4"}, "The classes add up to 4"),
    ({"countries": "1", "receiving_countries-0-country": "NO", "receiving_countries-1-country": "DK"},
     "More countries are named (2)"),
    ({"patients": "9", "patients_with_imports": "8"}, "The patients with imports are not fewer"),
    ({"source": "19700101-9806"}, "This looks like an identity number."),
])  # fmt: skip
def test_a_wrong_statement_is_explained(client, fields, sentence):
    answer = client.post(page(ManufacturingStatement, "add"), statement(**fields))
    assert (answer.status_code, sentence in text(answer)) == (200, True)
    assert ManufacturingStatement.objects.count() == 1


def test_a_year_of_the_exemption_is_added(client, lists):
    sent = {"centre": lists.centres["UPP"].pk, "product": "Keratinocyter", "atmp_class": "unknown", "year": "2024",
            "through": "2024-12-31", "patients": "3", "stated_by": "X", "source": "R"}  # fmt: skip
    address = page(ExemptionYear, "add")
    assert "has to lie in the year" in text(client.post(address, sent | {"through": "2023-12-31"}))
    assert client.post(address, sent).status_code == 302
    assert ExemptionYear.objects.last().entered_by == "föreståndare"
