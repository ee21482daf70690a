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

from swecar.env import Setting
from swecar.local.demo_summary import print_summary, read_map, say, step
from swecar.local.embedded import FAST, PASSWORDS, Servers, serving
from swecar.local.errors import CannotStart
from swecar.local.folder import ROOT, owned, var_folder
from swecar.local.plan import Plan
from swecar.local.ports import held_port
from swecar.local.processes import running
from swecar.local.signals import held_signals
from swecar.local.watching import StopAsked, wait
from swecar.setting_forms import number
from swecar.start import COMMANDS
from swecar.variables import EnvironmentProblem, with_these

RESPONDS_WITHIN = 60.0  # seconds
PORT = Setting("PORT", number(1, 65535), "the demonstration's port", "8000")
PROXIES = Setting("PROXIES", number(0, 9), "how many proxies stand before it", "0")
STARTED_AGAIN = ("worker", "beat")  # which end by themselves where they cannot work (docs/operations.md)
WORKER = (*COMMANDS["worker"], "--concurrency", "1")


def main() -> int:
    """Run the demonstration until a signal stops it; return the exit code."""
    var = var_folder()
    with held_signals() as signals:
        try:
            port = PORT.read()
            with owned(var):
                check_port(port)
                demonstrate(var, port, signals)
        except StopAsked:
            say("Stopped.")
        except (CannotStart, EnvironmentProblem) as problem:
            print(problem, file=sys.stderr)
            return 1
    return 0


def demonstrate(var: Path, port: int, signals: Sequence[int]) -> None:
    """Start everything in order, print the summary, and watch the processes until StopAsked."""
    with ExitStack() as stack:
        with step("Starting PostgreSQL and Valkey"):
            servers = stack.enter_context(serving(var, demonstration=f"http://127.0.0.1:{port}"))
        children = list(servers.children)

        def plan(name: str, *words: str, shows_output: bool = False) -> Plan:
            variables = with_these(servers.variables | own_variables(name, servers))
            variables |= {"SWECAR_VAR": str(var), "PYTHONUNBUFFERED": "1"}
            command, again = [sys.executable, "-m", *words], name in STARTED_AGAIN
            return Plan(name, command, ROOT, variables, shows_output=shows_output, starts_again=again)

        def run_to_end(plan: Plan) -> None:
            with running(plan, var=var) as child:
                wait(signals, children, child.has_ended)
                if child.process.returncode:
                    raise CannotStart(f"This step failed. The end of its output:{child.last_words()}")

        run_to_end(plan("prepare", "swecar.local.demo", "prepare", shows_output=True))
        with step("Starting the worker, the scheduler and the web servers"):
            clinic = stack.enter_context(held_port())
            for name, words in {
                "worker": WORKER,
                "beat": COMMANDS["beat"],
                "clinic": (*COMMANDS["clinic"], "--bind", f"127.0.0.1:{clinic}"),
                "public": ("swecar.demo_web", "--bind", f"127.0.0.1:{port}", "--clinic", str(clinic)),
            }.items():
                children.append(stack.enter_context(running(plan(name, *words), var=var)))
            wait(signals, children, lambda: read_map(clinic), within=RESPONDS_WITHIN)
            document = wait(signals, children, lambda: read_map(port), within=RESPONDS_WITHIN)
        print_summary(document, var, port)
        try:
            if not FAST.read():  # the tests of releases make their own
                with step("Making the releases"):
                    run_to_end(plan("releases", "manage", "demo_releases"))
            wait(signals, children, lambda: False)
        finally:
            say("\nStopping …")
            for child in children[len(servers.children) :]:
                child.ask_to_stop()  # before any is waited for


def own_variables(name: str, servers: Servers) -> dict[str, str]:
    """What the process of this name has in its environment for itself, its own way into the database among it."""
    own = servers.of_process.get(name, {}) | {"PUBLIC_DATABASE_URL": ""}
    if name == "public":  # looks up no person
        own["IDENTITY_KEYS"] = ""
    if name == "clinic":  # behind the public process
        own["PROXIES"] = str(PROXIES.read() + 1)
    return own


def prepare(var: Path) -> None:
    """Migrate, store the records and publish, in one process rather than one per command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")
    with redirect_stdout(sys.stderr):  # to the log; only say() writes to the terminal
        with step("Bringing the database up to date"):
            django.setup()
            call_command("migrate", interactive=False, verbosity=1)
            call_command("make_roles", passwords=var / PASSWORDS)
            if not getattr(settings, "WHITENOISE_USE_FINDERS", False):
                call_command("collectstatic", interactive=False, verbosity=1)
        with step("Filling in the demonstration's records"):
            call_command("demo_data", "--logins", str(var / "logins.json"))
        with step("Publishing"):
            call_command("publish")


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
