"""A migration leaves the release before running: what takes something away, or locks for long, is refused here.

Expand, migrate, contract (docs/upgrade.md). The rules are django-migration-linter's, for PostgreSQL.
"""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState
from django_migration_linter.sql_analyser import analyse_sql_statements
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

pytestmark = pytest.mark.django_db

BEFORE_THE_RULES = "0049"  # of no release: who has such a database stops the service for those
# Why what the rules refuse, or warn of, harms no process of the release before: by migration and code.
WIDER = "The phase becomes a letter longer: PostgreSQL changes its catalogue and reads no row."
EXPLAINED: dict[tuple[str, str], str] = {
    ("0064_history_of_trials", "ALTER_COLUMN"): WIDER,
    ("0065_trial_of_a_class", "ALTER_COLUMN"): WIDER,
}


def find_faults(migration: Migration, state: ProjectState) -> set[str]:
    """The codes of what the rules find in a migration's statements."""
    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(state.clone(), editor, collect_sql=True)
    statements = (["BEGIN;"] if migration.atomic else []) + editor.collected_sql
    errors, _ignored, warnings = analyse_sql_statements(PostgresqlAnalyser, statements)
    return {found.code for found in (*errors, *warnings)}


def names() -> list[str]:
    loader = MigrationLoader(None)
    return sorted(
        name for app, name in loader.disk_migrations if app == "registry" and name[:4] > BEFORE_THE_RULES
    )


@pytest.mark.parametrize("name", names())
def test_a_migration_of_ours_takes_nothing_away_and_holds_nobody_up(name):
    loader = MigrationLoader(connection)
    migration = loader.get_migration("registry", name)
    state = loader.project_state(("registry", name), at_end=False)
    assert {code for code in find_faults(migration, state) if (name, code) not in EXPLAINED} == set()


def test_every_explanation_is_of_something_that_is_there():
    assert {name for name, _code in EXPLAINED} <= set(names())
    assert all(len(why) > 20 for why in EXPLAINED.values())


@pytest.mark.parametrize("operation, code", [
    (migrations.RemoveField("infusion", "batch"), "DROP_COLUMN"),
    (migrations.RenameField("infusion", "batch", "batch_number"), "RENAME_COLUMN"),
    (migrations.DeleteModel("run"), "DROP_TABLE"),
    (migrations.AlterModelTable("run", "registry_work"), "RENAME_TABLE"),
    (migrations.AddField("infusion", "dose", models.IntegerField(default=1)), "NOT_NULL"),
    (migrations.AlterField("infusion", "batch", models.IntegerField(null=True)), "ALTER_COLUMN"),
    (migrations.AddConstraint("run", models.UniqueConstraint(fields=["task"], name="once")), "ADD_UNIQUE"),
    (migrations.AddIndex("infusion", models.Index(fields=["batch"], name="by_batch")), "CREATE_INDEX"),
], ids=lambda value: value if isinstance(value, str) else type(value).__name__)  # fmt: skip
def test_what_would_break_the_release_before_is_found(operation, code):
    migration = Migration("9999_unsafe", "registry")
    migration.operations = [operation]
    assert code in find_faults(migration, MigrationLoader(connection).project_state())


@pytest.mark.parametrize("operation", [
    migrations.AddField("infusion", "dose", models.IntegerField(null=True)),
    migrations.AddField("infusion", "dose", models.IntegerField(db_default=1)),
    migrations.CreateModel("Dose", [("id", models.BigAutoField(primary_key=True))]),
], ids=lambda operation: type(operation).__name__)  # fmt: skip
def test_what_only_adds_is_let_through(operation):
    migration = Migration("9999_safe", "registry")
    migration.operations = [operation]
    assert find_faults(migration, MigrationLoader(connection).project_state()) == set()
