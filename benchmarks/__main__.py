"""`make bench`: a table of ratios within one run, benchmarks/results.json, and the tables of docs/benchmarks.md.

`python -m benchmarks --small` leaves out a million infusions and shortens the rest; `--large` publishes ten
millions besides. With names of parts, such as `entry publishing`, only these are measured, and the files stay.
"""

import os
import sys
import time
from functools import partial

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks import (  # noqa: E402
    clinic,
    counting,
    desk,
    document,
    entry,
    exporting,
    freshness,
    front,
    importing,
    load,
    page,
    partitions,
    publishing,
    serving,
)
from benchmarks.results import Result  # noqa: E402

# The last three share a million infusions.
PARTS = (
    serving,
    front,
    page,
    clinic,
    entry,
    load,
    importing,
    exporting,
    freshness,
    partitions,
    publishing,
    counting,
    desk,
)
TEN_MILLIONS = (1_000_000, 10_000_000)


def main() -> None:
    """Measure, print each result at once, and write the files."""
    options = {word for word in sys.argv[1:] if word.startswith("--")}
    named, small = set(sys.argv[1:]) - options, "--small" in options
    parts = {part.__name__.rpartition(".")[2]: part.measure for part in PARTS}
    if unknown := named - parts.keys() | options - {"--small", "--large"}:
        sys.exit(f"Unknown: {', '.join(unknown)}. There are --small, --large, and: {', '.join(parts)}.")
    chosen = [measure for name, measure in parts.items() if not named or name in named]
    if "--large" in options:
        chosen.append(partial(publishing.measure, sizes=TEN_MILLIONS))
    call_command("migrate", verbosity=0)
    results: list[Result] = []
    begun = time.perf_counter()
    print(Result.head())
    for measure in chosen:
        for result in measure(small=small):
            print(result.line(), flush=True)
            results.append(result)
    if not named and not options:
        document.write([result.as_row() for result in results], minutes=(time.perf_counter() - begun) / 60)


main()
