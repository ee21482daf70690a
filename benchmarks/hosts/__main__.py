"""`make hosts-check`: the run, and what it showed; exit 1 where something that was promised did not hold."""

import os
import secrets
import sys
import time

from benchmarks.hosts.network import lay_cables
from benchmarks.hosts.servers import OBSERVED

SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "swecar.settings", "DEMONSTRATION": "1", "INSECURE_HTTP": "1", "PROXIES": "1",
    "SECOND_FACTOR": "optional", "ALLOWED_HOSTS": "registry.test", "REDIS_URL": "redis://10.77.0.1:6379/0",
    "SECRET_KEY": secrets.token_hex(32), "IDENTITY_KEYS": f"made-up:{'A' * 43}=", "LOOKUPS_PER_HOUR": "100000",
    "MONITORING_TOKEN": secrets.token_hex(32),
    "LOOKUPS_PER_HOUR_IMPORT": "1000000",
}  # fmt: skip
os.environ.update(SETTINGS | {"DATABASE_URL": OBSERVED})

import django  # noqa: E402

django.setup()

from benchmarks.hosts.course import Course  # noqa: E402


def main() -> None:
    """Lay the cables, run, and print each figure beside its limit."""
    begun = time.monotonic()
    lay_cables()
    course = Course({name: value for name, value in SETTINGS.items() if name != "DJANGO_SETTINGS_MODULE"})
    course.run()
    print(f"{'what':72} {'found':>8}  {'limit':>6}")
    for figure in course.figures:
        print(figure)
    print(f"Seconds in all: {time.monotonic() - begun:.0f}.")
    if not all(figure.holds for figure in course.figures):
        sys.exit("Not all of it held.")


main()
