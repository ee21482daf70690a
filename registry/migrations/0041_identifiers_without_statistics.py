from django.db import migrations

# As in 0028: no sample of an identifier's digest stays after an erasure, which PostgreSQL takes by itself and does not
# renew when rows go. Their unique indexes tell the planner all that it asks.
COLUMNS = {
    "registry_patientidentifier": ("digest", "birth_digest"),
    "registry_refusal": ("token",),
    "registry_idempotencykey": ("request_digest", "body"),
}


def alter(target: int) -> list[str]:
    return [
        f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {target}"
        for table, columns in COLUMNS.items()
        for column in columns
    ]


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0040_dormant'),
    ]

    operations = [migrations.RunSQL(alter(0), alter(-1))]
