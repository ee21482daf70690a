"""Whose request it is: with as many proxies as the settings say, and whatever the client has written itself."""

import pytest
from django.test import Client

from swecar.http.client_address import address_of
from tests import factories

DIRECT = "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "told", "client"),
    [
        (0, "203.0.113.1", DIRECT),
        (1, "", DIRECT),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "198.51.100.9, 203.0.113.1", "203.0.113.1"),
        (2, "203.0.113.1, 10.0.0.2", "203.0.113.1"),
        (2, "198.51.100.9,203.0.113.1,10.0.0.2", "203.0.113.1"),
        (2, "10.0.0.2", DIRECT),
        (3, "203.0.113.1, 10.0.0.3, 10.0.0.2", "203.0.113.1"),
        (1, "203.0.113.1:51234", "203.0.113.1"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
        (1, "2001:DB8:0::1", "2001:db8::1"),
        (1, "::ffff:203.0.113.1", "203.0.113.1"),
        (1, "unknown", DIRECT),
        (1, "203.0.113.1, ", DIRECT),
    ],
)
def test_the_client_stands_before_the_proxies(settings, proxies, told, client):
    settings.PROXIES = proxies
    assert address_of({"REMOTE_ADDR": DIRECT} | ({"HTTP_X_FORWARDED_FOR": told} if told else {})) == client


def test_behind_two_proxies_three_clients_have_three_allowances(settings, lists):
    settings.PROXIES, settings.RATE_LIMIT = 2, 1
    for told in ("203.0.113.1, 10.0.0.2", "203.0.113.2, 10.0.0.2", "1.1.1.1, 203.0.113.3, 10.0.0.2"):
        said = [Client().get("/api/v1/measures", headers={"X-Forwarded-For": told}).status_code for _time in "ab"]
        assert said == [200, 429]


@pytest.mark.parametrize("told", ["10.0.0.2", "", "unknown", "1.1.1.1, x, 10.0.0.2"])
def test_a_request_past_a_proxy_can_sign_in_and_be_refused(settings, lists, told):
    settings.PROXIES = 2
    factories.user("nurse", lists.centres["UPP"])
    client = Client(headers={"X-Forwarded-For": told})
    codes = [
        client.post("/accounts/login/", {"login": "nurse", "password": "x"}).status_code for _time in range(7)
    ]
    assert (codes[0], codes[-1]) == (200, 429)
