"""benchmarks/results.json, and the table of docs/benchmarks.md that is written from it."""

import json
import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from swecar.local.folder import ROOT

RESULTS = Path(__file__).with_name("results.json")
DOCUMENT = ROOT / "docs" / "benchmarks.md"
TABLE = re.compile(r"(?<=<!-- written by make bench -->\n).*(?=<!-- end -->)", re.DOTALL)
HEAD = "| what | measured | beside | ratio | goal | | middle half |\n| --- | --: | --: | --: | --- | --- | --: |\n"


def write(rows: list[dict], *, minutes: float) -> None:
    """Write both from a whole run's results."""
    found = {"machine": _describe_machine() | {"minutes": round(minutes, 1)}, "results": rows}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(TABLE.sub(lambda _found: make_table(found), text), encoding="utf-8")


def make_table(found: dict) -> str:
    """The machine and a line for each result, as Markdown."""
    machine = found["machine"]
    head = (
        f"{machine['day']}, commit {machine['commit']}: {machine['processors']} cores ({machine['model']}), "
        f"{machine['memory_gb']} GB, Python {machine['python']}, PostgreSQL {machine['postgresql']}; "
        f"the whole run took {machine['minutes']} minutes.\n\n"
    )
    return head + HEAD + "".join(map(_line, found["results"]))


def _line(row: dict) -> str:
    beside = f"{row['peer']}: {_print(row['theirs'])}" if row["theirs"] else ""
    ratio = f"{row['ratio']:.2f}" if row["ratio"] else ""
    met = {True: "met", False: "**not met**", None: ""}[row["is_met"]]
    spread = "" if row["spread"] is None else f"{row['spread']:.0%}"
    measured = f"{_print(row['ours'])} {row['unit']}"
    return f"| {row['name']} | {measured} | {beside} | {ratio} | {row['goal']} | {met} | {spread} |\n"


def _print(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _describe_machine() -> dict:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    words = [str(shutil.which("git")), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgresql = cursor.fetchone()[0]
    return {
        "day": datetime.now(UTC).date().isoformat(),
        "commit": commit.stdout.strip(),
        "processors": os.cpu_count(),
        "model": model.group(1) if model else platform.machine(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": platform.python_version(),
        "postgresql": postgresql,
    }
