"""Nothing of a person is in a log line, a span, an event or a metric, whichever way it came in."""

import json
import logging

import pytest
from celery import shared_task
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import path, reverse

from registry.entry import publish_request
from registry.models import ImportJob
from registry.tasks import run_import
from swecar import urls
from swecar.json_lines import JsonLine
from swecar.local.folder import ROOT
from tests import factories
from tests.exchange_files import as_csv
from tests.test_settings import FINISHED, NEEDED, run
from tests.watching import read_metrics

spans = pytest.importorskip("swecar.tracing.spans", reason="requirements-tracing.txt is not installed")
faults = pytest.importorskip("swecar.tracing.faults", reason="requirements-tracing.txt is not installed")
import sentry_sdk  # noqa: E402
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402
from sentry_sdk.transport import Transport  # noqa: E402

NUMBER = factories.number(birth_number=985)
PSEUDONYM, BATCH, NAME = "PSEUDO-KALLE-7", "BATCHXYZ-77", "Annastina Testperson"
PERSONAL = [
    NUMBER,
    NUMBER.replace("-", ""),
    NUMBER[2:],
    PSEUDONYM,
    BATCH,
    NAME,
    "Annastina",
    "Annastina%20Testperson",
]
WHOLE = f"{NUMBER} {PSEUDONYM} {BATCH} {NAME}"
ROW = {"centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0", "infused_on": "2020-05-05"}


def fail(request, who):
    secret = WHOLE  # noqa: F841  a local variable, which error reports like to show
    raise LookupError(WHOLE) from ValueError(f"Key (batch)=({BATCH}) already exists: {who}")


@shared_task(name="tests.fails")
def failing_job(who: str) -> None:
    raise LookupError(who) from ValueError(WHOLE)


urlpatterns = [path("fails/<str:who>/", fail), *urls.urlpatterns]
handler404, handler500 = urls.handler404, urls.handler500
EXPORTED = InMemorySpanExporter()


class Kept(Transport):
    envelopes: list[str] = []

    def capture_envelope(self, envelope):
        self.envelopes.append(envelope.serialize().decode())


@pytest.fixture(scope="session", autouse=True)
def outside():
    """Spans and events are sent to this test; once a process, whatever runs between two tests of this module."""
    spans.begin(SimpleSpanProcessor(EXPORTED))
    sentry_sdk.get_global_scope().set_client(None)
    django_settings.SENTRY_DSN = "https://0123456789abcdef@errors.example/7"
    faults.begin(transport=Kept)


@pytest.fixture
def seen(settings):
    """Everything that leaves the service by the side: lines, spans, events, metrics."""
    settings.MIDDLEWARE = [settings.MIDDLEWARE[0], "swecar.tracing.spans.trace_request", *settings.MIDDLEWARE[1:]]
    settings.ROOT_URLCONF = "tests.test_nothing_of_a_person"
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    handler = Handler()
    handler.setFormatter(JsonLine())
    loggers = [logging.getLogger(name) for name in ("", "django")]
    for logger in loggers:
        logger.addHandler(handler)
    EXPORTED.clear()
    Kept.envelopes.clear()

    def everything() -> dict[str, str]:
        publish_request._sender.submit(lambda: None).result(timeout=30)
        sentry_sdk.flush()
        return {
            "lines": "\n".join(lines),
            "spans": "\n".join(span.to_json(indent=None) for span in EXPORTED.get_finished_spans()),
            "events": "\n".join(Kept.envelopes),
            "metrics": read_metrics(),
        }

    yield everything
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.fixture
def nurse(lists):
    client = Client(raise_request_exception=False)
    client.force_login(factories.user("nurse", lists.centres["UPP"]))
    return client


def through_pages(client):
    for typed in (NUMBER, PSEUDONYM, NAME):
        client.get(f"/en/clinic/{typed}/")
        client.get("/en/clinic/", {"q": typed})
        client.get(f"/api/v1/{typed}")
        client.get("/api/v1/counts", {"centre": typed})
        client.get(
            "/health/live", headers={"X-Request-ID": typed, "traceparent": typed, "tracestate": f"a={typed}"}
        )
        client.get("/fails-not/", headers={"User-Agent": typed, "Referer": f"https://x/{typed}"})


def through_forms(client):
    for patient, batch in ((NUMBER, BATCH), (PSEUDONYM, BATCH), (NAME, NUMBER), (NUMBER, NAME * 50)):
        client.post(reverse("clinic:record"), ROW | {"patient_id": patient, "batch": batch})
    client.post("/en/accounts/login/", {"login": NAME, "password": NUMBER})
    client.post("/en/accounts/login/", {"login": NUMBER, "password": NAME})


def through_the_api(client):
    for patient, more in (
        (NUMBER, {"batch": BATCH}),
        (PSEUDONYM, {}),
        (NAME, {NAME: NUMBER}),
        (NUMBER, {"product": NAME}),
    ):
        client.post("/api/v1/infusions", ROW | {"patient_id": patient} | more, content_type="application/json")
    client.post("/api/v1/infusions", f'{{"{NAME}": ', content_type="application/json")


def through_files(client):
    for rows in ([ROW | {"patient_id": NUMBER, "batch": BATCH}], [ROW | {"patient_id": NAME, "batch": PSEUDONYM}]):
        client.post("/api/v1/imports", {"file": SimpleUploadedFile(f"{NAME}.csv", as_csv(rows))})
    jobs = list(ImportJob.objects.all())
    assert len(jobs) == 2
    for job in jobs:
        run_import.apply((str(job.pk),))


def through_errors(client):
    client.get(f"/fails/{NAME}/")
    client.post(f"/fails/{NUMBER}/?q={PSEUDONYM}", {"name": NAME}, headers={"Cookie": f"a={NAME}"})
    failing_job.apply((WHOLE,))


WAYS = [through_pages, through_forms, through_the_api, through_files, through_errors]


@pytest.mark.parametrize("go", WAYS)
def test_nothing_of_a_person_leaves_by_the_side(nurse, seen, go):
    go(nurse)
    told = seen()
    assert told["spans"]
    for place, text in told.items():
        found = [personal for personal in PERSONAL if personal.casefold() in text.casefold()]
        assert found == [], (
            place,
            [line for line in text.splitlines() if found[0].casefold() in line.casefold()][:3],
        )


def test_what_leaves_is_enough_to_find_an_error(nurse, seen):
    nurse.get(f"/fails/{NAME}/", headers={"X-Request-ID": "faffaffaffaffaffaf"})
    failing_job.apply((WHOLE,))
    told = seen()
    named = [span for span in map(json.loads, told["spans"].splitlines()) if "fails" in span["name"]]
    assert named[0]["name"] == "GET fails/<str:who>/"
    assert named[0]["attributes"] == {
        "request_id": "faffaffaffaffaffaf", "http.request.method": "GET", "http.route": "fails/<str:who>/",
        "http.response.status_code": 500, "error.type": "500",
    }  # fmt: skip
    assert (named[1]["name"], named[1]["attributes"]) == ("tests.fails", {"error.type": "LookupError"})
    assert [event for event in named if event["events"]] == []
    first, second = (json.loads(envelope.splitlines()[-1]) for envelope in Kept.envelopes)
    assert first.keys() == second.keys() <= set(faults.KEPT)
    assert first["tags"] == {"request_id": "faffaffaffaffaffaf", "route": "fails/<str:who>/"}
    assert second["tags"].keys() == {"job", "job_id"}
    (value,) = first["exception"]["values"]
    assert value.keys() == {"type", "stacktrace"}
    assert value["type"] == "LookupError from ValueError"


def test_a_job_belongs_to_the_trace_of_its_request(db, seen):
    sent: dict = {}
    span, token = spans._begin("GET", spans.SpanKind.SERVER, None)
    spans._send_along(headers=sent)
    spans.detach(token)
    span.end()
    failing_job.apply(("x",), headers={"traceparent": sent["traceparent"]})
    request, job = EXPORTED.get_finished_spans()
    assert job.parent.span_id == request.context.span_id


WITHOUT = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *of: None if name == "{}" else find(name, *of)
import swecar.settings
"""


@pytest.mark.parametrize(
    ("variables", "package"),
    [
        ({"TRACES_URL": "http://collector:4318/v1/traces"}, "opentelemetry"),
        ({"SENTRY_DSN": "https://0123456789abcdef@errors.region.se/7"}, "sentry_sdk"),
    ],
)
def test_a_setting_without_its_package_stops_the_start_with_a_sentence(variables, package):
    code, said = run("-c", WITHOUT.format(package), **NEEDED | FINISHED | variables)
    assert code == 1
    (sentence,) = said.splitlines()
    assert sentence.startswith(
        f"{next(iter(variables))} is set, and the package {package} is not installed. Install "
    )
    assert (ROOT / "requirements-tracing.txt").exists()
    assert run(
        "-c",
        "import django; django.setup()",
        **NEEDED | FINISHED | variables,
        DJANGO_SETTINGS_MODULE="swecar.settings",
    ) == (0, "")
