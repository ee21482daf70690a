"""The demonstration: `make demo` runs it, and it runs everything else until Ctrl-C."""

import json
import os
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TypeVar

import django
from django.conf import settings
from django.core.management import CommandError, call_command

from swecar import env
from swecar.local import embedded
from swecar.local.processes import CannotStart, Child, Plan, held_signals, running

T = TypeVar("T")
LOOK_EVERY = 0.1  # seconds between two looks at signals and children
ANSWERS_WITHIN = 60.0  # seconds
AT_TERMINAL = os.isatty(0)
# A worker that is alone has no others to listen for, which takes a second.
WORKER = ("celery", "-A", "swecar", "worker", "-c", "1", "--without-gossip", "--without-mingle", "-l", "INFO")
BEAT = ("celery", "-A", "swecar", "beat", "-l", "INFO", "-s")
WEB = ("gunicorn", "swecar.wsgi", "--preload", "-w", "2", "--threads", "4", "--no-control-socket", "-b")


class StopAsked(Exception):
    """A signal asked the demonstration to stop."""


def main() -> int:
    """Run the demonstration until a signal asks it to stop; returns the exit code."""
    var = embedded.var_folder()
    with held_signals() as asked:
        try:
            port = env.whole_number("PORT", default=8000)
            with embedded.owned(var):
                check_port(port)
                demonstrate(var, port, asked)
        except StopAsked:
            say("Stopped.")
        except (CannotStart, env.EnvironmentProblem) as problem:
            print(problem, file=sys.stderr)
            return 1
    return 0


def demonstrate(var: Path, port: int, asked: Sequence[int]) -> None:
    """Start everything in its order, say where it is, and watch over it until StopAsked."""
    with ExitStack() as stack:
        say("Starting PostgreSQL and Valkey …")
        servers = stack.enter_context(embedded.serving(var))
        variables = {**os.environ, **servers.variables, "DEMONSTRATION": "1"}
        variables |= {"SWECAR_VAR": str(var), "PYTHONUNBUFFERED": "1"}
        children = list(servers.children)

        def plan(name: str, *words: str) -> Plan:
            return Plan(
                name, [sys.executable, "-m", *words], embedded.ROOT, variables, shows_output=name == "prepare"
            )

        with running(plan("prepare", "swecar.local.demo", "prepare"), var=var) as step:
            wait(asked, children, step.has_ended)
            if step.process.returncode:
                raise CannotStart(f"This step failed. The end of its output:{step.last_words()}")

        say("Starting the worker, the scheduler and the web server …")
        for name, words in {
            "worker": WORKER,
            "beat": (*BEAT, str(var / "run" / "beat-schedule")),
            "web": (*WEB, f"127.0.0.1:{port}"),
        }.items():
            children.append(stack.enter_context(running(plan(name, *words), var=var)))
        document = wait(asked, children, lambda: read_map(port), within=ANSWERS_WITHIN)
        print_summary(document, var, port)
        try:
            wait(asked, children, lambda: False)
        finally:
            say("\nStopping …")


def prepare(var: Path) -> None:
    """Bring the database up to date, fill it, and publish: what `manage.py` would do, in one process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")
    with redirect_stdout(sys.stderr):  # the log; the terminal gets only what is said here
        django.setup()
        say("Bringing the database up to date …")
        call_command("migrate", interactive=False, verbosity=1)
        if not getattr(settings, "WHITENOISE_USE_FINDERS", False):
            call_command("collectstatic", interactive=False, verbosity=1)
        say("Filling in the demonstration's records …")
        call_command("demo_data", "--logins", str(var / "logins.json"))
        say("Publishing …")
        call_command("publish")
        if not env.flag("SWECAR_EMBEDDED_FAST"):  # the suite looks at releases without the demonstration
            say("Making the releases …")
            call_command("demo_releases")


def say(sentence: str) -> None:
    """Show progress at once, also where the output is a pipe."""
    with suppress(OSError):  # a closed terminal must not keep anything from being stopped
        print(sentence, file=sys.__stdout__, flush=True)


def check_port(port: int) -> None:
    """Raise CannotStart when the web server could not have this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise CannotStart(
                f"Port {port} cannot be used, since something else listens there or it is not for you. "
                "Choose another: `PORT=8001 make demo`."
            ) from error


def wait(
    asked: Sequence[int],
    children: Sequence[Child],
    until: Callable[[], T | None],
    *,
    within: float = float("inf"),
) -> T:
    """Wait for something true, and return it.

    Raises StopAsked on a signal, and CannotStart when one of the children ends or the time is over.
    """
    deadline = time.monotonic() + within
    while not (outcome := until()):
        # A closed terminal signals only its first process, which may be `make` and not tell us.
        if asked or (AT_TERMINAL and not os.isatty(0)):
            raise StopAsked
        for child in children:
            if child.has_ended():
                raise CannotStart(
                    f"The process `{child.name}` ended by itself. The end of its log:{child.last_words()}"
                )
        if time.monotonic() > deadline:
            raise CannotStart(
                f"Nothing answered in {within:.0f} seconds. The end of the log:{children[-1].last_words()}"
            )
        time.sleep(LOOK_EVERY)
    return outcome


def read_map(port: int) -> dict[str, Any] | None:
    """The map document; None while the web server does not answer with it."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://127.0.0.1:{port}/api/v1/map", timeout=10) as answer:
            document: dict[str, Any] = json.load(answer)
            return document
    except (OSError, ValueError):
        return None


def national_line(document: dict[str, Any]) -> str:
    """The numbers of the country and the snapshot they are from, in a line."""
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
    """Say what there is to see, where, and how to sign in."""
    kept = var / "logins.json"
    logins: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    address = f"http://127.0.0.1:{port}"
    lines = [
        "",
        national_line(document),
        "",
        f"  the map         {address}/",
        f"  entry           {address}/clinic/",
        f"  the API         {address}/api/v1/docs",
        f"  administration  {address}/admin/",
        "",
        "Users and passwords:",
        *(f"  {user:<15} {password}" for user, password in logins.items()),
        "",
        "Join it with another command:",
        f"  set -a; . {var}/demo.env; set +a; {sys.executable} manage.py verify",
        "",
        "Ctrl-C stops everything.",
    ]
    say("\n".join(lines))


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        try:
            prepare(embedded.var_folder())
        except CommandError as problem:
            sys.exit(str(problem))
    else:
        sys.exit(main())
