"""A migrated database that is kept beside the servers of the tests, of which each worker gets a copy."""

import fcntl
import hashlib
import os
import tempfile
from pathlib import Path

import django
from django.apps import apps
from django.db import connection

from registry.database_roles.roles import make_roles
from tests.database_roles import PASSWORDS

PREFIX = "swecar_migrated_"


def template_name() -> str:
    """Its name, another one as soon as any migration is another one, or the models that migrations import."""
    key = hashlib.sha256(django.__version__.encode())
    for app in apps.get_app_configs():
        for folder in ("migrations", "models", "database_roles"):
            for path in sorted(Path(app.path, folder).glob("*.py")):
                key.update(f"{app.label} {path.name}".encode() + path.read_bytes())
    return PREFIX + key.hexdigest()[:16]


def migrated_template() -> str:
    """The name of a database to which all migrations have been applied; made once, by whoever comes first."""
    name = template_name()
    lock = Path(os.environ.get("SWECAR_VAR", tempfile.gettempdir()), "template.lock")
    with lock.open("w") as held, connection._nodb_cursor() as cursor:
        fcntl.flock(held, fcntl.LOCK_EX)
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        stored = [row[0] for row in cursor]
        if name not in stored:
            for old in stored:
                cursor.execute(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(old)}")
            _migrate(f"{PREFIX}unfinished")
            cursor.execute(f"ALTER DATABASE {PREFIX}unfinished RENAME TO {name}")
    return name


def _migrate(name: str) -> None:
    """Make a database of this name by the migrations, as Django makes one for tests."""
    before, test = connection.settings_dict["NAME"], connection.settings_dict["TEST"]
    connection.settings_dict["TEST"] = test | {"NAME": name}
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        list(make_roles(PASSWORDS))
    finally:
        connection.close()
        connection.close_pool()
        connection.settings_dict |= {"NAME": before, "TEST": test}
