"""The lock files: packages in one version, with the hashes of their files, and from no host in particular."""

import re
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "requirements.txt"  # what the service needs at work; all others are of tools
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def list_locks() -> list[Path]:
    """All of them."""
    return sorted(ROOT.glob("requirements*.txt"))


def read_lock(path: Path) -> list[Requirement]:
    """What it names, by canonical names. One package may have a version for each kind of Python or system."""
    found = [Requirement(HASH.sub("", entry).strip()) for entry in list_entries(path.read_text(encoding="utf-8"))]
    for requirement in found:
        requirement.name = canonicalize_name(requirement.name)
    return found


def version_of(requirement: Requirement) -> str:
    """The one version that a lock names."""
    (specifier,) = requirement.specifier
    return specifier.version


def find_faults() -> list[str]:
    """A line for each entry of a lock file that names no single version, has no hash, or names a place."""
    faults = []
    for path in list_locks():
        entries = list_entries(path.read_text(encoding="utf-8"))
        faults += [f"{path.name}: {entry.split()[0]} {fault}" for entry in entries if (fault := examine(entry))]
        if not path.with_suffix(".in").exists():
            faults.append(f"{path.name}: there is no {path.with_suffix('.in').name} of which it is made")
    return faults


def list_entries(text: str) -> list[str]:
    """The lines of a requirements file, those that go on put together, without comments."""
    lines = (line.strip() for line in text.replace("\\\n", " ").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def examine(entry: str) -> str:
    """What is wrong with an entry; empty if nothing is."""
    if entry.startswith("-") or "://" in entry:
        return "names a place"
    try:
        requirement = Requirement(HASH.sub("", entry).strip())
    except InvalidRequirement:
        return "cannot be read"
    if [specifier.operator for specifier in requirement.specifier] != ["=="]:
        return "is in no single version"
    return "" if HASH.search(entry) else "has no hash"
