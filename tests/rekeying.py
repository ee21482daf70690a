"""`manage.py rotate_identity_key` as a process of its own, which may be killed."""

import base64
import os
import subprocess
import sys

from swecar.local.folder import ROOT
from tests.working import database_url


def write_keys(keys: dict[str, bytes]) -> str:
    """Keys as IDENTITY_KEYS has them, the newest first."""
    return ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in keys.items())


def start_rekeying(keys: dict[str, bytes], *arguments: str) -> subprocess.Popen:
    """The command, on the test's database."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "rotate_identity_key", *arguments],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url(), "IDENTITY_KEYS": write_keys(keys)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
