"""What the tests of the launcher share: starting it as a person would, and looking for what it left."""

import os
import subprocess
import sys
from pathlib import Path

from swecar.local.folder import ROOT
from swecar.local.left_overs import read_identity

LIMIT = 60  # seconds after which a command of these tests is taken to hang


def environment(var: Path, **variables: str) -> dict[str, str]:
    """What a person's shell would give, without the servers that the suite itself runs on."""
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
    """The processes that the launcher says it runs, by name."""
    return {path.stem: int(path.read_text().split()[0]) for path in (var / "run").glob("*.pid")}


def left_of(pids: set[int], var: Path) -> list[str]:
    """The living processes that belong to these: themselves, their groups, and all that work in `var`."""
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
