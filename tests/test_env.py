"""Environment variables: a wrong one stops the start with a sentence, a right one is used."""

import os
import subprocess
import sys
from urllib.parse import quote

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
