"""Trials and statements are part of a snapshot."""

import registry.models.document_field
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0066_site_trials_and_statements'),
    ]

    operations = [
        migrations.AddField(
            model_name='snapshot',
            name='atmp',
            field=registry.models.document_field.DocumentField(null=True),
        ),
    ]
