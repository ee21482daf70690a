"""Without the keeper every route answers as the table says, or with a 503; no fault of ours comes of it."""

from http.cookies import SimpleCookie

import pytest
from django.conf import settings as configured
from django.urls import reverse

from registry import identity_keeper
from swecar.keeper.messages import read_address
from tests import factories
from tests.keepers import SECRET
from tests.routes import ROLES
from tests.test_routes import ROWS, clients, world  # noqa: F401 (fixtures)


@pytest.fixture
def away(settings, tmp_path):
    settings.IDENTITY_KEYS = {}
    settings.IDENTITY_KEEPER, settings.KEEPER_SECRET = read_address(f"unix://{tmp_path}/nobody"), SECRET
    identity_keeper._known.clear()


@pytest.mark.django_db
def test_every_route_answers_as_always_or_with_a_503(world, clients, away):  # noqa: F811
    unavailable = set()
    for row in ROWS:
        for role in (role for role in ROLES if row.status_of(role) < 400):
            client, cookie = clients[role]
            client.cookies = SimpleCookie({configured.SESSION_COOKIE_NAME: cookie} if cookie else {})
            with factories.rolled_back():
                where = reverse(row.name, kwargs=dict(row.args(world)))
                answer = client.generic(row.method, where, **row.request(world))
            status = answer.status_code
            if status == 200 != row.status_of(role):  # the form again, with the sentence
                said = ("Persons cannot be looked up just now", "Det går inte att söka efter personer just nu")
                assert any(sentence in answer.content.decode() for sentence in said), row.name
            else:
                assert status in {row.status_of(role), 503}, (row.name, row.method, role, status)
            if status == 503:
                unavailable.add(row.name)
    assert {"clinic:record", "api:infusions"} <= unavailable
    assert {name for name in unavailable if not name.startswith(("clinic:", "api:"))} <= {"deep"}
