"""A short campaign of random faults, of which `make chaos` is the long one: nothing acknowledged is lost."""

import re
import subprocess
import sys

from swecar.local.folder import ROOT

OWN_MOUNTS = ["unshare", "--mount", "--propagation", "private"]  # for disks that can be filled, where one may
HOLDS = (
    "of these lost, or with another history", "files stored in part", "answers cut in half that said 200",
    "answers of 500", "all other problems",
)  # fmt: skip


def test_twelve_faults_lose_nothing_and_are_no_fault_of_ours():
    """How soon all is current depends on the machine, and is told by the long one."""
    may_mount = subprocess.run([*OWN_MOUNTS, "true"], capture_output=True, check=False).returncode == 0
    campaign = [sys.executable, "-m", "benchmarks.chaos", "--faults", "12", "--minutes", "1"]
    told = subprocess.run(
        [*(OWN_MOUNTS if may_mount else ()), *campaign],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=400,
    )  # fmt: skip
    found = {what: re.search(rf"^{what} +(\S+)", told.stdout, re.MULTILINE) for what in HOLDS}
    assert all(found.values()), told.stdout + told.stderr[-2000:]
    assert {what: match[1] for what, match in found.items()} == dict.fromkeys(HOLDS, "0"), told.stdout
    acknowledged = re.search(r"^acknowledged: .*  (\d+), (\d+), \d+, (\d+)$", told.stdout, re.MULTILINE)
    assert acknowledged, told.stdout
    assert all(int(number) > 0 for number in acknowledged.groups()), told.stdout
