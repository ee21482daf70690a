"""Clients that generators make of the served description import and work; `make clients` installs those."""

import json
import subprocess
from pathlib import Path

import pytest

from registry.publishing.publish import publish
from swecar.local.folder import ROOT
from tests import factories
from tests.calling import Program

TOOLS = ROOT / "var" / "clients" / "bin"
ALL_MODULES = """
import importlib, json, pkgutil, sys
sys.path.insert(0, sys.argv[1])
package = importlib.import_module(sys.argv[2])
names = [one.name for one in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
for name in names:
    importlib.import_module(name)
"""
BY_PYTHON_CLIENT = """
from swecar_client import AuthenticatedClient, Client
from swecar_client.api.public import counts, map_, snapshots
from swecar_client.api.signed_in import infusions
open_to_all = Client(base_url=sys.argv[3])
document = map_.sync(client=open_to_all)
page = snapshots.sync(client=open_to_all)
own = infusions.sync(client=AuthenticatedClient(base_url=sys.argv[3], token=sys.argv[4]))
kind = type(document).__name__
print(json.dumps([document.national.patients, kind, page.snapshots[0].number, len(own.results)]))
"""
BY_GENERATOR = """
from swecar_client import ApiClient, Configuration
from swecar_client.api import PublicApi, SignedInApi
with ApiClient(Configuration(host=sys.argv[3], access_token=sys.argv[4])) as client:
    document = PublicApi(client).map()
    page = PublicApi(client).snapshots()
    own = SignedInApi(client).infusions()
kind = type(document).__name__
print(json.dumps([document.national.patients, kind, page.snapshots[0].number, len(own.results)]))
"""
GENERATORS = {
    "openapi-python-client": (
        ["generate", "--meta", "none", "--path", "{description}", "--output-path", "{folder}/swecar_client"],
        BY_PYTHON_CLIENT,
    ),
    "openapi-generator-cli": (
        ["generate", "-g", "python", "-i", "{description}", "-o", "{folder}", "--package-name", "swecar_client"],
        BY_GENERATOR,
    ),
}


@pytest.fixture
def served(live_server, committed_lists):
    factories.store_rows(committed_lists, [factories.plain_row(person=person) for person in range(3)])
    publish()
    owner = factories.user("upp", committed_lists.centres["UPP"])
    return live_server.url, Program(owner).headers["authorization"].removeprefix("Token ")


def run(*command: str | Path) -> str:
    outcome = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


@pytest.mark.skipif(not TOOLS.exists(), reason="make clients")
@pytest.mark.parametrize("generator", GENERATORS)
def test_a_generated_client_reads_the_map_and_the_own_infusions(served, client, tmp_path, generator):
    address, token = served
    description = tmp_path / "openapi.json"
    description.write_bytes(client.get("/api/v1/schema").content)
    words, calls = GENERATORS[generator]
    run(TOOLS / generator, *(word.format(description=description, folder=tmp_path) for word in words))
    told = run(TOOLS / "python", "-c", ALL_MODULES + calls, str(tmp_path), "swecar_client", address, token)
    assert json.loads(told.splitlines()[-1]) == [3, "MapDocument", 1, 3]
