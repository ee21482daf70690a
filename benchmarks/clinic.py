"""The clinic's pages through a real server, with 100,000 infusions in the database."""

import http.client
import statistics
import time
from collections.abc import Iterator
from importlib import import_module
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection

from benchmarks.registries import fill
from benchmarks.results import Result
from benchmarks.serving import serve
from registry.models import Centre, Infusion, Membership, User

ROUNDS = 40
TOKEN = "a" * 32  # CSRF token, the same in cookie and header
IDENTIFIERS = """
INSERT INTO registry_patientidentifier (patient_id, type, key_id, digest)
SELECT id, 'personal', 'made-up', sha256(id::text::bytea) FROM registry_patient
"""
UNKNOWN = "19700101-9802"  # nobody's: test numbers have birth numbers from 980


def measure(*, small: bool) -> Iterator[Result]:
    """Milliseconds of the pages and of a search by identifier."""
    fill(10_000 if small else 100_000)
    with connection.cursor() as cursor:
        cursor.execute(IDENTIFIERS)
        cursor.execute("ANALYZE registry_patientidentifier")
    cookies = f"{settings.SESSION_COOKIE_NAME}={_sign_in()}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
    headers = {"Cookie": cookies, "X-CSRFToken": TOKEN}
    row = Infusion.objects.filter(centre__code="UPP").select_related("patient")[0]
    form = {"patient_id": UNKNOWN, "csrfmiddlewaretoken": TOKEN}
    with serve("swecar.settings") as port:
        for name, method, url, body, goal in (
            ("the start page", "GET", "/en/clinic/", None, ""),
            ("the entry page", "GET", "/en/clinic/infusions/new", None, "<= 150"),
            ("a person searched by number", "POST", "/en/clinic/infusions/new/person", form, "<= 100"),
            ("a person's page", "GET", f"/en/clinic/persons/{row.patient.registry_number}/", None, "<= 100"),
        ):
            yield Result(name, "ms, median", _median(port, method, url, body, headers), goal=goal)


def _sign_in() -> str:
    """The session key of a reporter of Uppsala."""
    user, _created = User.objects.get_or_create(username="bench", defaults={"password": "!"})
    Membership.objects.get_or_create(
        user=user, centre=Centre.objects.get(code="UPP"), defaults={"role": "reporter"}
    )
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


def _median(port: int, method: str, url: str, form: dict | None, headers: dict[str, str]) -> float:
    """Median milliseconds over one connection, after five requests to warm up."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    body = urlencode(form) if form else None
    if form:
        headers = headers | {"Content-Type": "application/x-www-form-urlencoded"}
    times = []
    for _round in range(ROUNDS + 5):
        started = time.perf_counter()
        line.request(method, url, body, headers)
        response = line.getresponse()
        response.read()
        times.append(time.perf_counter() - started)
        if response.status != http.client.OK:
            raise AssertionError(f"{url} gave {response.status}")
    return statistics.median(times[5:]) * 1000
