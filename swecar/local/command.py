"""`manage.py serve_embedded`: run a command with the embedded servers up."""

import os
import signal
import subprocess
import sys
import time

from swecar.local.embedded import FAST, running_servers
from swecar.local.errors import CannotStart
from swecar.local.folder import var_folder
from swecar.local.left_overs import POLL_SECONDS
from swecar.local.signals import held_signals
from swecar.variables import is_given

USAGE = (
    "Usage: manage.py serve_embedded -- COMMAND [ARGUMENT…]\n"
    "Runs the command with PostgreSQL and Valkey up, and their URLs in DATABASE_URL and REDIS_URL."
)


def serve_command(arguments: list[str]) -> int:
    """Run a command with the servers up; return its exit code, or 128 plus the signal that ended it.

    Variables that are set already win; if both URLs are set, no server is started.
    """
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command or command[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 2
    with held_signals() as received:
        if is_given("DATABASE_URL") and is_given("REDIS_URL"):
            return run_command(command, dict(os.environ), received)
        try:
            with running_servers(var_folder(), fast=FAST.read()) as variables:
                missing = {name: value for name, value in variables.items() if not is_given(name)}
                return run_command(command, {**os.environ, **missing}, received)
        except CannotStart as problem:
            print(problem, file=sys.stderr)
            return 1


def run_command(command: list[str], variables: dict[str, str], received: list[int]) -> int:
    """Run a command to its end, passing signals on to it; return its exit code."""
    try:
        process = subprocess.Popen(command, env=variables)
    except OSError as error:
        print(f"{command[0]} cannot be run: {error.strerror}.", file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126
    while process.poll() is None:
        while received:
            number = received.pop(0)
            # Ctrl-C in a terminal reaches the command directly; a second SIGINT would cut it short.
            if number != signal.SIGINT or not os.isatty(0):
                process.send_signal(number)
        time.sleep(POLL_SECONDS)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode
