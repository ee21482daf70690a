"""Starting PostgreSQL."""

import signal
from pathlib import Path

import psycopg

from swecar.local.accounts import VARIABLES, hand_over
from swecar.local.plan import Account, Plan
from swecar.local.ports import start_on_a_free_port
from swecar.local.postgres_files import check_version, clear_lock, make_database_files
from swecar.local.processes import Child

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


def postgres_is_ready(url: str) -> bool:
    """Whether PostgreSQL is up and accepts the password; the database is created if it is missing."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
            if not connection.execute("SELECT FROM pg_database WHERE datname = 'swecar'").fetchall():
                connection.execute("CREATE DATABASE swecar")
    except psycopg.OperationalError:
        return False
    return True
