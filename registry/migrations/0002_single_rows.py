"""The one row each of the revision and of the publication."""

from django.db import migrations


def create_rows(apps, schema_editor):
    """Both begin before anything has happened."""
    apps.get_model("registry", "Revision").objects.create()
    apps.get_model("registry", "Publication").objects.create()


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]

    operations = [migrations.RunPython(create_rows, migrations.RunPython.noop)]
