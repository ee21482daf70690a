"""Real PostgreSQL and Valkey for the demonstration, the tests and the benchmarks; never for production.

One launcher at a time holds a folder (`var/`); others join its servers.
"""

import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from swecar.env import Setting
from swecar.local.accounts import choose_account
from swecar.local.errors import CannotStart
from swecar.local.folder import AlreadyRunning, owned
from swecar.local.left_overs import POLL_SECONDS
from swecar.local.ports import READY_WITHIN
from swecar.local.postgres import start_postgres
from swecar.local.private_files import keep_passwords, keep_secrets, read_variables, write_privately
from swecar.local.processes import Child
from swecar.local.programs import find_postgres, find_valkey
from swecar.local.valkey import start_valkey
from swecar.postgresql.roles import OF_PROCESS, ROLES
from swecar.setting_forms import flag

PASSWORDS = "roles.env"
FAST = Setting("SWECAR_EMBEDDED_FAST", flag, "`1` gives up durability, for tests", "0")


@dataclass(frozen=True)
class Servers:
    """The two running servers, and the environment variables with their URLs and keys.

    variables has the URL of the tables' owner, of_process that of the role that each kind of process connects as,
    once `manage.py make_roles --passwords` has been run with the folder's file.
    """

    variables: dict[str, str]
    of_process: dict[str, dict[str, str]]
    children: tuple[Child, Child]


@contextmanager
def running_servers(var: Path, *, fast: bool = False) -> Iterator[dict[str, str]]:
    """Run both servers on the data in `var`, and yield the environment variables to use them.

    The servers of another launcher on the same folder are joined. `fast` gives up durability, for tests.
    Raises CannotStart.
    """
    with ExitStack() as stack:
        variables = own_or_join(stack, var)
        yield variables or stack.enter_context(serving(var, fast=fast)).variables


def own_or_join(stack: ExitStack, var: Path) -> dict[str, str] | None:
    """The variables of another launcher's servers; None if this one now holds the folder."""
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
        time.sleep(POLL_SECONDS)


@contextmanager
def serving(var: Path, *, fast: bool = False, demonstration: str = "") -> Iterator[Servers]:
    """Start both servers on a folder that this launcher holds, and stop them at the end.

    demonstration: the address of its site, where they serve one.
    """
    if sys.platform != "linux":
        raise CannotStart("The embedded servers need Linux. Elsewhere set DATABASE_URL and REDIS_URL.")
    postgres, valkey = find_postgres(), find_valkey()
    account = choose_account(var, postgres, valkey)
    passwords = keep_secrets(var)
    with ExitStack() as stack:
        valkey_child, redis_url = start_valkey(var, valkey, account, passwords["valkey"])
        stack.callback(valkey_child.stop)
        postgres_child, database_url = start_postgres(var, postgres, account, passwords["postgres"], fast=fast)
        stack.callback(postgres_child.stop)
        variables = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": passwords["secret_key"],
            "IDENTITY_KEYS": passwords["identity_keys"],
            "MONITORING_TOKEN": passwords["monitoring"],
            "INSECURE_HTTP": "1",
            "SECOND_FACTOR": "optional",
        }
        if demonstration:
            variables |= {"DEMONSTRATION": "1", "SITE_URL": demonstration}
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in variables.items()]
        write_privately(var / "demo.env", "".join(lines))
        stack.callback((var / "demo.env").unlink, missing_ok=True)
        kept = keep_passwords(var / PASSWORDS, ROLES)
        of_process = {
            process: variables | {"APP_ROLE": process, "DATABASE_URL": login_as(role, kept[role], database_url)}
            for process, role in OF_PROCESS.items()
        }
        yield Servers(variables, of_process, (postgres_child, valkey_child))


def login_as(role: str, password: str, url: str) -> str:
    """The URL of the same database for another role."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{role}:{password}@{parts.hostname}:{parts.port}").geturl()
