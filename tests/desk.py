"""What the tests of the steward's desk share: persons, someone of each kind, addresses."""

from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from registry.access import Operator
from registry.models import (
    Patient,
)
from registry.published.queries import read_map
from tests import factories

WOMAN, MAN = factories.number(birth_number=980), factories.number(birth_number=981)
COORDINATION = factories.number(birth_number=982, coordination=True)
SECOND_WOMAN = factories.number(birth_number=984)
BY = Operator()


def sign_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response) -> str:
    return response.content.decode()


def address(name, **kwargs) -> str:
    with override("en"):
        return reverse(f"clinic:{name}", kwargs=kwargs)


def number(patient) -> int:
    return Patient.objects.get(pk=patient.pk).registry_number


def national() -> dict:
    return {name: read_map(language="en")["national"][name] for name in ("patients", "infusions", "reinfusions")}
