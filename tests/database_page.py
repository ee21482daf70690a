"""docs/database-roles.md from the database: roles, grants and policies, as PostgreSQL has them.

`python -m tests.database_page` writes it, on a migrated database (`manage.py serve_embedded -- …`).
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")
django.setup()

from django.db import connection  # noqa: E402

from registry.database_roles.policies import WITHOUT  # noqa: E402
from registry.database_roles.roles import CAN_LOGIN  # noqa: E402

PAGE = Path(__file__).parents[1] / "docs" / "database-roles.md"
HEAD = """# Roles, grants and policies

What each process may do in PostgreSQL, as the database itself tells it: why is in
[decision 0042](decisions/0042-the-database-is-a-wall-of-its-own.md), and how the roles are made in
[run.md](run.md#the-databases-roles). This page is written by `python -m tests.database_page` from a migrated
database; a test compares it with another.
"""
ATTRIBUTES = ("rolcanlogin", "rolsuper", "rolcreatedb", "rolcreaterole", "rolreplication", "rolbypassrls")
GRANTS = """
SELECT relname,
       (SELECT string_agg(letter, '' ORDER BY place) FROM unnest(ARRAY['r', 'a', 'w', 'd', 'D', 'x', 't'],
            ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
            WITH ORDINALITY AS word (letter, privilege, place)
        WHERE has_table_privilege(%s, pg_class.oid, privilege))
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""
COLUMNS = """
SELECT relname, pg_get_userbyid(grantee), privilege_type, array_agg(attname::text ORDER BY attnum)
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid, aclexplode(attacl)
WHERE relnamespace = 'public'::regnamespace GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
POLICIES = """
SELECT relname, polname,
       (SELECT string_agg(rolname, '`, `' ORDER BY rolname) FROM pg_roles WHERE pg_roles.oid = ANY(polroles)),
       CASE polcmd WHEN 'r' THEN 'SELECT' WHEN '*' THEN 'ALL' ELSE polcmd::text END, pg_get_expr(polqual, polrelid)
FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid ORDER BY 1, 3, 2
"""


def write_page() -> str:
    """The page's text."""
    return "\n".join([HEAD, *_roles(), *_grants(), *_columns(), *_policies(), *_without()]) + "\n"


def _roles() -> Iterator[str]:
    yield "## Roles\n\n| role | " + " | ".join(name.removeprefix("rol") for name in ATTRIBUTES) + " |"
    yield "| --- |" + " --- |" * len(ATTRIBUTES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT rolname, {', '.join(ATTRIBUTES)} FROM pg_roles WHERE rolname = ANY(%s) ORDER BY 1",
            [list(CAN_LOGIN)],
        )
        for name, *has in cursor.fetchall():
            yield f"| `{name}` | " + " | ".join("**yes**" if one else "no" for one in has) + " |"


def _grants() -> Iterator[str]:
    yield (
        "\n## Grants\n\n`r` SELECT, `a` INSERT, `w` UPDATE, `d` DELETE. Nobody but the owner has TRUNCATE (`D`), "
        "REFERENCES (`x`) or TRIGGER (`t`).\n"
    )
    yield "| table | " + " | ".join(f"`{role}`" for role in CAN_LOGIN) + " |\n| --- |" + " --- |" * len(CAN_LOGIN)
    held: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        for role in CAN_LOGIN:
            cursor.execute(GRANTS, [role])
            for table, letters in cursor.fetchall():
                held.setdefault(table, []).append(letters or "")
    for table, letters in sorted(held.items()):
        yield f"| `{table}` | " + " | ".join(letters) + " |"


def _columns() -> Iterator[str]:
    yield (
        "\n## Grants of single columns\n\nOf these tables a role has so much more, of other columns nothing.\n\n"
        "| table | role | may | columns |\n| --- | --- | --- | --- |"
    )
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, role, verb, columns in cursor.fetchall():
            yield f"| `{table}` | `{role}` | {verb} | " + ", ".join(f"`{name}`" for name in columns) + " |"


def _policies() -> Iterator[str]:
    yield (
        "\n## Policies\n\nOf the tables with records. `seen_centres()`, `open_persons()`, `sees_nation()` and "
        "`acting_user()` read the transaction's signed context; without one they give nothing.\n"
    )
    yield "| table | policy | role | for | rows |\n| --- | --- | --- | --- | --- |"
    with connection.cursor() as cursor:
        cursor.execute(POLICIES)
        for table, name, role, command, condition in cursor.fetchall():
            rows = " ".join(condition.split()).replace("|", "\\|")
            yield f"| `{table}` | `{name}` | `{role}` | {command} | `{rows}` |"


def _without() -> Iterator[str]:
    yield "\n## Tables of the clinic without policies\n\n| table | why |\n| --- | --- |"
    for table, why in sorted(WITHOUT.items()):
        yield f"| `{table}` | {why} |"


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE} is written.\n")
