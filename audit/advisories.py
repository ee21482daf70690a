"""Known vulnerabilities of everything that a lock file names, asked of the public lists by pip-audit."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

from packaging.utils import canonicalize_name

from audit.locks import list_locks, read_lock, version_of

PATIENCE = 300  # seconds
# Vulnerabilities that do not reach us, by their number: why.
ACCEPTED: Mapping[str, str] = {}


def ask() -> tuple[list[str], list[str]]:
    """A line for each known vulnerability, and what could not be asked about."""
    pinned = sorted({f"{one.name}=={version_of(one)}" for lock in list_locks() for one in read_lock(lock)})
    with NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("\n".join(pinned))
        listed.flush()
        program = Path(sys.executable).with_name("pip-audit")
        words = [program, "--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json"]
        try:
            said = subprocess.run(
                [*words, "-r", listed.name], capture_output=True, text=True, timeout=PATIENCE, check=False
            ).stdout
        except subprocess.TimeoutExpired:
            said = ""
    return read_answer(said, pinned)


def read_answer(said: str, pinned: list[str]) -> tuple[list[str], list[str]]:
    """The same, of pip-audit's output: it calls a package that no list could be asked about no fault of it."""
    try:
        told = json.loads(said)["dependencies"]
    except (ValueError, KeyError):
        return [], pinned
    faults, answered = [], set()
    for one in told:
        if "skip_reason" in one:
            continue
        answered.add(f"{canonicalize_name(one['name'])}=={one['version']}")
        for found in one["vulns"]:
            if found["id"] not in ACCEPTED:
                repaired = ", ".join(found["fix_versions"]) or "no version"
                faults.append(f"{one['name']} {one['version']}: {found['id']}, repaired in {repaired}")
    return faults, [one for one in pinned if one not in answered]
