"""What whoever runs the service has to know of it: gauges, and what all processes have counted.

Nothing is of a person. Each response has a registry of its own: there are several processes, and all that is told
stands in the database, or in Redis (swecar/counts.py). A gauge without a value is left out, since 0 would be one.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Min, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from api.monitoring.counters import Counters
from api.monitoring.health import is_broker_up
from registry.access import Operator, reading_as
from registry.choices import FAILURES, ImportState, Sign, Task
from registry.entry.patients.lookup_budget import count_lookups
from registry.errors import Busy, WrongPurpose
from registry.models import ImportJob, LastSeen, Publication, Revision, Run
from registry.models.last_seen import LONGEST_ABSENCE
from registry.published.replica import read_lag
from registry.publishing.publish import is_in_batches
from swecar.counts import read_counts
from swecar.http.monitoring_token import holds_monitoring_token


class _Gauges:
    """The gauges of one response."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

    def tell(self, name: str, meaning: str, value: float) -> None:
        """One value."""
        Gauge(f"swecar_{name}", meaning, registry=self.registry).set(value)

    def tell_each(self, name: str, meaning: str, label: str, values: Mapping[str, float]) -> None:
        """One value for each that the label can have."""
        gauge = Gauge(f"swecar_{name}", meaning, [label], registry=self.registry)
        for one, value in values.items():
            gauge.labels(one).set(value)


@require_safe
def show_metrics(request: HttpRequest) -> HttpResponse:
    """All gauges in the text format of Prometheus, for who has the token; with the database down what is known
    without it.
    """
    if not holds_monitoring_token(request.META):
        raise Http404
    gauges = _tell_of_replica() if settings.READS_REPLICA else _tell_of_service()
    gauges.tell("broker_up", "Whether the broker responds.", is_broker_up())
    counts = read_counts()
    if counts is not None:
        gauges.registry.register(Counters(counts))
    return HttpResponse(
        generate_latest(gauges.registry), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"}
    )


def _tell_of_service() -> _Gauges:
    gauges = _Gauges()
    try:
        _tell_snapshot(gauges)
        _tell_runs(gauges)
        _tell_signs(gauges)
        if settings.APP_ROLE != "public":  # whose role of the database cannot ask
            with suppress(WrongPurpose), reading_as(Operator()):  # of the whole country
                _tell_imports(gauges)
                _tell_lookups(gauges)
    except (DatabaseError, Busy):
        gauges = _Gauges()
        is_database_up = False
    else:
        is_database_up = True
    gauges.tell("database_up", "Whether the database responds.", is_database_up)
    return gauges


def _tell_of_replica() -> _Gauges:
    """Of the replica alone: it may be behind what the web servers at the primary tell of the service."""
    gauges = _Gauges()
    try:
        lag = read_lag()
    except DatabaseError:
        is_replica_up = False
    else:
        is_replica_up = True
        gauges.tell("replica_lag_seconds", "How far the replica that is read here is behind.", lag)
    gauges.tell("replica_up", "Whether the replica that is read here responds.", is_replica_up)
    return gauges


def _tell_snapshot(gauges: _Gauges) -> None:
    publication, revision = Publication.objects.select_related("snapshot").get(), Revision.objects.get()
    stale = publication.revision != revision.number and not is_in_batches()  # held back by rule is not behind
    gauges.tell("snapshot_stale", "Whether the records have moved on since the current snapshot.", stale)
    snapshot = publication.snapshot
    if snapshot:
        age = (timezone.now() - snapshot.built_at).total_seconds()
        gauges.tell("snapshot_age_seconds", "Age of the current snapshot.", age)
        gauges.tell("snapshot_number", "Number of the current snapshot.", snapshot.number)


def _tell_runs(gauges: _Gauges) -> None:
    waiting = Q(started_at=None)
    counts = {"waiting": Count("pk", waiting), "stuck": Count("pk", Q(is_stuck=True))}
    since_when = Min("queued_at", filter=waiting)
    open_runs = (
        Run.objects.filter(finished_at=None)
        .with_stuck()
        .order_by()
        .values("task")
        .annotate(**counts, since=since_when)
    )
    by_task = {row["task"]: row for row in open_runs}
    for name, meaning in (
        ("waiting", "Runs that no worker has begun."),
        ("stuck", "Runs that nobody takes, or that have fallen silent."),
    ):
        found = {task: by_task[task][name] if task in by_task else 0 for task in Task.values}
        gauges.tell_each(f"runs_{name}", meaning, "task", found)
    since = {task: by_task[task]["since"] if task in by_task else None for task in Task.values}
    gauges.tell_each("queue_age_seconds", "How long the first run that waits has waited.", "task", _ages(since))
    last = list(Run.objects.last_of_each_task())
    seconds = {run.task: run.duration.total_seconds() for run in last if run.duration}
    gauges.tell_each("last_run_seconds", "How long the last finished run took.", "task", seconds)
    failed = {run.task: run.outcome in FAILURES for run in last}
    gauges.tell_each("last_run_failed", "Whether the last finished run ended as a failure.", "task", failed)


def _ages(since: Mapping[str, datetime | None]) -> dict[str, float]:
    """Seconds since each time, 0 without one."""
    now = timezone.now()
    return {name: (now - at).total_seconds() if at else 0 for name, at in since.items()}


def _tell_imports(gauges: _Gauges) -> None:
    counted = dict(ImportJob.objects.order_by().values_list("state").annotate(Count("pk")))
    jobs = {state: counted.get(state, 0) for state in ImportState.values}
    gauges.tell_each("import_jobs", "Uploaded files by where they stand.", "state", jobs)
    first = ImportJob.objects.filter(state=ImportState.QUEUED).aggregate(at=Min("uploaded_at"))["at"]
    meaning = "How long the first uploaded file that waits has waited."
    gauges.tell("import_queue_age_seconds", meaning, _ages({"": first})[""])


def _tell_lookups(gauges: _Gauges) -> None:
    meaning = (
        "Look-ups of the last day of persons whom the asking user's centres do not know, by what became of them."
    )
    gauges.tell_each("lookups", meaning, "outcome", count_lookups())


def _tell_signs(gauges: _Gauges) -> None:
    signs = LastSeen.objects.read()
    times = {sign: at.timestamp() for sign, at in signs.latest.items()}
    gauges.tell_each("last_seen_timestamp_seconds", "When each part was last seen at work.", "part", times)
    absent: dict[str, float] = {sign: sign in signs.absent for sign in LONGEST_ABSENCE}
    gauges.tell_each("absent", "Whether a part has not been seen for too long.", "part", absent)
    workers, schedulers = (signs.alive.get(sign, 0) for sign in (Sign.WORKER, Sign.BEAT))
    gauges.tell("workers_alive", "Workers seen in the last 90 seconds.", workers)
    gauges.tell("beat_alive", "Whether the scheduler was seen in the last 90 seconds.", schedulers)
    gauges.tell("alarm_failed", "Whether the last alarm could not be mailed.", signs.alarm_failed)
