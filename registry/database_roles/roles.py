"""Making the roles of PostgreSQL, and giving each what grants.py says and nothing else."""

import time
from collections.abc import Iterator, Mapping, Sequence

from django.db import OperationalError, connection, transaction
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, LockNotAvailable

from registry.database_roles.grants import IMPORTER_READS, TABLES, UNLISTED, WORKER_COLUMNS
from registry.database_roles.policies import POLICIES, Policy
from registry.published.facts import SCHEMA as FACTS
from registry.signed_context import pads_of_keys
from swecar.postgresql.roles import CLINIC, IMPORTER, PUBLIC, ROLES, WORKER

ATTRIBUTES = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
TOO_MUCH = "rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls"
CAN_LOGIN = dict.fromkeys(ROLES, "LOGIN") | {IMPORTER: "NOLOGIN"}
# An import has its rows in temporary tables; publishing makes the tables of facts in a schema of its own.
IN_DATABASE = {
    CLINIC: {"CONNECT"},
    WORKER: {"CONNECT", "TEMPORARY"},
    PUBLIC: {"CONNECT"},
    IMPORTER: {"TEMPORARY"},
}
# A row for each privilege that another than the owner has: of the database, the schemas, tables, columns and
# sequences. Partitions are reached through their table.
GRANTED = """
WITH object AS (
    SELECT 'DATABASE' AS kind, 'd' AS letter, datname::text AS name, datacl AS acl, datdba AS owner
    FROM pg_database WHERE datname = current_database()
    UNION ALL
    SELECT 'SCHEMA', 'n', nspname, nspacl, nspowner FROM pg_namespace WHERE nspname IN ('public', %(facts)s)
    UNION ALL
    SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
        CASE relkind WHEN 'S' THEN 's' ELSE 'r' END, relname, relacl, relowner FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S') AND NOT relispartition
)
SELECT kind, name, coalesce(pg_get_userbyid(nullif(grantee, 0)), 'public') AS role, privilege_type
FROM object, aclexplode(coalesce(acl, acldefault(letter::"char", owner)))
WHERE grantee <> owner
UNION ALL
SELECT 'TABLE', relname, coalesce(pg_get_userbyid(nullif(grantee, 0)), 'public'),
    format('%%s (%%I)', privilege_type, attname)
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid, aclexplode(attacl)
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
  AND grantee <> relowner
"""
OBJECTS = """
SELECT whole.relname, sequence.relname FROM pg_class AS whole
LEFT JOIN pg_depend ON refobjid = whole.oid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i')
LEFT JOIN pg_class AS sequence ON sequence.oid = objid AND sequence.relkind = 'S'
WHERE whole.relnamespace = 'public'::regnamespace AND whole.relkind IN ('r', 'p') AND NOT whole.relispartition
"""
# Triggers act for the owner: they read and write what the role that set them off may not.
OF_CALLER = """
SELECT oid::regprocedure::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype
  AND NOT (prosecdef AND coalesce(proconfig, '{}') @> ARRAY['search_path=public, pg_temp'])
ORDER BY 1
"""

# pgtrigger lets any session name triggers that are to be left out. Of a process only the guards of the history and
# of the log may be, for an erasure and a pruning: each deletion leaves a stone, and what writes history always
# runs. The library's migrations put their own function back, hence not in one of ours.
IGNORED = """
BEGIN
    RETURN trigger_name = ANY (coalesce(nullif(current_setting('pgtrigger.ignore', true), ''), '{}')::text[])
        AND (trigger_name ~ '^pgtrigger_(append_only|stays)_'
             OR NOT ARRAY['swecar_clinic', 'swecar_worker'] && ARRAY[session_user::text, current_setting('role')]);
END
"""
IGNORE = """
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name) RETURNS boolean
LANGUAGE plpgsql AS $ignored${body}$ignored$
"""
# Each policy with the sentence that it is made of, so that another one is seen.
STORED_POLICIES = """
SELECT relname, polname, obj_description(pg_policy.oid, 'pg_policy'), relrowsecurity
FROM pg_class LEFT JOIN pg_policy ON polrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND (relrowsecurity OR pg_policy.oid IS NOT NULL)
"""

MOMENT, PAUSE, TURNS = "1s", 1.0, 30

Privileges = set[tuple[str, str, str, str]]  # kind, name, role, privilege


class RolesMissing(Exception):
    """A role that this connection may not make."""

    def by_hand(self) -> str:
        """What a superuser of PostgreSQL does instead."""
        created = "\n".join(f"  CREATE ROLE {role} {login} {ATTRIBUTES};" for role, login in CAN_LOGIN.items())
        return (
            f"The role {self} is missing, and this connection may not make it. As a superuser of PostgreSQL, of "
            f"these whatever is missing:\n{created}\n  GRANT {IMPORTER} TO {WORKER};\n  GRANT {WORKER} TO OWNER;\n"
            "and give each that may log in a password (\\password in psql). Then run `manage.py make_roles`."
        )


def make_roles(passwords: Mapping[str, str], *, takes_away: bool = True) -> Iterator[str]:
    """Make what is missing and take away what is too much, telling each; nothing where all is as it should be.

    passwords: by role, to be set; a role without one keeps the one that it has. takes_away: not while processes of
    the release before are at work, which may need it. Run as the tables' owner, and not in a transaction: each
    change is one of its own, so that the service goes on meanwhile, and one that was ended is run again. Raises
    RolesMissing.
    """
    yield from make_missing(passwords)
    yield from _give_facts()
    with transaction.atomic():  # nothing that stays is away for a moment; no table is locked
        wanted = _wanted()
        done: list[str] = []
        if takes_away:
            done += _change("REVOKE", "FROM", _granted() - wanted)  # of a table, also what columns had
        done += _change("GRANT", "TO", wanted - _granted())
    yield from done
    yield from _let_triggers_act()
    yield from _keep_triggers_on()
    yield from _make_policies()
    yield from keep_keys()


def make_missing(passwords: Mapping[str, str]) -> Iterator[str]:
    """Make the roles that are missing, telling each. Raises RolesMissing."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT rolname, {TOO_MUCH} OR rolname = %s AND rolcanlogin FROM pg_roles WHERE rolname = ANY(%s)",
            [IMPORTER, list(CAN_LOGIN)],
        )
        found = dict(cursor.fetchall())
    for role, login in CAN_LOGIN.items():
        if role not in found:
            yield _of_role(f"CREATE ROLE {{}} {login} {ATTRIBUTES}", role)
        elif found[role]:
            yield _of_role(f"ALTER ROLE {{}} {login} {ATTRIBUTES}", role)
        if role in passwords:
            _of_role("ALTER ROLE {} PASSWORD {}", role, sql.Literal(passwords[role]))
            yield f"{role}: password set"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role(%s, 'USAGE'), pg_has_role(%s, %s, 'USAGE')", [WORKER, WORKER, IMPORTER])
        is_owners, is_workers = cursor.fetchone()
    if not is_owners:  # the owner publishes too, by a command
        yield _of_role("GRANT {} TO CURRENT_USER", WORKER)
    if not is_workers:
        yield _of_role(f"GRANT {{}} TO {WORKER}", IMPORTER)


def is_prepared() -> bool:
    """Whether the server has been set up for roles: the owner is the worker too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s AND pg_has_role(oid, 'USAGE'))", [WORKER]
        )
        found: bool = cursor.fetchone()[0]
    return found


def _of_role(statement: str, role: str, *words: sql.Composable) -> str:
    composed = sql.SQL(statement).format(sql.Identifier(role), *words)
    try:
        with connection.cursor() as cursor:
            cursor.execute(composed.as_string(cursor.connection))
    except Exception as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            raise RolesMissing(role) from None
        raise
    return statement.partition(" {} PASSWORD")[0].format(role)


def _give_facts() -> Iterator[str]:
    """The schema of facts is the worker's, who thus may drop every table in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = %s", [FACTS])
        if cursor.fetchone()[0] != WORKER:
            cursor.execute(f"ALTER SCHEMA {FACTS} OWNER TO {WORKER}")
            yield f"ALTER SCHEMA {FACTS} OWNER TO {WORKER}"


def _wanted() -> Privileges:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        database = cursor.fetchone()[0]
        cursor.execute(OBJECTS)
        sequences = cursor.fetchall()
    wanted = {("DATABASE", database, role, word) for role, words in IN_DATABASE.items() for word in words}
    wanted |= {("SCHEMA", "public", role, "USAGE") for role in CAN_LOGIN}
    wanted |= {("TABLE", table, IMPORTER, "SELECT") for table in IMPORTER_READS}
    wanted |= {("SCHEMA", FACTS, role, "USAGE") for role in (CLINIC, PUBLIC)}
    for table, sequence in sequences:
        for role in ROLES:
            verbs = TABLES.get(table, UNLISTED).of(role)
            wanted |= {("TABLE", table, role, verb) for verb in verbs}
            if sequence and "INSERT" in verbs:
                wanted.add(("SEQUENCE", sequence, role, "USAGE"))
    return wanted | {
        ("TABLE", table, WORKER, f"{verb} ({column})")
        for table, verbs in WORKER_COLUMNS.items()
        for verb, columns in verbs.items()
        for column in columns
    }


def _granted() -> Privileges:
    with connection.cursor() as cursor:
        cursor.execute(GRANTED, {"facts": FACTS})
        return set(cursor.fetchall())


def _change(verb: str, preposition: str, privileges: Privileges) -> Iterator[str]:
    """One statement for each object and role."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for kind, name, role, privilege in sorted(privileges):
        grouped.setdefault((kind, name, role), []).append(privilege)
    for (kind, name, role), words in grouped.items():
        statement = sql.SQL(f"{verb} {', '.join(words)} ON {kind} {{}} {preposition} {{}}").format(
            sql.Identifier(name), sql.SQL("PUBLIC") if role == "public" else sql.Identifier(role)
        )
        with connection.cursor() as cursor:
            cursor.execute(statement.as_string(cursor.connection))
        yield f"{verb} {', '.join(words)} ON {kind} {name} {preposition} {role}"


def _let_triggers_act() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(OF_CALLER)
        functions = [name for (name,) in cursor.fetchall()]
        for name in functions:
            cursor.execute(f"ALTER FUNCTION {name} SECURITY DEFINER SET search_path = public, pg_temp")
    if functions:
        yield f"{len(functions)} trigger functions act for the owner"


def _keep_triggers_on() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc = %s FROM pg_proc WHERE proname = '_pgtrigger_should_ignore'", [IGNORED])
        if cursor.fetchone() == (False,):
            cursor.execute(IGNORE.format(body=IGNORED))
            yield "No process switches the triggers of the history off"


def _make_policies() -> Iterator[str]:
    """Each policy's comment is the statement that made it: a policy of another statement is made anew."""
    with connection.cursor() as cursor:
        cursor.execute(STORED_POLICIES)
        rows = cursor.fetchall()
    stored = {(table, name): said for table, name, said, _is_on in rows if name}
    wanted = {(table, one.name): _write_policy(table, one) for table, them in POLICIES.items() for one in them}
    protected = {row[0] for row in rows}
    for table in sorted({*POLICIES, *(table for table, _name in stored)}):
        done = [] if table in protected else [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"]
        of_table = sorted(
            key for key in {*stored, *wanted} if key[0] == table and stored.get(key) != wanted.get(key)
        )
        done += [f"DROP POLICY {key[1]} ON {table}" for key in of_table if key in stored]
        made = [key for key in of_table if key in wanted]
        done += [wanted[key] for key in made]
        if done:
            _change_table([*done, *(_comment(key, wanted[key]) for key in made)])
        yield from done


def _comment(key: tuple[str, str], policy: str) -> str:
    table, name = key
    with connection.cursor() as cursor:
        return f"COMMENT ON POLICY {name} ON {table} IS {sql.Literal(policy).as_string(cursor.connection)}"


def _change_table(statements: Sequence[str]) -> None:
    """In a transaction of their own, so that whoever works with several tables at once meets no deadlock.

    They need the table alone. While they wait for it everybody else waits behind them, so they wait for a moment
    only, and come back. Raises OperationalError where the table is never free.
    """
    for turn in range(TURNS):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{MOMENT}'")
                for statement in statements:
                    cursor.execute(statement)
            return
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable) or turn == TURNS - 1:
                raise
        time.sleep(PAUSE)


def _write_policy(table: str, policy: Policy) -> str:
    return f"CREATE POLICY {policy.name} ON {table} FOR {policy.command} TO {policy.role} USING ({policy.using})"


def keep_keys() -> Iterator[str]:
    """Those of this process are added and none is taken away: another version may still sign with it."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO registry_contextkey (inner_pad, outer_pad) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            pads_of_keys(),
        )
        if cursor.rowcount > 0:
            yield "The key that contexts are signed with is stored"


def forget_keys() -> Iterator[str]:
    """Take away the keys of SECRET_KEYs that this process does not know."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM registry_contextkey WHERE inner_pad <> ALL(%s)",
            [[inner for inner, _outer in pads_of_keys()]],
        )
        if cursor.rowcount:
            yield f"{cursor.rowcount} keys of former SECRET_KEYs are gone"
