"""Giving the roles what new tables need, as the last step of `manage.py migrate`."""

import sys
from typing import Any

from django.core.management import CommandError
from django.db import connection

from registry.database_roles.roles import RolesMissing, is_prepared, keep_keys, make_roles
from swecar.postgresql.roles import ROLES

MISSING = (
    "The roles of the database are missing, and this connection may not make them: see `manage.py make_roles`."
)
KEPT = (
    "What the roles no longer need is theirs as long as processes of the release before may need it ({at_work} "
    "connections now): run `manage.py make_roles` once they are replaced."
)
AT_WORK = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY(%s)"


def processes_at_work() -> int:
    """How many connections the roles have to this database."""
    with connection.cursor() as cursor:
        cursor.execute(AT_WORK, [list(ROLES)])
        count: int = cursor.fetchone()[0]
    return count


def keep_roles(*, verbosity: int = 1, **sent: Any) -> None:
    """Make and mend the roles, or say what is missing: an owner may go on to use the tables alone.

    Raises CommandError on a server that has been set up for roles and lacks one, so that nothing is started on it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('registry_contextkey')")
        if cursor.fetchone()[0] is None:
            return  # migrated back to before there were policies
    done = list(keep_keys())  # which the owner needs too
    at_work, prepared = processes_at_work(), is_prepared()
    try:
        done += make_roles({}, takes_away=not at_work)
    except RolesMissing as missing:
        if prepared:
            raise CommandError(missing.by_hand()) from None
        done.append(MISSING)
    else:
        if at_work:
            done.append(KEPT.format(at_work=at_work))
    if verbosity and done:
        sys.stdout.write("".join(f"{line}\n" for line in done))
