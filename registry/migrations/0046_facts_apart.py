"""The facts of snapshots get a schema of their own: publishing makes and drops tables there and nowhere else."""

from django.db import migrations

MOVE = """
CREATE SCHEMA IF NOT EXISTS facts;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '{here}' AND tablename ~ '^registry_fact_[0-9]+$'
    LOOP
        EXECUTE format('ALTER TABLE {here}.%I SET SCHEMA {there}', name);
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    """Its owner is put right by `manage.py make_roles`."""

    dependencies = [("registry", "0045_held_back")]

    operations = [
        migrations.RunSQL(
            MOVE.format(here="public", there="facts"),
            MOVE.format(here="facts", there="public"),
        )
    ]
