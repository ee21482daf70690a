"""Each snapshot's facts in a table of their own (docs/decisions/0002)."""

from django.db import migrations

CARRY_OVER = """
DO $$
DECLARE current integer := (SELECT snapshot_id FROM registry_publication);
BEGIN
    IF current IS NOT NULL THEN
        EXECUTE format(
            'CREATE TABLE registry_fact_%s AS
             SELECT person::bigint, infused_on, place AS sequence,
                    count(*) OVER (PARTITION BY person) = 1 AS is_only, centre, region, category, kind,
                    product, modality, indication, manufacturing_site, sex, date_precision, age
             FROM registry_fact WHERE snapshot = %s ORDER BY person, place', current, current);
        -- The place in the course stands for the sequence until the next snapshot, which comes at once.
        UPDATE registry_revision SET number = number + 1;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_clinics")]

    operations = [
        migrations.RunSQL(CARRY_OVER, migrations.RunSQL.noop),
        migrations.DeleteModel("Fact"),
    ]
