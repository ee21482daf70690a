"""`make audit`: each part of it finds what it is for, and silence is no answer."""

import json
import re

import pytest

from audit import __main__, advisories, licences, locks
from swecar.local.folder import ROOT

HASHED = "--hash=sha256:" + "0" * 64
BAD = {
    "requests": "is in no single version",
    f"requests>=2 {HASHED}": "is in no single version",
    f"requests==2,!=3 {HASHED}": "is in no single version",
    "requests==2.34.2": "has no hash",
    "requests==2.34.2 --hash=md5:0": "cannot be read",
    f"requests @ https://host.example/requests.whl {HASHED}": "names a place",
    "https://host.example/requests.whl": "names a place",
    "--index-url https://host.example/simple": "names a place",
    "--find-links /opt/wheels": "names a place",
    "-r requirements.txt": "names a place",
}


def test_every_lock_file_names_one_version_each_with_hashes_and_no_host():
    assert len(locks.list_locks()) > 6
    assert locks.find_faults() == []
    assert all(locks.read_lock(path) for path in locks.list_locks())


def test_every_lock_file_is_made_and_installed_by_its_hashes():
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    compiled = re.search(r"for set in (.*?); do", made)[1].split()
    assert {f"{name}.txt" for name in compiled} == {path.name for path in locks.list_locks()}
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    installing = re.findall(r"pip (?:--python \S+ )?install .*", made + dockerfile)
    of_locks = [line for line in installing if "GENERATORS" not in line and not line.startswith("pip install uv")]
    assert len(of_locks) == 6
    assert [line for line in of_locks if "--require-hashes" not in line] == []


@pytest.mark.parametrize("entry", BAD)
def test_an_entry_that_is_not_locked_is_found(entry):
    assert locks.examine(entry) == BAD[entry]


def test_an_entry_that_is_locked_is_well():
    text = f"# one\nrequests==2.34.2 ; python_version < '3.13' \\\n    {HASHED} \\\n    {HASHED}\n"
    (entry,) = locks.list_entries(text)
    assert locks.examine(entry) == ""


@pytest.mark.parametrize(
    ("said", "is_shipped", "allowed"),
    [
        ("MIT", True, True),
        ("Apache-2.0 OR GPL-3.0", True, True),
        ("Apache-2.0 AND GPL-3.0", True, False),
        ("Apache Software License; BSD License; Mozilla Public License 2.0 (MPL 2.0)", True, True),
        ("GPL-3.0", True, False),
        ("GPL-3.0", False, True),
        ("AGPL-3.0", False, False),
        ("UNKNOWN", False, False),
        ("Other/Proprietary License", False, False),
    ],
)
def test_a_licence_is_on_the_list_or_a_fault(said, is_shipped, allowed):
    assert licences.is_allowed(said, is_shipped=is_shipped) is allowed


def answer(*dependencies: dict) -> str:
    return json.dumps({"dependencies": dependencies})


def test_what_is_known_to_be_vulnerable_is_a_fault_with_the_way_out():
    found = {"id": "CVE-1", "fix_versions": ["2.1"]}
    well = {"name": "b", "version": "1", "vulns": []}
    said = answer({"name": "Some_Thing", "version": "2.0", "vulns": [found]}, well)
    faults, unasked = advisories.read_answer(said, ["b==1", "some-thing==2.0"])
    assert (faults, unasked) == (["Some_Thing 2.0: CVE-1, repaired in 2.1"], [])


SILENT = answer({"name": "a", "skip_reason": "Dependency not found"})  # which is no fault to pip-audit


@pytest.mark.parametrize("said", ["", "no json", "{}", answer(), SILENT])
def test_a_list_that_says_nothing_has_not_been_asked(said):
    assert advisories.read_answer(said, ["a==1"]) == ([], ["a==1"])


@pytest.mark.parametrize(("wanted", "code"), [("optional", 0), ("required", 1)])
def test_that_nobody_could_be_asked_is_said_and_a_fault_where_it_has_to_be(monkeypatch, capsys, wanted, code):
    monkeypatch.setenv("ADVISORIES", wanted)
    monkeypatch.setattr(__main__.licences, "find_faults", lambda pythons: [])
    monkeypatch.setattr(__main__.bill, "write_bill", list)
    monkeypatch.setattr(__main__.advisories, "ask", lambda: ([], ["a==1"]))
    assert __main__.main() == code
    assert "NOT ASKED about 1 packages" in capsys.readouterr().out
