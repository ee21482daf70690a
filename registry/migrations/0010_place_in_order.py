"""Two centres may record one date and sequence of a person; and facts anew, which now tell the order."""

from django.db import migrations, models
from django.db.models import F, Q


def make_facts_anew(apps, schema_editor):
    """Mark the statistics as behind."""
    apps.get_model("registry", "Revision").objects.update(number=F("number") + 1)


class Migration(migrations.Migration):
    dependencies = [("registry", "0009_look_ups")]

    operations = [
        migrations.RemoveConstraint("infusion", "infusion_has_its_place_in_order"),
        migrations.AddConstraint(
            "infusion",
            models.UniqueConstraint(
                condition=Q(status="submitted"),
                fields=("patient", "centre", "infused_on", "date_precision", "sequence"),
                name="infusion_has_its_place_in_order",
            ),
        ),
        migrations.RunPython(make_facts_anew, migrations.RunPython.noop),
    ]
