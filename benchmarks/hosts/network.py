"""Hosts on one machine: each has its own network, name and folder, and a cable to the same switch."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from swecar.local.folder import ROOT

FOLDERS = Path("/run/hosts")
OWN = "/dev/shm"  # noqa: S108  where each host finds its own folder
ADDRESSES = {"a": "10.77.0.1", "b": "10.77.0.2", "c": "10.77.0.3", "front": "10.77.0.4", "client": "10.77.0.100"}

# The host writes to its own folder alone, and to no file of the program.
WITHIN = """
hostname "$1"; mount --bind "$2" /dev/shm; mount --bind "$3" "$3"; mount -o remount,bind,ro "$3"
shift 3; exec "$@"
"""
ASK = """
import http.client, os, sys
sent = {"Host": "registry.test", "Authorization": "Bearer " + os.environ["MONITORING_TOKEN"]}
line = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
line.request("GET", sys.argv[2], headers=sent)
response = line.getresponse()
print(response.status, response.read().decode())
"""


def lay_cables() -> None:
    """The switch is in this process's own network, where the client is too."""
    _ip("link", "set", "lo", "up")
    _ip("link", "add", "switch", "type", "bridge")
    _ip("addr", "add", f"{ADDRESSES['client']}/24", "dev", "switch")
    _ip("link", "set", "switch", "up")
    for host in ("a", "b", "c", "front"):
        folder_of(host).mkdir(parents=True)
        _ip("netns", "add", host)
        _ip("link", "add", f"to-{host}", "type", "veth", "peer", "name", "eth0", "netns", host)
        _ip("link", "set", f"to-{host}", "master", "switch", "up")
        _ip("-n", host, "link", "set", "lo", "up")
        _ip("-n", host, "addr", "add", f"{ADDRESSES[host]}/24", "dev", "eth0")
        _ip("-n", host, "link", "set", "eth0", "up")


def cut_off(host: str) -> None:
    """Pull its cable."""
    _ip("link", "set", f"to-{host}", "down")


def connect(host: str) -> None:
    """Put its cable back."""
    _ip("link", "set", f"to-{host}", "up")


def folder_of(host: str) -> Path:
    """Where this host alone writes."""
    return FOLDERS / host


def log_of(host: str, name: str) -> Path:
    """What a process of the host prints."""
    return folder_of(host) / f"{name}.log"


def run(host: str, name: str, command: list, variables: Mapping[str, str], **options: object) -> subprocess.Popen:
    """Start a process on a host."""
    within = ["ip", "netns", "exec", host, "unshare", "--mount", "--uts", "sh", "-ec", WITHIN, "sh"]
    with log_of(host, name).open("ab") as log:
        return subprocess.Popen(
            [*within, host, folder_of(host), ROOT, *command], cwd=ROOT, stdout=log, stderr=log,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR": OWN, "HOME": OWN} | variables,
            start_new_session=True, **options,
        )  # fmt: skip


def ask_on(host: str, port: int, path: str) -> tuple[int, str]:
    """Status and body of a web server, asked on its own host."""
    command = ["ip", "netns", "exec", host, sys.executable, "-I", "-c", ASK, str(port), path]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    status, _, body = said.partition(" ")
    return int(status or 0), body


def _ip(*words: str) -> None:
    subprocess.run([str(shutil.which("ip")), *words], check=True)
