"""The image's entry, `python -m swecar.start`: what this process is stands in APP_ROLE."""

import runpy
import signal
import sys

from swecar.setting_table import OPTIONAL_ROLES, ROLES
from swecar.variables import EnvironmentProblem, read_variable

WEB = ("swecar.web",)
COMMANDS = {
    "clinic": WEB,
    "public": WEB,
    # Workers need nothing of each other: what each has done stands in the database.
    "worker": (
        *("celery", "-A", "swecar", "worker", "--concurrency", "2", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),
    ),
    "beat": ("celery", "-A", "swecar", "beat", "--loglevel", "INFO"),
    "keeper": ("swecar.keeper",),
    "migrate": ("manage", "migrate", "--noinput"),
}


def main() -> None:
    """Run the role's program in this process, so that signals reach it."""
    # The first process of a container ignores a signal that nobody handles. This handler ends the start of a
    # server and, as Ctrl-C would, a migration, which the database rolls back; a server then sets its own.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    role = read_variable("APP_ROLE")
    if role not in COMMANDS:
        roles = ", ".join((*ROLES, *OPTIONAL_ROLES))
        raise EnvironmentProblem(f"APP_ROLE is not set to a role. Write one of: {roles}.")
    module, *arguments = COMMANDS[role]
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        sys.exit(f"Stopped while starting or at work: {role}.")


if __name__ == "__main__":
    main()
