"""How well the date is known up to which a snapshot goes; and facts anew, which now tell the trial."""

from django.db import migrations, models
from django.db.models import F, Q


def fill_precision(apps, schema_editor):
    """What was printed so far was a day, and stands so in each snapshot's hash."""
    snapshots = apps.get_model("registry", "Snapshot").objects.filter(data_through__isnull=False)
    snapshots.update(data_through_precision="day")
    apps.get_model("registry", "Revision").objects.update(number=F("number") + 1)


class Migration(migrations.Migration):
    dependencies = [("registry", "0007_indication_text")]

    operations = [
        migrations.AddField(
            "snapshot",
            "data_through_precision",
            models.CharField(
                "precision of the date",
                max_length=5,
                blank=True,
                default="",
                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
            ),
            preserve_default=False,
        ),
        migrations.RunPython(fill_precision, migrations.RunPython.noop),
        migrations.AddConstraint(
            "snapshot",
            models.CheckConstraint(
                name="snapshot_date_has_precision",
                condition=Q(data_through=None, data_through_precision="")
                | Q(data_through__isnull=False, data_through_precision__in=["day", "month", "year"]),
            ),
        ),
    ]
