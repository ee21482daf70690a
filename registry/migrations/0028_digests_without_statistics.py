from django.db import migrations

# What is to be forgotten is not kept as a sample of a column's values either, which PostgreSQL takes by itself and
# does not renew when rows go. No plan needs these.
COLUMNS = {
    "registry_importrow": ("chain", "birth_digest", "cells", "staged"),
    "registry_referral": ("chain", "birth_digest", "place", "fields"),
    "registry_lookup": ("token",),
}


def alter(target: int) -> list[str]:
    return [
        f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {target}"
        for table, columns in COLUMNS.items()
        for column in columns
    ]


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0027_question_closed_by_its_rule'),
    ]

    operations = [migrations.RunSQL(alter(0), alter(-1))]
