"""What the description of the interface allows is answered, and what it does not is refused: schemathesis asks."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import settings

from registry.publishing.publish import publish
from tests import factories

# A day to come is refused (date_in_future), and no schema can say what day it is, nor which cursors were given.
HOOKS = """
import datetime
import schemathesis

@schemathesis.hook
def filter_query(context, query):
    days = ((query or {}).get(name, "") for name in ("as_of", "from"))
    return "cursor" not in (query or {}) and all(str(day) <= str(datetime.date.today()) for day in days)
"""


@pytest.fixture
def served(live_server, transactional_db, as_demonstration):
    """The demonstration on a port of its own."""
    factories.store_single_rows()
    factories.drop_import_tables()
    call_command("demo_data", stdout=io.StringIO())
    factories.drop_import_tables()
    publish()
    return live_server.url


def test_whatever_is_allowed_is_answered_and_whatever_is_not_is_refused(served, tmp_path):
    """schemathesis asks with all its checks; HYPOTHESIS_PROFILE=thorough asks 5,000 times and more."""
    thorough = settings.default.max_examples > 100
    asked = ["--phases=coverage,fuzzing,stateful", "-n150"] if thorough else ["--phases=fuzzing", "-n6"]
    command = [
        Path(sys.executable).with_name("schemathesis"),
        "run",
        f"{served}/api/v1/schema",
        "--include-tag=public",
    ]
    command += ["--checks=all", "--seed=1", "--no-color", "--continue-on-failure", *asked]
    (tmp_path / "hooks.py").write_text(HOOKS)
    outcome = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    found = re.search(r"(\d+) generated", outcome.stdout)
    assert found and int(found[1]) > (5000 if thorough else 100), outcome.stdout
    assert re.search(r"Tested: +24", outcome.stdout), outcome.stdout
