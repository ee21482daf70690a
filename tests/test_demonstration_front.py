"""The demonstration's front: what is public it serves itself, everything else is the clinic's."""

import json
import subprocess
import sys
from wsgiref.util import setup_testing_defaults

import pytest
from django.urls import reverse

from swecar.front import is_public, make_front
from swecar.local.folder import ROOT
from swecar.local.ports import find_free_port
from tests import factories
from tests.header_table import CLOSED_PAGE
from tests.routes import store_world
from tests.test_routes import ROWS

MONITORING = ("live", "ready", "deep", "metrics")


@pytest.mark.django_db
def test_what_needs_a_sign_in_is_the_clinics_and_what_anyone_reads_is_public(lists):
    world = store_world(lists)
    for row in ROWS:
        with factories.rolled_back():
            address = reverse(row.name, kwargs=dict(row.args(world)))
        status = row.status_of("nobody")
        if status in {302, 401, 403}:
            assert not is_public(address), row.name
        elif row.name.partition(":")[0] not in {"accounts", "admin"} and "account" not in address:
            assert is_public(address) or row.name in {"api:not-found", *MONITORING}, row.name


@pytest.mark.parametrize(
    "path",
    ["/clinic/", "/en/clinic/", "/clinic", "/accounts/login/", "/admin/", "/admin", "/api/v1/infusions",
     "/api/v1/infusions/1/history", "/api/v1/me/", "/api/v1/nothing", "/nothing", "/en", "", "*", "//", "/\ud7ff"],
)  # fmt: skip
def test_where_the_public_process_has_no_route_the_clinics_says_what_there_is(path):
    assert not is_public(path)


@pytest.mark.parametrize(
    "path", ["/", "/en/", "/api/v1/map", "/api/v1/map/", "/api/v1/docs",   "/robots.txt",
             "/static/pages/public.css", "/docs/"],
)  # fmt: skip
def test_public_paths_stay_with_the_public_process(path):
    assert is_public(path)


@pytest.mark.parametrize("name", MONITORING)
def test_what_watches_the_service_asks_through_both(name):
    assert not is_public(reverse(name))


def ask(path: str, method: str = "GET", *, clinic: int) -> tuple[str, dict[str, str], str]:
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "QUERY_STRING": "", "REMOTE_ADDR": "127.0.0.1"}
    setup_testing_defaults(environ)
    heads = [("", [])]
    front = make_front(lambda _environ, _start: [b"public"], clinic=clinic)
    body = b"".join(front(environ, lambda *head: heads.append(head)))
    status, headers = heads[-1]
    return status, dict(headers), body.decode()


def test_a_clinic_that_is_down_is_an_outage_and_the_map_is_not_part_of_it():
    closed = find_free_port()
    assert ask("/", clinic=closed)[2] == "public"

    status, headers, page = ask("/en/clinic/", clinic=closed)
    assert (status, headers["Retry-After"], headers["Cache-Control"]) == (
        "503 Service Unavailable",
        "60",
        "no-store",
    )
    assert "The signed-in pages are not responding just now. Try again in a minute." in page
    assert headers["X-Request-ID"]
    assert headers["Content-Security-Policy"] == CLOSED_PAGE
    assert "look before you send it again" in ask("/en/clinic/", "POST", clinic=closed)[2]

    status, headers, problem = ask("/api/v1/infusions", clinic=closed)
    assert (status, headers["Retry-After"]) == ("503 Service Unavailable", "60")
    assert (headers["Content-Type"], json.loads(problem)["code"]) == ("application/problem+json", "clinic_down")


def test_no_registry_starts_it():
    words = [sys.executable, "-W", "ignore", "-m", "swecar.demo_web", "--bind", "127.0.0.1:0", "--clinic", "1"]
    # Where nobody has gathered the static files, the server warns of it first.
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("This is a demonstration's")
