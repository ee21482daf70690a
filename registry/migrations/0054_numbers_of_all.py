"""A number is drawn that nobody has, also nobody whom the role that enters may not see (row-level security)."""

from django.db import migrations

DRAWN = """
ALTER FUNCTION new_registry_numbers(bigint) SECURITY DEFINER;
ALTER FUNCTION new_registry_numbers(bigint) SET search_path = public, pg_temp;
"""
BACK = """
ALTER FUNCTION new_registry_numbers(bigint) SECURITY INVOKER;
ALTER FUNCTION new_registry_numbers(bigint) RESET search_path;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0053_secret_mark")]

    operations = [migrations.RunSQL(DRAWN, BACK)]
