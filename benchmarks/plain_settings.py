"""One view of REST framework that stores a row: the peer of an entry."""

from swecar.settings import *  # noqa: F403

MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]  # allauth requires it by name; it does nothing here
ROOT_URLCONF = "benchmarks.plain_urls"
