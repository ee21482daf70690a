"""The log: JSON of the fields that the handbook lists, with the request's id, also in the worker's lines."""

import json
import logging
import re
import sys

import pytest
from django.conf import settings
from django.test import Client
from django.urls import path
from structlog.contextvars import bound_contextvars

from registry.choices import Task
from registry.identity import IdentifierUnusable
from registry.published.current_snapshot import read_current
from registry.publishing.publish import publish
from swecar.http.replay_cache import find_cached
from swecar.json_lines import FIELDS, JsonLine
from swecar.local.folder import ROOT
from tests import factories, working
from tests.working import wait_for, worker

NUMBER = factories.number(birth_number=981)
HEADER = "X-Request-ID"
GIVEN = ["9f86d081884c7d65", "5f0c8c3e-6f0e-4d5a-9a0e-9d2f7c1b2a3d", "0123456789abcdef" * 4]
NOT_GIVEN = [
    "", "abc", "PSEUDONYM-OF-ONE-7", "anna.andersson.19",
    "a" * 65, "two words here", "semi;colon;here", 'quote"quote', "slash/slash/", "åäöåäöåäö",
    NUMBER, NUMBER.replace("-", ""), NUMBER.replace("-", "")[2:], f"id-{NUMBER}-7", "line-one\nline-two",
]  # fmt: skip


def fail(request):
    raise IdentifierUnusable(f"no such person: {NUMBER}") from ValueError(f"Key (batch)=(B-77) {NUMBER}")


urlpatterns = [path("fails/<str:who>/", fail)]


def line_of(level=logging.INFO, name="registry.x", text="", arguments=(), exc_info=None, **more) -> dict:
    record = logging.LogRecord(name, level, "", 1, text, arguments, exc_info)
    vars(record).update(more)
    printed = JsonLine().format(record)
    assert "\n" not in printed
    return json.loads(printed)


@pytest.fixture
def printed():
    """The lines that the service prints, by the formatter that it prints with."""

    class Kept(logging.Handler):
        def emit(self, record):
            lines.append(json.loads(self.format(record)))

    lines: list[dict] = []
    handler = Kept()
    handler.setFormatter(JsonLine())
    loggers = [logging.getLogger(name) for name in ("", "django")]
    for logger in loggers:
        logger.addHandler(handler)
    yield lines
    for logger in loggers:
        logger.removeHandler(handler)


def test_the_handbook_lists_every_field():
    text = (ROOT / "docs" / "operations.md").read_text()
    section = text.partition("## The log\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{name}` | {about} |" for name, about in FIELDS.items()]


def test_json_is_what_a_service_prints_unless_it_is_told_otherwise():
    assert settings.LOG_FORMAT == "json"
    handler = logging.getLogger().handlers
    assert any(isinstance(one.formatter, JsonLine) for one in handler)


def test_a_line_has_what_is_known_and_nothing_else():
    with bound_contextvars(request_id="abcdefgh", patient="Anna", job="registry.publish"):
        line = line_of(text="stored %s", arguments=(3,))
    assert line.pop("at")[-1] == "Z"
    assert line == {
        "level": "info", "logger": "registry.x", "message": "stored 3", "request_id": "abcdefgh",
        "job": "registry.publish",
    }  # fmt: skip


def test_an_error_is_told_by_its_kind_and_place_alone():
    try:
        fail(None)
    except IdentifierUnusable:
        line = line_of(logging.ERROR, text="failed", exc_info=sys.exc_info())
    assert line["error"] == "registry.identity.IdentifierUnusable from ValueError"
    whole = json.dumps(line)
    assert not [word for word in (NUMBER, "B-77", "no such person") if word in whole]


def test_of_a_group_of_errors_the_first_is_told():
    try:
        raise ExceptionGroup("both", [KeyError("Anna"), OSError("Berit")])
    except ExceptionGroup:
        line = line_of(logging.ERROR, text="failed", exc_info=sys.exc_info())
    assert line["error"] == "ExceptionGroup from KeyError"
    assert not [name for name in ("Anna", "Berit") if name in json.dumps(line)]


@pytest.mark.parametrize("name", ["django.request", "allauth.account", "axes.watch", "psycopg.pool", "urllib3"])
def test_what_a_library_puts_in_is_left_out(name):
    assert line_of(name=name, text="at %s of %s", arguments=("Anna", "B-77"))["message"] == "at %s of %s"


def test_of_a_job_no_argument_and_no_error_text_is_told():
    given = {
        "name": "registry.publish",
        "id": "7",
        "args": "('Anna',)",
        "exc": "KeyError('Anna')",
        "runtime": 0.25,
    }
    line = line_of(name="celery.app.trace", text="Task %(name)s[%(id)s] %(args)s: %(exc)s", arguments=(given,))
    assert line["message"] == "Task registry.publish[7] …: …"


@pytest.mark.urls("tests.test_log")
def test_a_failed_request_is_logged_by_its_route_with_its_id(db, printed):
    client = Client(raise_request_exception=False)
    client.get("/fails/anna-andersson/", headers={HEADER: "abcdef00abcdef77"})
    line = next(line for line in printed if line["logger"] == "django.request")
    assert (line["status"], line["route"], line["request_id"]) == (500, "fails/<str:who>/", "abcdef00abcdef77")
    assert "place" in line
    assert "anna" not in json.dumps(printed)


def test_a_page_that_is_not_there_is_logged_with_the_id(db, printed):
    for sent in ("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"):
        Client().get("/clinic/anna-andersson/", headers={HEADER: sent})
    lines = [line for line in printed if line["logger"] == "django.request"]
    assert [(line["status"], line["request_id"]) for line in lines] == [
        (404, "aaaaaaaaaaaaaaaa"),
        (404, "bbbbbbbbbbbbbbbb"),
    ]
    assert "anna" not in json.dumps(printed)
    logging.getLogger("registry").warning("later")
    assert "request_id" not in printed[-1]


@pytest.mark.parametrize("path", ["/health/live", "/api/v1/nothing", "/clinic/", "/static/nothing.css", "/x%00"])
def test_every_response_has_an_id_of_its_own(db, path):
    first, second = (Client().get(path)[HEADER] for _twice in range(2))
    assert first != second
    assert re.fullmatch("[a-z]{32}", first)


@pytest.mark.parametrize("sent", GIVEN)
def test_a_well_formed_id_is_taken_and_given_back(sent):
    assert Client().get("/health/live", headers={HEADER: sent})[HEADER] == sent


@pytest.mark.parametrize("sent", NOT_GIVEN)
def test_any_other_id_is_replaced_by_a_new_one(sent):
    assert re.fullmatch("[a-z]{32}", Client().get("/health/live", headers={HEADER: sent})[HEADER])


def test_a_cached_response_is_the_same_but_for_its_id(lists):
    factories.record_several(lists)
    publish()
    seen = []
    for sent in ("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"):
        environ = Client().get("/api/v1/counts", headers={HEADER: sent}).wsgi_request.META
        found = find_cached(environ, current=lambda: read_current().hash, spend=lambda *_given: {})
        headers = dict(found.headers)
        seen.append((headers.pop(HEADER), found.status, headers, found.body))
    assert [one[0] for one in seen] == ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"]
    assert seen[0][1:] == seen[1][1:] == seen[2][1:]


@pytest.mark.django_db(transaction=True)
def test_the_id_follows_into_the_worker(committed_lists):
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    client = Client()
    client.force_login(nurse)
    log = working.log_of_worker()
    with worker():
        for number, sent in (
            (NUMBER, "aaaaaaaaaaaaaaa1"),
            (factories.number(birth_number=983), "aaaaaaaaaaaaaaa2"),
        ):
            response = client.post(
                "/api/v1/infusions",
                data={
                    "centre": "UPP", "patient_id": number, "category": "SOC", "product": "Kymriah",
                    "indication": "C91.0", "infused_on": "2020-05-05",
                },
                content_type="application/json",
                headers={HEADER: sent},
            )  # fmt: skip
            assert response.status_code == 201, response.content
            wait_for(lambda sent=sent: f'"{sent}"' in log.read_text(), f"{sent} in {log.read_text()}")
        lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    of_requests = [line for line in lines if "request_id" in line]
    assert {line["job"] for line in of_requests} == {Task.PUBLISH.value}
    assert len({line["job_id"] for line in of_requests}) == 2
    assert NUMBER not in json.dumps(lines)
