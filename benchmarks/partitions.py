"""The access log in one table, and with a partition for each year: a year's pruning, writing, a patient's extract.

All of it in one transaction that is taken back, so the database stays as it is.
"""

import time
from collections.abc import Iterator
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.results import Result
from registry.entry.access_log import prune_access_log
from registry.models import AccessLog
from swecar.local.folder import ROOT

TABLE = "registry_accesslog"
# As many each year, six years and a little back, of which the first is to be pruned.
FILL = f"""
INSERT INTO {TABLE} (at, actor, unit, action, patient, infusion, detail)
SELECT now() - interval '6 years' * (1 - line::float8 / %(lines)s), 'anna.berg', 'UPP', 'read', line %% 5000,
    gen_random_uuid(), ''
FROM generate_series(1, %(lines)s) AS line
"""
WRITTEN = 20_000
EXTRACTS = 20


def measure(*, small: bool) -> Iterator[Result]:
    """Seconds with six years of lines: partitions beside one table."""
    lines = 60_000 if small else 1_800_000
    found: dict[bool, dict[str, float]] = {}
    for parted in (False, True):
        with transaction.atomic():
            _run(f"SET LOCAL session_replication_role = replica; TRUNCATE {TABLE}")
            _run("SET LOCAL session_replication_role = DEFAULT")
            _run(FILL, {"lines": lines})
            if parted:
                begun = time.perf_counter()
                _run((ROOT / "deploy" / "partitions.sql").read_text(encoding="utf-8"))
                _run(f"SELECT pg_temp.partition_by_year('{TABLE}', 'at', {timezone.now().year + 20})")
                yield Result(f"partitions for {lines:,} lines of the access log", "s", time.perf_counter() - begun)
            _run(f"ANALYZE {TABLE}")
            found[parted] = {what: _seconds(work) for what, work in WORKS.items()}
            begun = time.perf_counter()
            if parted:
                oldest = AccessLog.objects.order_by("at").first()
                begun = time.perf_counter()
                _run(f"SELECT pg_temp.drop_year('{TABLE}', 'at', {oldest.at.year + 1})")  # the first whole one
            else:
                prune_access_log()
            found[parted]["a year's lines are deleted"] = time.perf_counter() - begun
            transaction.set_rollback(True)
    for what, ours in found[True].items():
        yield Result(f"{what}, partitions", "s", ours, "one table", found[False][what])


def _write() -> None:
    AccessLog.objects.bulk_create(
        AccessLog(actor="anna.berg", unit="UPP", action="read", patient=place, salt=uuid4())
        for place in range(WRITTEN)
    )


def _extract() -> None:
    for patient in range(EXTRACTS):
        list(AccessLog.objects.filter(patient=patient).order_by("-at", "-id"))


WORKS = {f"{WRITTEN:,} lines are written": _write, f"{EXTRACTS} patients' extracts": _extract}


def _seconds(work) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _run(statement: str, values: dict | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
