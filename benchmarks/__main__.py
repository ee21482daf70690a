"""`make bench`: a table of ratios within one run, and benchmarks/results.json.

`python -m benchmarks --small` leaves out a million infusions and shortens the rest. With names of parts, such as
`entry publishing`, only these are measured, and the file stays.
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

from benchmarks import (  # noqa: E402
    clinic,
    counting,
    desk,
    entry,
    freshness,
    front,
    importing,
    page,
    partitions,
    publishing,
    serving,
)
from benchmarks.results import Result  # noqa: E402

RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Measure, print each result at once, and write the file."""
    small, named = "--small" in sys.argv[1:], {name for name in sys.argv[1:] if name != "--small"}
    call_command("migrate", verbosity=0)
    results: list[Result] = []
    print(Result.head())
    parts = (serving, front, page, clinic, entry, importing, publishing, freshness, partitions, counting, desk)
    parts_by_name = {part.__name__.rpartition(".")[2]: part for part in parts}
    if unknown := named - parts_by_name.keys():
        sys.exit(f"There is no part {', '.join(unknown)}. There are: {', '.join(parts_by_name)}.")
    for part in [part for name, part in parts_by_name.items() if not named or name in named]:
        for result in part.measure(small=small):
            print(result.line(), flush=True)
            results.append(result)
    if named:
        return
    machine = {"python": platform.python_version(), "processors": os.cpu_count(), "small": small}
    rows = [result.as_row() for result in results]
    RESULTS.write_text(json.dumps({"machine": machine, "results": rows}, indent=1) + "\n")


main()
