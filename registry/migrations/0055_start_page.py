"""When a person has seen changes, and an index by which that is found.

The index is made beside those who write, which no transaction can: hence not atomic, and each part may be repeated.
"""

from django.db import migrations, models

NAME = "infusion_change_by_centre"
REMOVE = f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}"  # what is left of one that was interrupted
MAKE = f"CREATE INDEX CONCURRENTLY {NAME} ON registry_infusionhistory (centre_id, pgh_created_at DESC)"


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('registry', '0054_numbers_of_all'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(REMOVE, migrations.RunSQL.noop),
                migrations.RunSQL(MAKE, REMOVE),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name='infusionhistory',
                    index=models.Index(fields=['centre', '-pgh_created_at'], name=NAME),
                ),
            ],
        ),
        migrations.AddField(
            model_name='user',
            name='changes_seen_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='has seen changes'),
        ),
    ]
