"""During an outage what is known is answered and marked, and what was typed is given back."""

import errno
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client

from registry.choices import Scope
from registry.entry.accounts.tokens import create_token, revoke_token
from registry.models import Infusion, Snapshot
from registry.published import current_snapshot
from registry.publishing.publish import publish
from swecar.local.ports import find_free_port
from tests import factories
from tests.calling import NEW
from tests.outages import reached_at
from tests.watching import TOKEN
from tests.working import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ("/", "/en/", "/en/how-we-count/", "/dela/", "/en/embed/", "/en/releases/", "/explore?by=centre")
FILES = ("/api/v1/map", "/api/v1/map.csv", "/api/v1/map.svg", "/api/v1/counts?by=centre", "/api/v1/centres")
SAID = {
    "sv": "Registrets databas har inte svarat sedan",
    "en": "database has not responded since",
}


@pytest.fixture
def known(committed_lists, settings):
    """What is published and has been read once; the purpose of the database with it."""
    settings.DATABASE_SILENCE = 800
    factories.record(committed_lists)
    publish()
    return {path: ask(path) for path in (*PAGES, *FILES, "/api/v1/status")}


def ask(path: str, client=None, **headers):
    connection.close()  # as each request of a web server has a connection of its own
    client = client or Client(raise_request_exception=False)
    return client.get(path, headers={"accept-encoding": "gzip"} | headers)


def read(response) -> str:
    import gzip  # noqa: PLC0415

    body = response.content
    return unescape((gzip.decompress(body) if response.headers.get("Content-Encoding") else body).decode())


@contextmanager
def gone():
    """Nobody listens where the database was, and what was announced has run out."""
    with reached_at(find_free_port()):
        caches["default"].delete(current_snapshot.CURRENT_KEY)
        caches["responses"].delete(current_snapshot.CURRENT_KEY)
        yield


def test_known_pages_go_on_and_say_since_when(known):
    with gone():
        for path in PAGES:
            answer = ask(path)
            language = "en" if path.startswith("/en") else "sv"
            assert answer.status_code == 200, path
            assert SAID[language] in read(answer), path
            assert '<p class="outage" role="status">' in read(answer)
            assert answer["Cache-Control"] == "no-store"
            assert answer["Warning"].startswith('111 swecar "Revalidation failed: the database')
            assert "ETag" not in answer
            answer = ask(path, **{"if-none-match": known[path].headers["ETag"]})
            assert answer.status_code == 200, "a kept page would not say it"
        for path in ("/explore?by=category", "/explore?from=nu"):
            assert ask(path).status_code == 503, "nobody has asked this before"
    wait_for(lambda: "Warning" not in ask("/"), "a page that is not marked")
    for path in PAGES:
        assert "Warning" not in ask(path)
        assert SAID["en"] not in read(ask(path))


def test_known_documents_go_on_byte_for_byte_and_are_marked(known):
    with gone():
        for path in FILES:
            answer, before = ask(path), known[path]
            assert answer.status_code == 200, path
            assert (answer.content, answer["ETag"]) == (before.content, before["ETag"])
            assert answer["Cache-Control"] == "no-cache"
            assert "Warning" in answer
            answer = ask(path, **{"if-none-match": before["ETag"]})
            assert (answer.status_code, "Warning" in answer) == (304, True)
        assert ask("/api/v1/counts?by=category").status_code == 503, "nobody has asked this before"


def test_they_go_on_for_as_long_as_it_lasts(known, monkeypatch):
    """Seen from a day later, when all that is kept for some seconds or minutes has run out."""
    with gone():
        since = ask("/en/")["Warning"]
        tomorrow = (datetime.now(UTC) + timedelta(hours=23)).timestamp()
        monkeypatch.setattr("time.time", lambda: tomorrow)
        answers = [ask(path) for path in ("/en/", "/api/v1/map", "/api/v1/status")]
        assert [answer.status_code for answer in answers] == [200] * 3
        assert {answer["Warning"] for answer in answers} == {since}


def test_the_status_says_it(known):
    before = known["/api/v1/status"].json()
    assert before["database_away_since"] is None
    with gone():
        answer = ask("/api/v1/status")
        told = answer.json()
        assert (answer.status_code, answer["Cache-Control"], "Warning" in answer) == (200, "no-store", True)
        assert told["snapshot"] == before["snapshot"]
        since = datetime.fromisoformat(told["database_away_since"])
        assert timedelta(0) <= datetime.now(UTC) - since < timedelta(seconds=30)
        assert {told[name] for name in ("stale", "lag_seconds", "last_run")} == {None}
    assert ask("/api/v1/status").json() == before


def test_a_process_that_has_only_just_begun_takes_what_the_others_know(known):
    with gone():
        caches["responses"].clear()
        for path in ("/en/", "/api/v1/map"):
            answer = ask(path)
            assert (answer.status_code, "Warning" in answer) == (200, True), path


def test_numbers_that_the_policy_withholds_now_do_not_come_back(known, settings):
    settings.DISCLOSURE = "threshold:5"
    with gone():
        for path in ("/en/", "/api/v1/map", "/api/v1/counts?by=centre"):
            assert ask(path).status_code == 503, path


def test_a_snapshot_that_has_been_replaced_does_not_come_back(known, committed_lists):
    """The worker, which reaches the database, goes on publishing and announces it."""
    factories.record(committed_lists, factories.nth_number(3))
    publish()
    newest = Snapshot.objects.latest("number")
    with reached_at(find_free_port()):
        caches["responses"].delete(current_snapshot.CURRENT_KEY)
        assert ask("/api/v1/status").json()["snapshot"]["number"] == newest.number
        assert ask("/api/v1/map").status_code == 503


def test_nobody_is_let_in_from_memory(known, committed_lists):
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    token, text = create_token(owner=nurse, name="T", scope=Scope.READ, days=1, by=nurse)
    headers = {"authorization": f"Bearer {text}"}
    assert ask("/api/v1/infusions", **headers).status_code == 200
    revoke_token(token_id=token.pk, by=nurse)
    with gone():
        for path in ("/api/v1/infusions", "/api/v1/me"):
            answer = ask(path, **headers)
            assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store")
            assert answer.json()["code"] == "database_down"


@pytest.mark.parametrize(("role", "status"), [("clinic", 503), ("public", 200)])
def test_a_process_of_the_public_stays_ready_since_it_answers(known, settings, role, status):
    settings.APP_ROLE = role
    with gone():
        answer = ask("/health/ready", **TOKEN)
        assert (answer.status_code, answer.json()["database"]) == (status, False)
        assert ask("/health/deep", **TOKEN).status_code == 503


# What was typed


@pytest.fixture
def nurse(known, committed_lists):
    client = Client(raise_request_exception=False)
    client.force_login(factories.user("nurse", committed_lists.centres["UPP"]))
    return client


TYPED = {
    "centre": "UPP", "patient_id": factories.nth_number(9), "category": "SOC", "product": "Kymriah",
    "indication": "C91.0", "infused_on": "2021-03-02", "batch": 'B"7 <x>', "do": "submit",
}  # fmt: skip
FORM = "/en/clinic/infusions/new"
OWN = {"origin": "http://testserver"}


def fields_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


def send(client, path, typed, **headers):
    connection.close()
    return client.post(path, typed, headers=headers)


def test_a_form_comes_back_with_what_was_typed_and_is_stored_once(nurse):
    page = ask(FORM, nurse).content.decode()
    token = fields_of(page)["csrfmiddlewaretoken"]
    with gone():
        answer = send(nurse, FORM, TYPED | {"csrfmiddlewaretoken": token}, **OWN)
        page = answer.content.decode()
        assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "60", "no-store")
        assert "Nothing was stored." in page
        given = {name: unescape(value) for name, value in fields_of(page).items()}
        assert given == TYPED | {"csrfmiddlewaretoken": token}
        swedish = send(nurse, FORM.removeprefix("/en"), TYPED, **OWN).content.decode()
        assert "Databasen kan inte svara just nu" in swedish
    for _again in range(2):
        answer = send(nurse, FORM, given, **OWN)
        assert answer.status_code == 302, answer.content.decode()
    assert Infusion.objects.filter(batch=TYPED["batch"]).count() == 1


def test_what_was_typed_is_given_to_the_sites_own_page_alone(nurse):
    with gone():
        for headers in ({}, {"origin": "https://elsewhere.example"}, OWN | {"hx-request": "true"}):
            answer = send(nurse, FORM, TYPED, **headers)
            assert answer.status_code == 503
            assert TYPED["patient_id"] not in answer.content.decode()
        answer = send(nurse, "/en/accounts/login/", {"login": "nurse", "password": "a-secret-word"}, **OWN)
        assert answer.status_code == 503
        assert "a-secret-word" not in answer.content.decode()


def test_a_program_is_told_to_try_again(nurse, committed_lists):
    owner = factories.user("lead", committed_lists.centres["UPP"])
    _token, text = create_token(owner=owner, name="W", scope=Scope.WRITE, days=1, by=owner)
    with gone():
        connection.close()
        answer = Client(raise_request_exception=False).post(
            "/api/v1/infusions", NEW, content_type="application/json", headers={"authorization": f"Bearer {text}"}
        )
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "database_down", "60")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_full_disk_of_the_web_server_is_no_fault_of_ours(nurse, monkeypatch, number):
    def fail(*_arguments, **_options):
        raise OSError(number, "made up")

    monkeypatch.setattr("openpyxl.worksheet._writer.NamedTemporaryFile", fail)
    for path, said in (("/en/", "has no room for files"), ("/", "har inte plats för filer")):
        answer = ask(f"{path}clinic/imports/template.xlsx", nurse)
        assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "60")
        assert said in read(answer)
