"""Starting PostgreSQL, and making its files at the first start."""

import shutil
import signal
from pathlib import Path

import psycopg

from swecar.local.accounts import VARIABLES, hand_over, run_once
from swecar.local.errors import CannotStart
from swecar.local.left_overs import read_identity, stop_left_over
from swecar.local.ports import start_on_a_free_port
from swecar.local.processes import Account, Child, Plan

POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    # A failed statement and its row may hold data about a person.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
POSTGRES_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def start_postgres(var: Path, program: Path, account: Account, password: str, *, fast: bool) -> tuple[Child, str]:
    """Start PostgreSQL, whose files are made at the first start; return it and its URL."""
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
        # SIGINT is its "fast" shutdown, which does not wait for clients.
        return Plan("postgres", command, folder, VARIABLES, signal.SIGINT, account=account)

    def url(port: int, database: str) -> str:
        return f"postgresql://swecar:{password}@127.0.0.1:{port}/{database}"

    child, port = start_on_a_free_port(plan, lambda port: postgres_is_ready(url(port, "postgres")), var)
    return child, url(port, "swecar")


def make_database_files(var: Path, program: Path, account: Account, password: str, *, fast: bool) -> None:
    """Make the files of an empty database, all or none. Raises CannotStart."""
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
    """Raise CannotStart if another version of PostgreSQL made the data, which this one cannot read."""
    made_by = (folder / "PG_VERSION").read_text().strip()
    here = run_once(account, [program, "--version"], folder).stdout.split()[-1:]
    if here and here[0].partition(".")[0] != made_by:
        raise CannotStart(
            f"{folder} was made by PostgreSQL {made_by}, and this is {here[0]}. "
            f"Move {folder.parent} away, or set SWECAR_VAR to another folder."
        )


def clear_lock(folder: Path) -> None:
    """Remove the lock file that a killed PostgreSQL left; one that still runs on the folder is stopped.

    The file holds a process id, which after a reboot may be another process's, and PostgreSQL would not start.
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


def postgres_is_ready(url: str) -> bool:
    """Whether PostgreSQL is up and accepts the password; the database is created if it is missing."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
            if not connection.execute("SELECT FROM pg_database WHERE datname = 'swecar'").fetchall():
                connection.execute("CREATE DATABASE swecar")
    except psycopg.OperationalError:
        return False
    return True
