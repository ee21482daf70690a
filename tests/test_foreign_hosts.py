"""Every route refuses a foreign Host; HTTPS is believed of a proxy alone. On the wire: test_host_by_socket.py."""

import runpy

import pytest
from django.test import Client
from django.urls import reverse

from swecar.local.folder import ROOT
from tests import factories
from tests.test_routes import ROWS, clients, world  # noqa: F401 (fixtures)
from tests.watching import TOKEN

EVIL = "evil.example"


@pytest.mark.django_db
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.name}")
def test_every_route_refuses_a_foreign_host(row, world, clients):  # noqa: F811
    """Of whoever is signed in, with each method of the table."""
    with factories.rolled_back():
        address, sent = reverse(row.name, kwargs=dict(row.args(world))), row.request(world)
        sent["headers"] = {"host": EVIL, "accept-language": "en"}
        for role in ("nobody", "administrator"):
            response = clients[role][0].generic(row.method, address, **sent)
            assert response.status_code == 400, role
            assert EVIL not in response.content.decode()
            assert EVIL not in str(response.headers)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/metrics", "/health/live", "/health/ready", "/health/deep"])
def test_who_has_the_token_may_ask_a_web_server_by_its_number(world, path):  # noqa: F811
    named = {"host": "10.0.0.7:8000"}
    assert Client().get(path, headers=named).status_code == 400
    assert Client().get(path, headers=named | TOKEN).status_code in {200, 503}
    assert Client().get("/", headers=named | TOKEN).status_code == 400


@pytest.mark.parametrize(("proxies", "believed"), [("0", False), ("1", True), ("2", True)])
def test_https_is_believed_of_a_proxy_alone(db, settings, monkeypatch, proxies, believed):
    monkeypatch.setenv("PROXIES", proxies)
    found = runpy.run_path(str(ROOT / "swecar" / "settings.py"))["SECURE_PROXY_SSL_HEADER"]
    assert found == (("HTTP_X_FORWARDED_PROTO", "https") if believed else None)
    settings.SECURE_PROXY_SSL_HEADER = found
    told = Client().get("/robots.txt", headers={"x-forwarded-proto": "https"}).content
    assert (b"Sitemap: https://" in told) is believed
