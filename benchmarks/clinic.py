"""The pages of the clinic and of the steward through a real server, with 100,000 infusions in the database."""

import http.client
import os
import statistics
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from secrets import token_urlsafe
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction

from benchmarks.registries import fill
from benchmarks.results import Result, spread_of
from benchmarks.serving import serve
from registry.database_roles.roles import make_roles
from registry.entry.patients.duplicates import update_doubles
from registry.models import Centre, Infusion, Membership, User
from swecar.local.embedded import login_as
from swecar.postgresql.roles import CLINIC

ROUNDS = 40
TOKEN = "a" * 32  # CSRF token, the same in cookie and header
IDENTIFIERS = """
INSERT INTO registry_patientidentifier (patient_id, type, key_id, digest)
SELECT id, 'personal', 'made-up', sha256(id::text::bytea) FROM registry_patient
"""
CHANGE = """
UPDATE registry_infusion SET batch = batch || 'x'
WHERE patient_id = (SELECT 1 + floor(random() * max(id))::bigint FROM registry_patient)
"""
UNKNOWN = "19700101-9802"  # nobody's: test numbers have birth numbers from 980


def measure(*, small: bool) -> Iterator[Result]:
    """Milliseconds of the pages and of a search by identifier."""
    fill(10_000 if small else 100_000)
    add_identifiers()
    headers = headers_of(sign_in("bench", "UPP"))
    row = Infusion.objects.filter(centre__code="UPP").select_related("patient")[0]
    form = {"patient_id": UNKNOWN, "csrfmiddlewaretoken": TOKEN}
    with serve("swecar.settings") as port:
        for name, method, url, body, goal in (
            ("the start page", "GET", "/en/clinic/", None, "<= 50"),
            ("the entry page", "GET", "/en/clinic/infusions/new", None, "<= 150"),
            ("a person searched by number", "POST", "/en/clinic/infusions/new/person", form, "<= 100"),
            ("a person's page", "GET", f"/en/clinic/persons/{row.patient.registry_number}/", None, "<= 100"),
        ):
            yield _median(name, _rounds(port, method, url, body, headers), goal)
        yield from measure_desk(port, "", goal="<= 100")
    yield from measure_walls(headers)


def measure_walls(headers: dict[str, str]) -> Iterator[Result]:
    """Two pages as the clinic's role, bound by policies, beside the tables' owner, who is not: in turns."""
    password = token_urlsafe()
    with transaction.atomic():
        list(make_roles({CLINIC: password}))
    bound = login_as(CLINIC, password, os.environ["DATABASE_URL"])
    with serve("swecar.settings") as owners, serve("swecar.settings", DATABASE_URL=bound) as clinics:
        for name, url in (("the entry page", "/en/clinic/infusions/new"), ("the list", "/en/clinic/infusions/")):
            turns = [
                [_rounds(port, "GET", url, None, headers) for port in (clinics, owners)] for _turn in range(3)
            ]
            ours, theirs = ([ms for turn in turns for ms in turn[place]] for place in (0, 1))
            medians = statistics.median(ours), statistics.median(theirs)
            spread = spread_of(ours)
            yield Result(
                f"{name} with policies", "ms, median", medians[0], "without", medians[1], "<= 1.15", spread
            )


def measure_desk(port: int, size: str, *, goal: str) -> Iterator[Result]:
    """The steward's desk as it is after the sweep, and when a person has changed before each look."""
    headers = headers_of(sign_in("bench steward", national_role="steward"))
    yield Result(f"all possible doubles{size}", "s", _seconds(update_doubles))
    for name, before in (("the steward's desk", None), ("the desk after a change", _change_a_person)):
        found = _rounds(port, "GET", "/en/clinic/desk/", None, headers, before=before)
        yield _median(f"{name}{size}", found, goal)


def add_identifiers() -> None:
    """Give each person a personal identity number, as it were."""
    with connection.cursor() as cursor:
        cursor.execute(IDENTIFIERS)
        cursor.execute("TRUNCATE registry_changedperson")  # the search for all is measured below
        cursor.execute("VACUUM ANALYZE registry_patientidentifier")


def _change_a_person() -> None:
    with connection.cursor() as cursor:
        cursor.execute(CHANGE)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def headers_of(session: str) -> dict[str, str]:
    """The headers of a signed-in browser."""
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
    return {"Cookie": cookies, "X-CSRFToken": TOKEN}


def sign_in(name: str, *centres: str, national_role: str = "") -> str:
    """The session key of a reporter of centres, or of someone with a national role."""
    made = {"password": "!", "national_role": national_role}
    user, _created = User.objects.get_or_create(username=name, defaults=made)
    for centre in Centre.objects.filter(code__in=centres):
        Membership.objects.get_or_create(user=user, centre=centre, defaults={"role": "reporter"})
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


def _median(name: str, rounds: list[float], goal: str) -> Result:
    return Result(name, "ms, median", statistics.median(rounds), goal=goal, spread=spread_of(rounds))


def _rounds(
    port: int,
    method: str,
    url: str,
    form: dict | None,
    headers: dict[str, str],
    *,
    before: Callable[[], None] | None = None,
) -> list[float]:
    """Milliseconds over one connection, after five requests to warm up. before: called before each."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    body = urlencode(form) if form else None
    if form:
        headers = headers | {"Content-Type": "application/x-www-form-urlencoded"}
    times = []
    for _round in range(ROUNDS + 5):
        if before:
            before()
        started = time.perf_counter()
        line.request(method, url, body, headers)
        response = line.getresponse()
        response.read()
        times.append(time.perf_counter() - started)
        if response.status != http.client.OK:
            raise AssertionError(f"{url} gave {response.status}")
    return [1000 * seconds for seconds in times[5:]]
