"""Shared by the tests of the launcher: starting it, and finding what it left behind."""

import os
import subprocess
import sys
from pathlib import Path

from swecar.local.folder import ROOT
from swecar.local.left_overs import read_identity

LIMIT = 60  # seconds after which a command counts as hanging


def environment(var: Path, **variables: str) -> dict[str, str]:
    """A shell's environment, without the servers of the test run itself."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "SWECAR_VAR": str(var), "SWECAR_EMBEDDED_FAST": "1", **variables}


def serve(var: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py serve_embedded -- COMMAND…` to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", "serve_embedded", "--", *command],
        cwd=ROOT,
        env=environment(var, **variables),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def recorded(var: Path) -> dict[str, int]:
    """The process ids that the launcher has recorded, by name."""
    return {path.stem: int(path.read_text().split()[0]) for path in (var / "run").glob("*.pid")}


def left_of(pids: set[int], var: Path) -> list[str]:
    """The living processes in the groups of these, or with `var` as their working folder."""
    left = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            group = os.getpgid(int(folder.name))
            works_in_var = (folder / "cwd").readlink().is_relative_to(var)
        except OSError:
            continue
        if (group in pids or works_in_var) and read_identity(int(folder.name)):
            left.append((folder / "cmdline").read_text().replace("\0", " "))
    return left
