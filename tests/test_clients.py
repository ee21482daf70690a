"""The example clients of docs/clients/, each run against a served registry where its language is there."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pandas
import pytest
from django.test import Client
from pyjstat import pyjstat

from registry.publishing.publish import publish
from swecar.local.folder import ROOT
from tests import factories

CLIENTS = ROOT / "docs" / "clients"
CELLS = {("UPP", "SOC"): 7, ("UPP", "ICT"): 2, ("STO", "SOC"): 4}


@pytest.fixture
def served(live_server, committed_lists):
    people = iter(range(100))
    rows = [
        factories.plain_row(person=next(people), centre=centre, category=category)
        for (centre, category), count in CELLS.items()
        for _one in range(count)
    ]
    factories.store_rows(committed_lists, rows)
    publish()
    return live_server.url


def run(served: str, folder: Path, *command: str) -> str:
    outcome = subprocess.run(
        command, env=os.environ | {"SWECAR": served}, cwd=folder, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


def needs(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def test_every_client_is_listed_and_run():
    files = {path.name for path in CLIENTS.iterdir()} - {"README.md"}
    listed = set(re.findall(r"\]\((counts\.\w+)\)", (CLIENTS / "README.md").read_text()))
    assert files == listed == {"counts.sh", "counts.py", "counts.R", "counts.pq", "counts.mjs"}


def test_the_shell(served, tmp_path):
    needs("curl")
    first, again = (run(served, tmp_path, "sh", str(CLIENTS / "counts.sh")) for _time in range(2))
    lines = first.split()
    assert lines[0] == "centre,category,infusions,patients"
    assert {tuple(line.split(",")[:2]): int(line.split(",")[3]) for line in lines[1:]} == CELLS
    assert again == first


def test_python(served, tmp_path):
    told = run(served, tmp_path, sys.executable, str(CLIENTS / "counts.py"))
    assert told.split()[-3:] == ["total", "13", "13"]
    assert re.search(r"UPP +7 +2|UPP +2 +7", told)


def test_javascript(served, tmp_path):
    told = run(served, tmp_path, needs("node"), str(CLIENTS / "counts.mjs"))
    assert {tuple(line.split()[:2]): int(line.split()[2]) for line in told.splitlines()[:-1]} == CELLS
    assert told.splitlines()[-1].startswith("total 13 13 snapshot ")


def test_r(served, tmp_path):
    """Run where R is; else what it reads is read as it would: base R's table, and JSON-stat."""
    text = (CLIENTS / "counts.R").read_text()
    paths = re.findall(r'"(/api/v1/[^"]+)"', text)
    assert len(paths) == 2
    frame = pandas.read_csv(served + paths[0])
    assert dict(frame.set_index(["centre", "category"])["patients"]) == CELLS
    answer = Client().get(paths[1]).content.decode()
    stat = pyjstat.Dataset.read(answer).write("dataframe", naming="id")
    patients = stat[(stat["measure"] == "patients") & stat["value"].notna()]
    assert dict(patients.set_index(["centre", "category"])["value"]) == CELLS
    if shutil.which("Rscript"):
        assert "UPP" in run(served, tmp_path, "Rscript", str(CLIENTS / "counts.R"))


def test_power_query(served):
    """Power Query runs in Excel alone: what it asks is asked, and has the columns that it types."""
    text = (CLIENTS / "counts.pq").read_text()
    path = re.search(r'RelativePath = "([^"]+)"', text)[1]
    query = dict(re.findall(r'(\w+) = "([^"]+)"', re.search(r"Query = \[(.+?)\]", text)[1]))
    frame = pandas.read_csv(f"{served}/{path}?{urlencode(query)}")
    typed = re.findall(r'\{"(\w+)", Int64\.Type\}', text)
    assert typed == ["patients", "infusions"]
    assert (frame[typed].dtypes == "int64").all()
    assert json.loads(re.search(r'Delimiter = (".")', text)[1]) == ","
