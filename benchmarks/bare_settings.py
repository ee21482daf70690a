"""Django with one view and no middleware: the peer of a public response."""

from swecar.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
INSTALLED_APPS: list[str] = []  # some of ours require their middleware
ROOT_URLCONF = "benchmarks.bare_urls"
