"""Real PostgreSQL and Valkey for the demonstration, the tests and the benchmarks; never for production.

One launcher holds a folder (`var/`) at a time; others join the servers that it has up.
"""

import base64
import fcntl
import json
import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from swecar import env
from swecar.local.processes import LOOK_EVERY, CannotStart, Child, held_signals, stop_left_overs
from swecar.local.servers import (
    READY_WITHIN,
    choose_account,
    find_postgres,
    find_valkey,
    start_postgres,
    start_valkey,
)

ROOT = Path(__file__).resolve().parents[2]
USAGE = (
    "Usage: manage.py serve_embedded -- COMMAND [ARGUMENT…]\n"
    "Runs the command with PostgreSQL and Valkey up and their addresses in DATABASE_URL and REDIS_URL."
)


class AlreadyRunning(CannotStart):
    """Another launcher holds the folder."""


@dataclass(frozen=True)
class Servers:
    """The two running servers, and the variables by which a program finds them."""

    variables: dict[str, str]
    children: tuple[Child, Child]


def var_folder() -> Path:
    """Where everything is kept: SWECAR_VAR, or `var` in the checkout."""
    return Path(os.environ.get("SWECAR_VAR") or ROOT / "var").absolute()


def serve_command(arguments: list[str]) -> int:
    """Run a command with the servers up; returns its exit code, or 128 and the signal that ended it.

    What is set in the environment already wins, and nothing is started where both addresses are.
    """
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command or command[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 2
    with held_signals() as received:
        if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
            return run_command(command, dict(os.environ), received)
        try:
            with running_servers(var_folder(), fast=env.flag("SWECAR_EMBEDDED_FAST")) as variables:
                missing = {name: value for name, value in variables.items() if not os.environ.get(name)}
                return run_command(command, {**os.environ, **missing}, received)
        except CannotStart as problem:
            print(problem, file=sys.stderr)
            return 1


def run_command(command: list[str], variables: dict[str, str], received: list[int]) -> int:
    """Run a command to its end, handing on the signals as they come in; returns its exit code."""
    try:
        process = subprocess.Popen(command, env=variables)
    except OSError as error:
        print(f"{command[0]} cannot be run: {error.strerror}.", file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126
    while process.poll() is None:
        while received:
            number = received.pop(0)
            # Ctrl-C in a terminal reaches the command by itself, and twice would cut it short.
            if number != signal.SIGINT or not os.isatty(0):
                process.send_signal(number)
        time.sleep(LOOK_EVERY)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


@contextmanager
def running_servers(var: Path, *, fast: bool = False) -> Iterator[dict[str, str]]:
    """Have both servers up on the data in `var`, and yield the variables by which to use them.

    Joins the servers that another launcher has up on the same folder; else starts them, and stops
    them at the end. `fast` gives up safety against a crash of the machine, for tests.
    Raises CannotStart.
    """
    with ExitStack() as stack:
        variables = own_or_join(stack, var)
        yield variables or stack.enter_context(serving(var, fast=fast)).variables


def own_or_join(stack: ExitStack, var: Path) -> dict[str, str] | None:
    """The variables of the servers that another launcher has up; None when the folder is now ours."""
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            stack.enter_context(owned(var))
            return None
        except AlreadyRunning:
            variables = read_variables(var / "demo.env")
            if variables:
                return variables
            if time.monotonic() > deadline:
                raise
        time.sleep(LOOK_EVERY)


@contextmanager
def owned(var: Path) -> Iterator[None]:
    """Hold the folder for this launcher alone, rid of what a killed one left; raises AlreadyRunning."""
    try:
        for folder, mode in ((var, 0o711), (var / "run", 0o711), (var / "logs", 0o700)):
            if not folder.exists():
                folder.mkdir(parents=True)
                folder.chmod(mode)
        lock = (var / "lock").open("w")
    except OSError as error:
        raise CannotStart(
            f"{var} cannot be used: {error.strerror}. Set SWECAR_VAR to a folder of yours."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(
                f"It is running already on {var}. Join it by `set -a; . {var}/demo.env; set +a` before a "
                "manage.py command, or start another beside it by setting SWECAR_VAR and PORT to others."
            ) from error
        (var / "demo.env").unlink(missing_ok=True)
        stop_left_overs(var)
        yield


@contextmanager
def serving(var: Path, *, fast: bool = False) -> Iterator[Servers]:
    """Start both servers on a folder that is owned, and stop them at the end."""
    if sys.platform != "linux":
        raise CannotStart("The embedded servers need Linux. Elsewhere set DATABASE_URL and REDIS_URL.")
    postgres, valkey = find_postgres(), find_valkey()
    account = choose_account(var, postgres, valkey)
    kept = keep_secrets(var)
    with ExitStack() as stack:
        valkey_child, redis_url = start_valkey(var, valkey, account, kept["valkey"])
        stack.callback(valkey_child.stop)
        postgres_child, database_url = start_postgres(var, postgres, account, kept["postgres"], fast=fast)
        stack.callback(postgres_child.stop)
        variables = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": kept["secret_key"],
            "IDENTITY_KEYS": kept["identity_keys"],
            "INSECURE_HTTP": "1",
            "SECOND_FACTOR": "optional",
        }
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in variables.items()]
        write_privately(var / "demo.env", "".join(lines))
        stack.callback((var / "demo.env").unlink, missing_ok=True)
        yield Servers(variables, (postgres_child, valkey_child))


def read_variables(path: Path) -> dict[str, str]:
    """The variables of a file of KEY=value lines; none when it is not there."""
    try:
        words = shlex.split(path.read_text())
    except FileNotFoundError:
        return {}
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def write_privately(path: Path, text: str) -> None:
    """Write a file that nobody else can read, in one step."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def keep_secrets(var: Path) -> dict[str, str]:
    """The passwords and keys of this folder, made at the first start."""
    path = var / "secrets.json"
    if not path.exists():
        if (var / "postgres").exists():
            raise CannotStart(f"{path} is gone, and with it the password of the data beside it. Move {var} away.")
        made = {name: secrets.token_urlsafe(50) for name in ("postgres", "valkey", "secret_key")}
        made["identity_keys"] = f"demo:{base64.b64encode(secrets.token_bytes(32)).decode()}"
        write_privately(path, json.dumps(made, indent=1))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept
