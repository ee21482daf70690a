"""Centres stand from north to south unless an order is stated.

Apart from 0058: an update of a code list waits for entries in progress, which read the table that 0058 locks.
"""

from django.db import migrations

# The order that was asked for until now says nothing where it is the same.
SAME_ORDER = """
UPDATE registry_centre SET position = NULL WHERE NOT EXISTS (
    SELECT FROM registry_centre AS north JOIN registry_centre AS south
    ON north.latitude > south.latitude AND north.position >= south.position
)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0058_regions_and_counties'),
    ]

    operations = [migrations.RunSQL(SAME_ORDER, migrations.RunSQL.noop)]
