"""A database made by the squashed migration is the one that the migrations it replaces make."""

import os
import subprocess
import sys
from importlib import import_module

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from swecar.local.folder import ROOT
from swecar.local.programs import find_postgres

SQUASHED = import_module("registry.migrations.0001_squashed_0028")
LAST = SQUASHED.Migration.replaces[-1][1]
MIGRATE = f"""
import sys, django; django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
executor = MigrationExecutor(connection)
executor.loader = MigrationLoader(connection, replace_migrations=sys.argv[1] == "squashed")
name = "0001_squashed_0028" if sys.argv[1] == "squashed" else "{LAST}"
executor.migrate([("registry", name)])
"""


@pytest.fixture
def url_of(db):
    """The URL of a new, empty database of a name; dropped after the test."""
    settings = connection.settings_dict
    made = []

    def run(statement: sql.Composed) -> None:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
            admin.execute(statement)

    def make(name: str) -> str:
        whole = f"{settings['NAME']}_{name}"
        run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(whole)))
        made.append(whole)
        return os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + whole

    yield make
    for whole in made:
        run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(whole)))


def migrate(url: str, way: str) -> None:
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "swecar.settings"}
    subprocess.run([sys.executable, "-c", MIGRATE, way], env=environment, cwd=ROOT, check=True)


def dump(url: str) -> list[str]:
    """The statements of the schema; the columns of a table are sorted, since they stand in another order."""
    program = find_postgres().with_name("pg_dump")
    words = [program, "--schema-only", "--no-owner", "--restrict-key=none", url]
    whole = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return sorted(map(sort_columns, whole.split("\n--\n")))


def sort_columns(statement: str) -> str:
    if "CREATE TABLE" not in statement:
        return statement
    return "\n".join(sorted(line.rstrip(",") for line in statement.splitlines()))


def single_rows(url: str) -> tuple[int, int]:
    """How many rows of the revision and of the publication; the revision counts the old migrations too."""
    with psycopg.connect(url) as opened:
        query = "SELECT (SELECT count(*) FROM registry_revision), (SELECT count(*) FROM registry_publication)"
        return opened.execute(query).fetchone()


def test_it_makes_the_same_database(url_of):
    urls = {way: url_of(way) for way in ("squashed", "one_by_one")}
    for way, url in urls.items():
        migrate(url, way)
    schema = dump(urls["one_by_one"])
    assert sum("CREATE TRIGGER" in statement for statement in schema) > 50
    assert dump(urls["squashed"]) == schema
    assert [single_rows(url) for url in urls.values()] == [(1, 1), (1, 1)]
