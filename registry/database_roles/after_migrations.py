"""Giving the roles what new tables need, as the last step of `manage.py migrate`."""

import sys
from typing import Any

from django.db import connection, transaction

from registry.database_roles.roles import RolesMissing, keep_keys, make_roles

MISSING = (
    "The roles of the database are missing, and this connection may not make them: see `manage.py make_roles`."
)


def keep_roles(*, verbosity: int = 1, **sent: Any) -> None:
    """Make and mend the roles, or say what is missing: an owner may go on to use the tables alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('registry_contextkey')")
        if cursor.fetchone()[0] is None:
            return  # migrated back to before there were policies
    done = list(keep_keys())  # which the owner needs too
    try:
        with transaction.atomic():
            done += make_roles({})
    except RolesMissing:
        done.append(MISSING)
    if verbosity and done:
        sys.stdout.write("".join(f"{line}\n" for line in done))
