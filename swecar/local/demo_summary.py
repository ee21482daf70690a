"""What the demonstration prints: progress and a summary."""

import json
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


def say(sentence: str, end: str = "\n") -> None:
    """Print a line at once, also to a pipe."""
    with suppress(OSError):  # a closed terminal must not prevent the shutdown
        print(sentence, end=end, file=sys.__stdout__, flush=True)


@contextmanager
def step(sentence: str) -> Iterator[None]:
    """Print what the block does, and after it how many seconds that took."""
    began = time.monotonic()
    say(f"{sentence} … ", end="")
    try:
        yield
    except BaseException:
        say("")
        raise
    say(f"{time.monotonic() - began:.1f} s")


def read_map(port: int) -> dict[str, Any] | None:
    """The map document; None until the web server responds with it."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://127.0.0.1:{port}/api/v1/map", timeout=10) as response:
            document: dict[str, Any] = json.load(response)
            return document
    except (OSError, ValueError):
        return None


def national_line(document: dict[str, Any]) -> str:
    """The national numbers and their snapshot, in one line."""
    words = {
        "patients": ("patient", "patients"),
        "infusions": ("infusion", "infusions"),
        "reinfusions": ("reinfusion", "reinfusions"),
        "further_doses": ("further dose", "further doses"),
        "children": ("child", "children"),
    }
    counts = {measure: document["national"][measure] for measure in words}
    parts = [f"{count} {words[measure][count != 1]}" for measure, count in counts.items()]
    return f"{' · '.join(parts)} (snapshot {document['snapshot']['number']})"


def print_summary(document: dict[str, Any], var: Path, port: int) -> None:
    """Print what there is to see, where, and how to sign in."""
    path = var / "logins.json"
    logins: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    url = f"http://127.0.0.1:{port}"
    lines = [
        "",
        national_line(document),
        "",
        f"  the map         {url}/",
        f"  entry           {url}/clinic/",
        f"  the API         {url}/api/v1/docs",
        f"  administration  {url}/admin/",
        "",
        "Users and passwords:",
        *(f"  {user:<15} {password}" for user, password in logins.items()),
        "",
        "Metrics, which no one else may read:",
        f'  . {var}/demo.env; curl -H "Authorization: Bearer $MONITORING_TOKEN" {url}/metrics',
        "",
        "Join it with another command:",
        f"  set -a; . {var}/demo.env; set +a; {sys.executable} manage.py verify",
        "",
        "Ctrl-C stops everything.",
    ]
    say("\n".join(lines))
