"""`make chaos`: so many random faults from a seed; exit 1 where something that was promised did not hold."""

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

# For the modules that make persons; the service's processes have their own.
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "swecar.settings", "DEMONSTRATION": "1", "SECRET_KEY": "of-nothing-" * 6,
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing", "REDIS_URL": "redis://127.0.0.1:9/0",
    "IDENTITY_KEYS": f"none:{'A' * 43}=", "INSECURE_HTTP": "1", "SECOND_FACTOR": "optional",
}  # fmt: skip

import django

django.setup()

from benchmarks.chaos.course import Course  # noqa: E402

SHOWN = 40


def main() -> None:
    """Run, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1_000_000))
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--only", default="", metavar="WORDS", help="of one kind, such as `postgres SIGQUIT`")
    told = parser.parse_args()
    begun = time.monotonic()
    print(f"Seed {told.seed}: --seed {told.seed} puts the same faults in the same order.", flush=True)
    course = Course(
        Path(tempfile.mkdtemp(prefix="swecar-chaos-")), told.seed, told.faults, told.minutes, told.only
    )
    course.run()
    print()
    for what, found, holds in course.figures():
        print(f"{what:66} {found}{'' if holds else '   DOES NOT HOLD'}")
    for (kind, status, code), times in sorted(course.ledger.statuses.items()):
        print(f"{kind:8} {status or 'none'} {code:40} {times:>7}")
    for problem in course.problems[:SHOWN]:
        print(f"- {problem}")
    print(f"Seconds in all: {time.monotonic() - begun:.0f}.")
    sys.exit(not all(holds for _what, _found, holds in course.figures()))


if __name__ == "__main__":
    main()
