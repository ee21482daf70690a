"""The demonstration (`make demo`): runs servers, worker, scheduler and web server until Ctrl-C."""

import os
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stdout
from pathlib import Path

import django
from django.conf import settings
from django.core.management import CommandError, call_command

from swecar import env
from swecar.local.demo_summary import print_summary, read_map, say
from swecar.local.embedded import serving
from swecar.local.errors import CannotStart
from swecar.local.folder import ROOT, owned, var_folder
from swecar.local.plan import Plan
from swecar.local.processes import running
from swecar.local.signals import held_signals
from swecar.local.watching import StopAsked, wait
from swecar.variables import with_these

RESPONDS_WITHIN = 60.0  # seconds
# A single worker need not look for others at its start, which takes a second.
WORKER = ("celery", "-A", "swecar", "worker", "-c", "1", "--without-gossip", "--without-mingle", "-l", "INFO")
BEAT = ("celery", "-A", "swecar", "beat", "-l", "INFO", "-s")
WEB = ("gunicorn", "swecar.wsgi", "--preload", "-w", "2", "--threads", "4", "--no-control-socket", "-b")


def main() -> int:
    """Run the demonstration until a signal stops it; return the exit code."""
    var = var_folder()
    with held_signals() as signals:
        try:
            port = env.whole_number("PORT", default=8000)
            with owned(var):
                check_port(port)
                demonstrate(var, port, signals)
        except StopAsked:
            say("Stopped.")
        except (CannotStart, env.EnvironmentProblem) as problem:
            print(problem, file=sys.stderr)
            return 1
    return 0


def demonstrate(var: Path, port: int, signals: Sequence[int]) -> None:
    """Start everything in order, print the summary, and watch the processes until StopAsked."""
    with ExitStack() as stack:
        say("Starting PostgreSQL and Valkey …")
        servers = stack.enter_context(serving(var))
        variables = with_these(servers.variables | {"DEMONSTRATION": "1"})
        variables |= {"SWECAR_VAR": str(var), "PYTHONUNBUFFERED": "1"}
        children = list(servers.children)

        def plan(name: str, *words: str) -> Plan:
            return Plan(name, [sys.executable, "-m", *words], ROOT, variables, shows_output=name == "prepare")

        with running(plan("prepare", "swecar.local.demo", "prepare"), var=var) as step:
            wait(signals, children, step.has_ended)
            if step.process.returncode:
                raise CannotStart(f"This step failed. The end of its output:{step.last_words()}")

        say("Starting the worker, the scheduler and the web server …")
        for name, words in {
            "worker": WORKER,
            "beat": (*BEAT, str(var / "run" / "beat-schedule")),
            "web": (*WEB, f"127.0.0.1:{port}"),
        }.items():
            children.append(stack.enter_context(running(plan(name, *words), var=var)))
        document = wait(signals, children, lambda: read_map(port), within=RESPONDS_WITHIN)
        print_summary(document, var, port)
        try:
            wait(signals, children, lambda: False)
        finally:
            say("\nStopping …")


def prepare(var: Path) -> None:
    """Migrate, store the records and publish, in one process rather than one per command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")
    with redirect_stdout(sys.stderr):  # to the log; only say() writes to the terminal
        django.setup()
        say("Bringing the database up to date …")
        call_command("migrate", interactive=False, verbosity=1)
        if not getattr(settings, "WHITENOISE_USE_FINDERS", False):
            call_command("collectstatic", interactive=False, verbosity=1)
        say("Filling in the demonstration's records …")
        call_command("demo_data", "--logins", str(var / "logins.json"))
        say("Publishing …")
        call_command("publish")
        if not env.flag("SWECAR_EMBEDDED_FAST"):  # the tests of releases make their own
            say("Making the releases …")
            call_command("demo_releases")


def check_port(port: int) -> None:
    """Raise CannotStart if the web server cannot bind the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise CannotStart(
                f"Port {port} cannot be used: another program listens there, or you may not use it. "
                "Choose another: `PORT=8001 make demo`."
            ) from error


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        try:
            prepare(var_folder())
        except CommandError as problem:
            sys.exit(str(problem))
    else:
        sys.exit(main())
