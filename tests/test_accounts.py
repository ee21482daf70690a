"""Sign-in: no open door, a second factor, lock-out, and what the pages tell a browser to load."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests import factories

PASSWORD = "not a secret"
PAGES = ("account_login", "account_reset_password", "account_reset_password_done")


@pytest.fixture
def nurse(lists):
    return factories.user("nurse", lists.centres["UPP"])


def sign_in(client, name="nurse", password=PASSWORD, **more):
    return client.post("/en/accounts/login/", {"login": name, "password": password} | more)


def text(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize("address", ["signup/", "email/", "social/signup/", "social/", "oidc/siths/login/", ""])
def test_there_is_no_sign_up_and_no_other_door(db, address):
    for method in ("get", "post"):
        assert getattr(Client(), method)(f"/accounts/{address}").status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_sign_in_render(db, name):
    for prefix, word in (("", 'lang="sv"'), ("/en", 'lang="en"')):
        with translation.override("sv"):
            address = prefix + reverse(name)
        response = Client().get(address)
        assert response.status_code == 200
        assert word in text(response)


def test_password_signs_in(nurse):
    response = sign_in(Client())
    assert response.status_code == 302
