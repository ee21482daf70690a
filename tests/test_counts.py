"""What all processes count is told together: each event once, by whoever it was done."""

import os
import subprocess
import sys
from collections import Counter

import pytest
from django.test import Client
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families

from registry import tasks
from registry.errors import ProofFailed
from registry.publishing import runs
from swecar import counts
from swecar.celery import app
from swecar.http.request_parts import PARTS, PUBLIC_PAGES, part_of
from swecar.local.folder import ROOT
from swecar.server_urls import redis_server
from tests import factories
from tests.signing_in import PASSWORD, sign_in
from tests.watching import read_metrics

LABELS = ("part", "way", "job", "status", "code", "outcome", "le")
INFUSION = {
    "centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0", "infused_on": "2020-05-05",
}  # fmt: skip


@pytest.fixture(autouse=True)
def none_yet():
    counts.read_counts()
    with counts.make_client(counts.settings.REDIS) as server:
        server.delete(counts.KEY)


def told(name: str) -> dict[tuple, float]:
    """The samples of a counter, by its labels' values."""
    found = {}
    for family in text_string_to_metric_families(read_metrics()):
        for sample in family.samples if family.name == f"swecar_{name}" else ():
            labels = [sample.labels[label] for label in LABELS if label in sample.labels]
            found[(*labels, *([sample.name] if "le" in sample.labels else []))] = sample.value
    return found


def test_the_handbook_lists_every_counter():
    text = (ROOT / "docs" / "operations.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `swecar_") and "_total" in line]
    assert rows == [
        f"| `swecar_{name}_total{{{','.join(labels)}}}` | {meaning} |"
        for name, (meaning, labels) in counts.COUNTERS.items()
    ]
    assert [part for part in (*PARTS, PUBLIC_PAGES) if f"`{part}`" not in text] == []


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/", "public_pages"), ("/en/", "public_pages"), ("/releases/1/", "public_pages"),
        ("/statics", "public_pages"), ("/metrics", "monitoring"), ("/health/ready", "monitoring"),
        ("/static/pages/x.css", "static"),
        ("/api/v1/counts", "public_api"), ("/api-info", "public_api"), ("/api/v1/meeting", "public_api"),
        ("/api/v1/infusions", "records_api"), ("/api/v1/infusions/7", "records_api"), ("/clinic/", "clinic"),
        ("/en/clinic/x/", "clinic"), ("/en/accounts/login/", "accounts"), ("/admin/", "admin"),
    ],
)  # fmt: skip
def test_each_path_is_of_a_part(path, part):
    assert part_of(path) == part


def test_requests_are_counted_by_part_and_status(lists):
    before = told("requests")
    for path in ("/api/v1/nothing", "/api/v1/nothing", "/clinic/", "/robots.txt"):
        Client().get(path)
    after = Counter(told("requests"))
    after.subtract(before)
    assert {key: value for key, value in after.items() if value and key[0] != "monitoring"} == {
        ("public_api", "404"): 2, ("clinic", "302"): 1, ("public_pages", "200"): 1,
    }  # fmt: skip
    buckets = {key: value for key, value in told("request_seconds").items() if key[0] == "public_api"}
    assert buckets["public_api", "+Inf", "swecar_request_seconds_bucket"] == 2
    values = [value for (_part, *more), value in buckets.items() if more]
    assert values == sorted(values)


def test_entries_and_refusals_by_way(lists):
    client = Client()
    client.force_login(factories.user("nurse", lists.centres["UPP"]))
    for place in range(2):
        body = INFUSION | {"patient_id": factories.nth_number(place)}
        assert client.post("/api/v1/infusions", body, content_type="application/json").status_code == 201
    wrong = INFUSION | {"patient_id": factories.nth_number(3), "product": "Nothing"}
    assert client.post("/api/v1/infusions", wrong, content_type="application/json").status_code == 400
    page = reverse("clinic:record")
    form = client.post(page, INFUSION | {"patient_id": factories.nth_number(4), "infused_on": "2030"})
    assert form.status_code in {200, 422}
    assert told("entries") == {("api",): 2}
    assert told("refusals") == {("api", "infusion_refused"): 1, ("form", "fields_wrong"): 1}


def test_proofs_by_whether_they_agreed(lists, monkeypatch):
    factories.record_several(lists)
    runs.run_publication()
    runs.run_verification()

    def differ(**_options):
        raise ProofFailed([])

    factories.record(lists, factories.nth_number(7))
    monkeypatch.setattr(runs, "publish", differ)
    with pytest.raises(ProofFailed):
        runs.run_publication()
    assert told("proofs") == {("agreed",): 2, ("differed",): 1}


def test_jobs_by_outcome(lists, monkeypatch):
    tasks.prune_facts.apply()
    tasks.prune_facts.apply()

    def fail():
        raise ValueError("of a person")

    monkeypatch.setattr(tasks.runs, "run_verification", fail)
    tasks.verify_snapshot.apply()
    prune, verify = tasks.prune_facts.name, tasks.verify_snapshot.name
    assert told("jobs") == {(prune, "done"): 2, (verify, "failed"): 1}
    assert told("job_seconds").keys() == {(prune,), (verify,)}


def test_what_is_sent_to_the_workers(lists):
    app.send_task(tasks.sweep.name)
    app.send_task(tasks.sweep.name)
    assert told("jobs_sent") == {(tasks.sweep.name,): 2}


def test_sign_ins_by_outcome(db):
    user = factories.user("nurse")
    user.set_password(PASSWORD)
    user.save()
    for _try in range(2):
        sign_in(Client(), password="wrong-password-of-nurse")
    sign_in(Client())
    assert told("sign_ins") == {("failed",): 2, ("done",): 1}


COUNT_IN_CHILD = """
import os, django
django.setup()
from swecar import counts
counts.count("entries", "form", by=5)
if os.fork() == 0:
    counts.count("entries", "form")
    counts.move()
    os._exit(0)
os.wait()
counts.move()
"""


def test_another_process_and_its_child_count_once_each(db):
    counts.count("entries", "form")
    variables = os.environ | {"DJANGO_SETTINGS_MODULE": "swecar.settings", "REDIS_URL": counts.settings.REDIS_URL}
    subprocess.run([sys.executable, "-c", COUNT_IN_CHILD], cwd=ROOT, env=variables, check=True)
    assert told("entries") == {("form",): 7}


def test_with_redis_down_nothing_is_lost_and_the_rest_is_told(db, settings):
    up = settings.REDIS
    settings.REDIS = redis_server("redis://127.0.0.1:9/0")
    counts.count("entries", "form")
    assert "swecar_entries" not in read_metrics()
    assert "swecar_broker_up 0.0" in read_metrics()
    settings.REDIS = up
    assert told("entries") == {("form",): 1}


def test_a_proof_that_has_not_differed_yet_is_told_as_none(db):
    """Else the first would begin a series at 1, and no alert would see it rise."""
    told = read_metrics()
    for outcome in ("agreed", "differed"):
        assert f'swecar_proofs_total{{outcome="{outcome}"}}' in told
