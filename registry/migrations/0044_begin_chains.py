from django.db import migrations

from registry.models.chain import link_all

# The first links of the tables whose rows are chained from now on, by the columns of their keys.
CHAINS = {
    "registry_accesslog": "id",
    "registry_erasure": "id",
    "registry_centrehistory": "pgh_id",
    "registry_coveragehistory": "pgh_id",
    "registry_indicationhistory": "pgh_id",
    "registry_infusionhistory": "pgh_id",
    "registry_invitationhistory": "pgh_id",
    "registry_manufacturingsitehistory": "pgh_id",
    "registry_membershiphistory": "pgh_id",
    "registry_patienthistory": "pgh_id",
    "registry_patientidentifierhistory": "pgh_id",
    "registry_producthistory": "pgh_id",
    "registry_questionhistory": "pgh_id",
    "registry_tokenhistory": "pgh_id",
    "registry_trialhistory": "pgh_id",
    "registry_userhistory": "pgh_id",
}
# As in 0041: PostgreSQL's sample of a column outlives an erasure, and a salt would let the erased row's hash be
# tried against what it may have held.
SALTED = [table for table in CHAINS if table != "registry_erasure"]


# As in 0030: the proof of them is absent only when it has not run for a night.
FROM_NOW_ON = """
INSERT INTO registry_lastseen (sign, instance, seen_at) VALUES ('verify_history', '', clock_timestamp())
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0043_chain_of_hashes'),
    ]

    operations = [
        migrations.RunSQL(
            [f"ALTER TABLE {table} ALTER COLUMN salt SET STATISTICS 0" for table in SALTED]
            + ["ALTER TABLE registry_chainlink ALTER COLUMN hashes SET STORAGE EXTERNAL"],  # cannot be compressed
            [f"ALTER TABLE {table} ALTER COLUMN salt SET STATISTICS -1" for table in SALTED],
        ),
        *(
            migrations.RunSQL(link_all(table, key=key), migrations.RunSQL.noop)
            for table, key in CHAINS.items()
        ),
        migrations.RunSQL(FROM_NOW_ON, migrations.RunSQL.noop),
    ]
