"""A file that a worker reads waits sealed; file names, which are free text, are no longer kept."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0013_reserve_numbers_by_issuer")]

    operations = [
        migrations.CreateModel(
            name="SealedUpload",
            fields=[
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="sealed",
                        serialize=False,
                        to="registry.importjob",
                    ),
                ),
                (
                    "content",
                    models.BinaryField(help_text="Sealed under a key of the environment (sealing.py)."),
                ),
            ],
        ),
        migrations.RemoveField(model_name="importjob", name="file_name"),
        migrations.AlterField(
            model_name="importjob",
            name="stage",
            field=models.CharField(
                blank=True, help_text="What it is doing: reading, checking, storing.", max_length=10
            ),
        ),
        migrations.AlterField(
            model_name="importproblem",
            name="line",
            field=models.PositiveIntegerField(help_text="0 for what is said of the file as a whole."),
        ),
    ]
