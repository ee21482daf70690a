"""pg_dump and pg_restore, told of the database by their environment: a list of processes shows no password."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO

from django.db import connection

from registry.backups.errors import BackupFailed
from swecar.local.errors import CannotStart
from swecar.local.programs import find_postgres
from swecar.variables import with_these

OF_LIBPQ = {
    "host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
}  # fmt: skip
# What is in a backup but not its rows: sessions, and the keys of SECRET_KEY, which make_roles stores anew.
OPTIONS = ("--no-owner", "--no-privileges", "--no-password")
WITHOUT_ROWS = ("django_session", "registry_contextkey")


def find_tool(name: str) -> str:
    """The program of this name: beside the embedded server, of the newest installation, or on the path.

    Raises BackupFailed.
    """
    try:
        beside = [find_postgres().with_name(name)]
    except CannotStart:
        beside = []
    newest = sorted(Path("/usr/lib/postgresql").glob(f"[0-9]*/bin/{name}"), key=lambda path: -int(path.parts[-3]))
    for found in (*beside, *newest, shutil.which(name)):
        if found and Path(found).is_file():
            return str(found)
    raise BackupFailed(f"{name} is not here. Install PostgreSQL's client, of the server's version or newer.")


def dump_command(view: str | None) -> list[str]:
    """pg_dump of what an exported view sees, onto its standard output."""
    rows = [f"--exclude-table-data={table}" for table in WITHOUT_ROWS]
    return [
        find_tool("pg_dump"),
        "--format=custom",
        "--lock-wait-timeout=30s",
        f"--snapshot={view}",
        *OPTIONS,
        *rows,
    ]


def restore_command() -> list[str]:
    """pg_restore from its standard input, all or nothing."""
    whole = ["--single-transaction", "--exit-on-error"]
    return [find_tool("pg_restore"), *OPTIONS, *whole, "--dbname", str(connection.settings_dict["NAME"])]


@contextmanager
def running(command: list[str], *, reads: bool = False) -> Iterator[IO[bytes]]:
    """What the program writes, or what it reads; it has to have succeeded once the block has ended.

    Raises BackupFailed.
    """
    pipes = {"stdin": PIPE} if reads else {"stdout": PIPE}
    process = Popen(command, stderr=PIPE, env=_environment(), **pipes)  # type: ignore[call-overload]  # noqa: S603
    try:
        with suppress(BrokenPipeError):  # then the program has ended, and says why below
            yield process.stdin if reads else process.stdout
    except BaseException:
        process.kill()
        process.communicate()
        raise
    with suppress(BrokenPipeError):
        _output, said = process.communicate()
    if process.returncode:
        last = said.decode(errors="replace").strip().splitlines()[-3:] or [f"exit code {process.returncode}"]
        raise BackupFailed(f"{Path(command[0]).name} failed: {' '.join(last)}")


def _environment() -> dict[str, str]:
    given = connection.get_connection_params()
    said = {name: str(given[key]) for key, name in OF_LIBPQ.items() if given.get(key)}
    return with_these(said)
