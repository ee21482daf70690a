"""Environment variables: a wrong one stops the start with a sentence, a right one is used."""

import os
import subprocess
import sys
from urllib.parse import quote, urlsplit

import pytest

from swecar.local.folder import ROOT

TELL_SESSION = """
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    for name in ("statement_timeout", "client_connection_check_interval", "lock_timeout"):
        cursor.execute(f"SHOW {name}")
        print(*cursor.fetchone())
connection.close_pool()
"""


@pytest.mark.parametrize(
    ("options", "session"),
    [
        ("", ["0", "2s", "30s"]),
        ("-c statement_timeout=7s", ["7s", "2s", "30s"]),
        ("-c lock_timeout=5s", ["0", "2s", "5s"]),
    ],
)
def test_session_options_of_the_url_are_added_to_our_own(options, session):
    address = os.environ["DATABASE_URL"] + (f"?options={quote(options)}" if options else "")
    variables = os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "swecar.settings"}
    told = subprocess.check_output([sys.executable, "-c", TELL_SESSION], cwd=ROOT, env=variables, text=True)
    assert told.split() == session


@pytest.mark.parametrize("order", ["{down},{up}", "{up},{down}"])
def test_of_several_hosts_the_one_that_takes_writes_is_used(order):
    parts = urlsplit(os.environ["DATABASE_URL"])
    login, _, place = parts.netloc.rpartition("@")
    hosts = order.format(up=place, down="127.0.0.1:9")
    address = f"postgresql://{login}@{hosts}{parts.path}?target_session_attrs=read-write&connect_timeout=5"
    variables = os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "swecar.settings"}
    told = subprocess.check_output([sys.executable, "-c", TELL_SESSION], cwd=ROOT, env=variables, text=True)
    assert told.split() == ["0", "2s", "30s"]
