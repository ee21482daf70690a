"""The licences of everything that is installed: a list of those that are allowed, each with the reason."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from audit.locks import SHIPPED, list_locks, read_lock

KEEP = "asks that its notice is kept, which the packages in the image do themselves"
ALLOWED: Mapping[str, str] = {
    "MIT": KEEP,
    "MIT-0": "asks for nothing",
    "MIT-CMU": KEEP,
    "0BSD": "asks for nothing",
    "BSD": KEEP,
    "BSD-2-Clause": KEEP,
    "BSD-3-Clause": KEEP,
    "ISC": KEEP,
    "Apache-2.0": "our own",
    "PSF-2.0": KEEP,
    "Zlib": KEEP,
    "CC0-1.0": "asks for nothing",
    "Public Domain": "asks for nothing",
    "MPL-2.0": "asks that changed files of it are published; we change none",
    "LGPL-3.0-only": "asks that it can be replaced by another version; it is installed as the package that it is",
}
# Tools that run beside the service as programs of their own, and are in no image.
OF_TOOLS: Mapping[str, str] = {"GPL-3.0": "asks for nothing of those who only run it"}
# What a package's description leaves out or says in its own words: read in its licence file.
READ: Mapping[str, str] = {
    "axe-playwright-python": "MIT",
    "resvg-py": "MIT",
    "qrcode": "BSD-3-Clause",
}
SPELLINGS: Mapping[str, str] = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def find_faults(pythons: Iterable[Path]) -> list[str]:
    """A line for each package of a lock file whose licence is not allowed or was not found."""
    said: dict[str, str] = {}
    for python in pythons:
        said |= read_licences(python)
    shipped = {one.name for one in read_lock(SHIPPED)}
    faults = []
    for lock in list_locks():
        for requirement in read_lock(lock):
            name = requirement.name
            if requirement.marker and not requirement.marker.evaluate():
                continue  # of another Python or another system
            if name not in said:
                faults.append(f"{lock.name}: {name} is not installed, so nobody has read its licence")
            elif not is_allowed(said[name], is_shipped=name in shipped):
                faults.append(f"{lock.name}: {name} is under {said[name]}, which is not on the list")
    return sorted({*faults})


def read_licences(python: Path) -> dict[str, str]:
    """By package, what the environment of an interpreter says."""
    program = Path(sys.executable).with_name("pip-licenses")
    words = [program, "--python", python, "--from", "mixed", "--with-system", "--format", "json"]
    found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    licences = {canonicalize_name(one["Name"]): one["License"] for one in found}
    return licences | {name: licence for name, licence in READ.items() if name in licences}


def is_allowed(said: str, *, is_shipped: bool) -> bool:
    """Whether all that a package is under is on the list; of alternatives, one."""
    allowed = {*ALLOWED} if is_shipped else {*ALLOWED, *OF_TOOLS}
    together = [part.split(" OR ") for part in re.split(r"; | AND ", said)]
    return all(any(SPELLINGS.get(one, one) in allowed for one in alternatives) for alternatives in together)
