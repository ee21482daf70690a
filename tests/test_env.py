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


TELL_PATIENCE = """
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT setting FROM pg_settings WHERE name LIKE 'tcp_%' ORDER BY name")
    print(*(setting for setting, in cursor.fetchall()))
    told = cursor.connection.info.get_parameters()
    print(*(told.get(f"keepalives_{name}") for name in ("count", "idle", "interval")))
    print(told.get("connect_timeout"), told.get("tcp_user_timeout"))
connection.close_pool()
"""


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ("", ["2 5 5 15000", "2 5 5", "3 15000"]),
        (
            f"?tcp_user_timeout=9000&keepalives_idle=60&options={quote('-c tcp_user_timeout=1min')}",
            ["2 5 5 60000", "2 60 5", "3 9000"],
        ),
    ],
    ids=["ours", "of the URL"],
)
def test_either_end_is_told_how_soon_the_other_has_vanished(options, wanted):
    """`make hosts-check` shows what comes of it: a cut-off worker's locks end, and its own wait does."""
    variables = os.environ | {
        "DATABASE_URL": os.environ["DATABASE_URL"] + options,
        "DJANGO_SETTINGS_MODULE": "swecar.settings",
    }
    told = subprocess.check_output([sys.executable, "-c", TELL_PATIENCE], cwd=ROOT, env=variables, text=True)
    assert told.splitlines() == wanted


@pytest.mark.parametrize("order", ["{down},{up}", "{up},{down}"])
def test_of_several_hosts_the_one_that_takes_writes_is_used(order):
    parts = urlsplit(os.environ["DATABASE_URL"])
    login, _, place = parts.netloc.rpartition("@")
    hosts = order.format(up=place, down="127.0.0.1:9")
    address = f"postgresql://{login}@{hosts}{parts.path}?target_session_attrs=read-write&connect_timeout=5"
    variables = os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "swecar.settings"}
    told = subprocess.check_output([sys.executable, "-c", TELL_SESSION], cwd=ROOT, env=variables, text=True)
    assert told.split() == ["0", "2s", "30s"]
