"""No route reaches another centre's rows, even where the first wall, `visible_to`, has a hole."""

from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from registry.models import Centre, Infusion
from registry.models.centre_rows import CentresQuerySet
from registry.models.patient import PatientQuerySet
from registry.models.question_queryset import QuestionQuerySet
from tests import factories
from tests.routes import World, store_world
from tests.test_routes import ROWS

pytestmark = pytest.mark.django_db


@pytest.fixture
def hole(monkeypatch):
    """The fault that the first wall may have: everyone sees everything."""
    for rows in (CentresQuerySet, PatientQuerySet, QuestionQuerySet):
        monkeypatch.setattr(rows, "visible_to", see_everything(rows.visible_to))


def see_everything(visible_to):
    """Of every model but the centres' list, which is no secret."""
    return lambda self, *given, **more: visible_to(self, *given, **more) if self.model is Centre else self.all()


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock(), factories.rolled_back():
        yield store_world(factories.store_lists())


@pytest.fixture(scope="module")
def strangers(world) -> dict[str, tuple[Client, str]]:
    """A browser of a reporter of another centre, and one of somebody without a role."""
    opened = {}
    for role in ("other", "outsider"):
        client = Client(raise_request_exception=False)
        client.force_login(world.users[role])
        opened[role] = client, client.cookies[settings.SESSION_COOKIE_NAME].value
    return opened


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.name}")
def test_no_route_reaches_another_centres_row_through_a_hole(row, world, strangers, hole):
    address = reverse(row.name, kwargs=dict(row.args(world)))
    secrets = [str(world.infusion.pk), str(world.patient.registry_number), str(world.question.pk)]
    for role, (client, cookie) in strangers.items():
        client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: cookie})
        with factories.rolled_back():
            response = client.generic(row.method, address, **row.request(world))
            said = b"".join(response) if response.streaming else response.content
            history = [tuple(record) for record in stored_rows(world)]
        assert response.status_code == row.status_of(role), role
        sent = f"{address} {row.data(world)}"
        told = [secret for secret in secrets if secret.encode() in said and secret not in sent]
        assert not told, role
        assert history == [tuple(record) for record in stored_rows(world)]


def stored_rows(world: World):
    return Infusion.objects.filter(pk=world.infusion.pk).values_list("status", "batch", "centre", "patient")
