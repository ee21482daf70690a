"""The list of what the service is made of (SBOM), in CycloneDX, from the lock."""

import json
import subprocess
import sys
from pathlib import Path

from audit.locks import ROOT, SHIPPED, read_lock, version_of

BILL = ROOT / "var" / "sbom.cdx.json"


def write_bill(path: Path = BILL) -> list[str]:
    """Write it; a line for each package in which it differs from the lock."""
    path.parent.mkdir(exist_ok=True)
    program = Path(sys.executable).with_name("cyclonedx-py")
    words = [program, "requirements", "--pyproject", ROOT / "pyproject.toml", "--output-reproducible"]
    subprocess.run([*words, "--of", "JSON", "-o", path, SHIPPED], check=True, capture_output=True, cwd=ROOT)
    parts = json.loads(path.read_text(encoding="utf-8"))["components"]
    listed = {(part["name"], part["version"]) for part in parts}
    locked = {(one.name, version_of(one)) for one in read_lock(SHIPPED)}
    return [f"{name} {version} is in the list or in the lock alone" for name, version in sorted(listed ^ locked)]
