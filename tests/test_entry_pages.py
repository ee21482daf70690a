"""Entering an infusion in the pages of the clinic."""

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import AccessLog, Draft, Infusion, Patient
from tests import factories

NEW = "/en/clinic/infusions/new"
FORM = {
    "centre": "UPP",
    "patient_id": factories.number(),
    "category": "SOC",
    "product": "Kymriah",
    "indication": "C91.0",
    "infused_on": "2020-05-05",
    "do": "submit",
}


def sign_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def nurse(lists):
    """A reporter of Uppsala, in English pages."""
    return sign_in(factories.user("nurse", lists.centres["UPP"]))


def text(response) -> str:
    return response.content.decode()


def test_a_new_persons_infusion_is_stored_and_its_consequence_said(nurse):
    response = nurse.post(NEW, FORM, follow=True)
    infusion = Infusion.objects.get()
    assert response.redirect_chain[-1][0] == f"/en/clinic/persons/{infusion.patient.registry_number}/"
    assert "Counts as a new patient in SOC at UPP, and nationally." in text(response)
    assert (infusion.kind, infusion.age_at_infusion, infusion.status) == ("first", 50, "submitted")


def test_pages_render(nurse):
    for name in ("start", "record", "infusions"):
        assert nurse.get("/en" + reverse(f"clinic:{name}").removeprefix("/en")).status_code == 200
