"""Environment variables: a wrong one stops the start with a sentence, a right one is used."""

import os
import subprocess
import sys
from urllib.parse import quote

import pytest

from swecar import env
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


@pytest.mark.parametrize("place", ["db:99999", "db:abc", "db:-1", "[db"])
def test_a_wrong_port_or_host_of_the_database_is_reported_without_the_password(monkeypatch, place):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://swecar:hemligt@{place}/swecar")
    with pytest.raises(env.EnvironmentProblem, match=r"^DATABASE_URL: .* cannot be read\. Write ") as told:
        env.database("DATABASE_URL")
    assert "hemligt" not in str(told.value)
    assert told.value.__suppress_context__  # the cause would quote the value


def test_each_part_of_a_database_url_is_read(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://swe%40car:hem%2Fligt@db:5433/sw%20ecar?sslmode=require")
    assert env.database("DATABASE_URL") == {
        "ENGINE": "django.db.backends.postgresql", "NAME": "sw ecar", "USER": "swe@car", "PASSWORD": "hem/ligt",
        "HOST": "db", "PORT": "5433", "OPTIONS": {"sslmode": "require"},
    }  # fmt: skip


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
