"""`make bench`: a table of ratios within one run, and benchmarks/results.json.

`python -m benchmarks --small` leaves out a million infusions and shortens the rest.
"""

import json
import os
import platform
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks import clinic, counting, desk, front, importing, page, partitions, publishing, serving  # noqa: E402
from benchmarks.results import Result  # noqa: E402

RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Measure, print each result at once, and write the file."""
    small = "--small" in sys.argv[1:]
    call_command("migrate", verbosity=0)
    results: list[Result] = []
    print(Result.head())
    parts = (serving, front, page, clinic, importing, publishing, partitions, counting, desk)
    for part in parts:
        for result in part.measure(small=small):
            print(result.line(), flush=True)
            results.append(result)
    machine = {"python": platform.python_version(), "processors": os.cpu_count(), "small": small}
    rows = [result.as_row() for result in results]
    RESULTS.write_text(json.dumps({"machine": machine, "results": rows}, indent=1) + "\n")


main()
