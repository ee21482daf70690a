"""A Django without any middleware and with one view: the peer of a public answer."""

from swecar.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
INSTALLED_APPS: list[str] = []  # some of ours ask for their middleware
ROOT_URLCONF = "benchmarks.bare_urls"
