"""What a process may do in PostgreSQL, whatever statement it is made to run: asked as its role."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from registry.database_roles import roles
from registry.database_roles.after_migrations import MISSING, keep_roles
from registry.database_roles.grants import IMPORTER_READS, TABLES, VERBS, WORKER_COLUMNS
from registry.database_roles.roles import make_roles
from registry.models import User
from registry.publishing.publish import publish
from swecar.local.folder import ROOT
from swecar.postgresql.roles import CLINIC, IMPORTER, PUBLIC, ROLES, WORKER
from tests import factories
from tests.working import database_url

pytestmark = pytest.mark.django_db(transaction=True)

PERSONS = ("registry_patient", "registry_patientidentifier", "registry_infusion", "registry_accesslog")
WRITES = ("registry_infusionhistory", "registry_patienthistory", "registry_accesslog")
# Each succeeded while processes connected as the owner.
ATTACKS = (
    "TRUNCATE registry_infusion CASCADE",
    "TRUNCATE registry_accesslog",
    "ALTER TABLE registry_infusion DISABLE TRIGGER ALL",
    "DROP TABLE registry_infusion CASCADE",
    "SET session_replication_role = replica",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY registry_centre TO '/tmp/centres'",
    "CREATE TEMPORARY TABLE stolen (line text); COPY stolen FROM '/etc/passwd'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "CREATE TABLE public.mine ()",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
    "ALTER SYSTEM SET log_statement = 'all'",
    "ALTER TABLE registry_patient OWNER TO CURRENT_USER",
    "UPDATE registry_infusionhistory SET acted_by = 'another'",
    "UPDATE registry_accesslog SET actor = 'another'",
    "INSERT INTO registry_infusionhistory (pgh_label, acted_by) VALUES ('insert', 'another')",
    "INSERT INTO registry_userhistory (pgh_label, acted_by) VALUES ('insert', 'another')",
    "DELETE FROM registry_snapshot",
    "UPDATE django_migrations SET name = ''",
)


def login(role: str) -> psycopg.Connection:
    return psycopg.connect(database_url(role), autocommit=True)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_process_can_take_the_database_over(committed_lists, role, attack):
    if role == WORKER and "registry_snapshot" in attack:
        pytest.skip("the worker publishes")
    with login(role) as opened, pytest.raises(InsufficientPrivilege):
        opened.execute(attack)


@pytest.mark.parametrize("role", [CLINIC, PUBLIC])
@pytest.mark.parametrize("way", ["TABLE mine (line text)", "SEQUENCE mine", "VIEW mine AS SELECT 1"])
def test_who_does_not_import_makes_not_even_what_is_gone_with_the_session(role, way):
    with login(role) as opened, pytest.raises(InsufficientPrivilege):
        opened.execute(f"CREATE TEMPORARY {way}")


@pytest.mark.parametrize("role", ROLES)
def test_no_process_becomes_another(role):
    others = [other for other in (*ROLES, connection.settings_dict["USER"]) if other != role]
    with login(role) as opened:
        for other in others:
            for statement in ("SET ROLE {}", "SET SESSION AUTHORIZATION {}"):
                with pytest.raises(InsufficientPrivilege):
                    opened.execute(sql.SQL(statement).format(sql.Identifier(other)))


@pytest.mark.parametrize("role", ROLES)
def test_only_the_worker_becomes_the_importer_who_reads_what_is_listed_and_changes_nothing(role):
    with login(role) as opened:
        if role != WORKER:
            with pytest.raises(InsufficientPrivilege):
                opened.execute(f"SET ROLE {IMPORTER}")
            return
        opened.execute(f"SET ROLE {IMPORTER}")
        for name in TABLES:
            for statement in ("SELECT FROM {}", "INSERT INTO {} DEFAULT VALUES", "DELETE FROM {}"):
                if name in IMPORTER_READS and statement.startswith("SELECT"):
                    opened.execute(sql.SQL(statement).format(sql.Identifier(name)))
                    continue
                with pytest.raises(InsufficientPrivilege):
                    opened.execute(sql.SQL(statement).format(sql.Identifier(name)))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_what_the_table_says_and_nothing_else(role):
    """A new table must be listed, and its partitions are reached through it alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
        assert {name for (name,) in cursor} == set(TABLES)
        every = [*VERBS.values(), "TRUNCATE", "REFERENCES", "TRIGGER"]
        pairs = "unnest(%s::text[]) AS name, unnest(%s::text[]) AS word"
        cursor.execute(
            f"SELECT name, word FROM {pairs} WHERE has_table_privilege(%s, name, word)",
            [list(TABLES), every, role],
        )
        held: dict[str, set[str]] = {name: set() for name in TABLES}
        for name, word in cursor:
            held[name].add(word)
    assert held == {name: grant.of(role) for name, grant in TABLES.items()}


def test_the_public_process_cannot_read_a_table_that_holds_persons(committed_lists):
    factories.record(committed_lists, factories.number(birth_number=980))
    publish()
    holds_persons = set(TABLES) - {name for name, grant in TABLES.items() if grant.public}
    assert {*PERSONS, *WRITES, "registry_user", "registry_importrow", "registry_draft"} <= holds_persons
    with login(PUBLIC) as opened:
        for name in sorted(holds_persons):
            with pytest.raises(InsufficientPrivilege):
                opened.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(name)))
        for name in sorted(set(TABLES) - holds_persons):
            opened.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(name)))
            with pytest.raises(InsufficientPrivilege):
                opened.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))


SECRETS = {
    "account_emailconfirmation": "key",
    "axes_accesslog": "session_hash",
    "django_session": "session_data",
    "mfa_authenticator": "data",
    "registry_draft": "fields",
    "registry_idempotencykey": "body",
    "registry_invitation": "token_digest",
    "registry_token": "digest",
    "registry_user": "password",
    "socialaccount_socialaccount": "extra_data",
    "socialaccount_socialtoken": "token",
}


@pytest.mark.parametrize("table", sorted(SECRETS))
def test_the_worker_reads_no_secret_of_an_account_and_changes_none(table):
    with login(WORKER) as opened:
        for statement in (
            f"SELECT {SECRETS[table]} FROM {table}",
            f"SELECT * FROM {table}",
            f"COPY {table} TO STDOUT",
            f"SELECT to_jsonb({table}) FROM {table}",
            f"UPDATE {table} SET {SECRETS[table]} = NULL",
        ):
            with pytest.raises(InsufficientPrivilege):
                opened.execute(statement)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_of_single_columns_what_is_listed_and_nothing_else(role):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, privilege_type, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid, "
            "aclexplode(attacl) WHERE grantee = %s::regrole",
            [role],
        )
        held = set(cursor.fetchall())
    listed = {
        (table, verb, column)
        for table, verbs in WORKER_COLUMNS.items()
        for verb, columns in verbs.items()
        for column in columns
    }
    assert held == (listed if role == WORKER else set())


@pytest.mark.parametrize("role", [WORKER, PUBLIC])
def test_who_changes_no_account_notes_none(role):
    with login(role) as opened, pytest.raises(InsufficientPrivilege):
        opened.execute("SELECT note_account(1)")


def test_only_the_worker_makes_facts_and_all_read_them(committed_lists):
    factories.record(committed_lists, factories.number(birth_number=980))
    number = publish().number
    for role in ROLES:
        with login(role) as opened:
            assert opened.execute(f"SELECT count(*) FROM facts.registry_fact_{number}").fetchone() == (1,)
            if role != WORKER:
                for attack in (
                    "CREATE TABLE facts.mine ()",
                    f"DROP TABLE facts.registry_fact_{number}",
                    f"UPDATE facts.registry_fact_{number} SET age = 1",
                ):
                    with pytest.raises(InsufficientPrivilege):
                        opened.execute(attack)


def test_made_again_nothing_changes_and_what_is_too_much_is_taken_away(capsys):
    assert list(make_roles({})) == []
    with connection.cursor() as cursor:
        cursor.execute("GRANT SELECT ON registry_patient TO PUBLIC")
        cursor.execute(f"GRANT TRUNCATE ON registry_accesslog TO {CLINIC}")
        cursor.execute(f"REVOKE SELECT ON registry_snapshot FROM {PUBLIC}")
        cursor.execute(f"GRANT SELECT ON registry_user TO {WORKER}")
        cursor.execute(f"GRANT UPDATE (password) ON registry_user TO {WORKER}")
        cursor.execute(f"ALTER ROLE {WORKER} CREATEROLE")
        cursor.execute(f"ALTER ROLE {IMPORTER} LOGIN")
    call_command("make_roles")
    said = capsys.readouterr().out.splitlines()
    read = ", ".join(f"SELECT ({column})" for column in sorted(WORKER_COLUMNS["registry_user"]["SELECT"]))
    assert sorted(said) == [
        "ALTER ROLE swecar_importer NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
        "ALTER ROLE swecar_worker LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
        f"GRANT {read} ON TABLE registry_user TO swecar_worker",
        "GRANT SELECT ON TABLE registry_snapshot TO swecar_public",
        "REVOKE SELECT ON TABLE registry_patient FROM public",
        "REVOKE SELECT, UPDATE (password) ON TABLE registry_user FROM swecar_worker",
        "REVOKE TRUNCATE ON TABLE registry_accesslog FROM swecar_clinic",
    ]
    call_command("make_roles")
    assert capsys.readouterr().out == "Every role is as it should be.\n"


def test_a_table_that_is_not_listed_is_open_to_nobody(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE unlisted ()")
        cursor.execute(f"GRANT SELECT ON unlisted TO {CLINIC}")
        try:
            assert list(make_roles({})) == ["REVOKE SELECT ON TABLE unlisted FROM swecar_clinic"]
        finally:
            cursor.execute("DROP TABLE unlisted")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("swecar_clinic=", "not a line"),
        ("postgres=x", "not a line"),
        ("anything", "not a line"),
        (None, "cannot be read"),
    ],
)
def test_a_wrong_file_of_passwords_is_named(tmp_path, lines, said):
    path = tmp_path / "passwords"
    if lines is not None:
        path.write_text(lines)
    with pytest.raises(CommandError, match=said):
        call_command("make_roles", passwords=path)


def test_an_owner_who_may_not_make_roles_goes_on_alone_and_is_told(db):
    """As where a platform gives out databases: the service works, and the wall is not there yet."""
    name, admin = "owner_of_the_tests", os.environ["DATABASE_URL"]
    with psycopg.connect(admin, autocommit=True) as opened:
        opened.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
        opened.execute(f"CREATE DATABASE {name} OWNER {name}")
    parts = urlsplit(admin)
    url = parts._replace(netloc=f"{name}:{name}@{parts.hostname}:{parts.port}", path=f"/{name}").geturl()
    try:
        migrated = run_manage(url, "migrate")
        assert MISSING in migrated.stdout
        refused = run_manage(url, "make_roles")
        assert (refused.returncode, "CREATE ROLE swecar_clinic LOGIN" in refused.stderr) == (1, True)
        listed = run_manage(url, "load_code_lists")
        assert (listed.returncode, "products: " in listed.stdout) == (0, True)
    finally:
        with psycopg.connect(admin, autocommit=True) as opened:
            opened.execute(f"DROP DATABASE {name} WITH (FORCE)")
            opened.execute(f"DROP ROLE {name}")


def test_a_server_prepared_for_the_release_before_ends_a_migration_with_what_is_missing(db, monkeypatch):
    """A role that is new would leave all of them without what they need: nothing is started on that."""
    monkeypatch.setitem(roles.CAN_LOGIN, "swecar_new", "NOLOGIN")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE prepared NOLOGIN")
        cursor.execute(f"GRANT {WORKER} TO prepared")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO prepared")
        cursor.execute("SET LOCAL ROLE prepared")
        with pytest.raises(CommandError, match=r"(?s)The role swecar_new is missing, .* make_roles") as told:
            keep_roles()
        assert "CREATE ROLE swecar_new NOLOGIN" in str(told.value)
        transaction.set_rollback(True)


def test_a_worker_reads_all_of_an_account_that_it_loads_but_the_password():
    """A new column is given to it, or each import would fail."""
    columns = {field.column for field in User._meta.concrete_fields}
    assert set(WORKER_COLUMNS["registry_user"]["SELECT"]) == columns - {"password"}


def run_manage(url: str, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", command], cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, text=True,
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
