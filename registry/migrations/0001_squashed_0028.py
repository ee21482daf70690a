"""The migrations 0001 to 0028 in one: a new database need not live through all of them.

A test compares the two. When every installation has come past 0028, those files go.
"""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.math
import django.db.models.functions.text
import django.db.models.lookups
import django.utils.timezone
import pgtrigger.compiler
import registry.models.document_field
import registry.models.history
import registry.models.question
import registry.models.registry_number
import uuid
from django.conf import settings
from django.db import migrations, models


# A number is drawn until one comes that no person has or had, as far as anything that is kept names it. It has
# eight digits, 210000 to 989999 and the two check digits. It begins as no year does, and its third and fifth digit
# are none of a month's: whatever stands beside it, it is not taken for a date or an identity number (98: numbers
# with 99 are Stockholm's). Where fifty in a row are taken it becomes longer.
NEW_NUMBER = """
CREATE FUNCTION new_registry_number() RETURNS bigint LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off  -- a plan made while the tables were small is kept while they grow
AS $$
DECLARE
    chance bytea;
    drawn bigint;
    number bigint;
    wider bigint := 1;
    tries integer := 0;
BEGIN
    LOOP
        IF tries = 50 THEN
            wider := wider * 10;
            tries := 0;
        END IF;
        tries := tries + 1;
        chance := uuid_send(gen_random_uuid());  -- unlike random(), not to be foretold from earlier numbers
        drawn := ('x' || encode(substr(chance, 1, 6), 'hex'))::bit(48)::bigint % 499200;
        number := (21 + drawn / 6400) * 10000 + (2 + drawn % 6400 / 800) * 1000 + drawn % 800 / 80 * 100
                + (2 + drawn % 80 / 10) * 10 + drawn % 10;
        number := 100 * (number * wider + get_byte(chance, 15) % wider);
        number := number + 98 - number % 97;
        PERFORM FROM registry_patient WHERE registry_number = number
            UNION ALL SELECT FROM registry_accesslog WHERE patient = number
            UNION ALL SELECT FROM registry_patienthistory WHERE registry_number = number;
        IF NOT FOUND THEN
            RETURN number;
        END IF;
    END LOOP;
END $$;
"""

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


def create_rows(apps, schema_editor):
    """The one row each of the revision and of the publication."""
    apps.get_model("registry", "Revision").objects.create()
    apps.get_model("registry", "Publication").objects.create()


def install_triggers(apps, schema_editor):
    """Those in the models' options, which an operation each would take seconds longer for."""
    for model in apps.get_app_config("registry").get_models():
        for trigger in getattr(model._meta, "triggers", []):
            schema_editor.execute(trigger.install_sql, params=None)


class Migration(migrations.Migration):

    replaces = [
        ("registry", "0001_initial"),
        ("registry", "0002_single_rows"),
        ("registry", "0003_clinics"),
        ("registry", "0004_facts_by_snapshot"),
        ("registry", "0005_releases"),
        ("registry", "0006_disclosure"),
        ("registry", "0007_indication_text"),
        ("registry", "0008_data_through_precision"),
        ("registry", "0009_look_ups"),
        ("registry", "0010_place_in_order"),
        ("registry", "0011_infusion_by_batch"),
        ("registry", "0012_planned_doses"),
        ("registry", "0013_reserve_numbers_by_issuer"),
        ("registry", "0014_sealed_uploads"),
        ("registry", "0015_referrals_and_messages"),
        ("registry", "0016_ground_of_rows"),
        ("registry", "0017_import_row_referral"),
        ("registry", "0018_deletion_waits_for_entries"),
        ("registry", "0019_digest_of_birth_date"),
        ("registry", "0020_referral_place"),
        ("registry", "0021_drawn_registry_numbers"),
        ("registry", "0022_sex_as_stated"),
        ("registry", "0023_problem_of_line"),
        ("registry", "0024_drawn_question_numbers"),
        ("registry", "0025_referral_expires"),
        ("registry", "0026_plain_words"),
        ("registry", "0027_question_closed_by_its_rule"),
        ("registry", "0028_digests_without_statistics"),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.RunSQL(NEW_NUMBER, "DROP FUNCTION new_registry_number()"),
        migrations.CreateModel(
            name='AccessLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='time')),
                ('actor', models.CharField(max_length=150, verbose_name='who')),
                ('unit', models.CharField(blank=True, help_text='Code of the centre, or the national role.', max_length=20, verbose_name='unit')),
                ('action', models.CharField(choices=[('read', 'Read'), ('search', 'Searched by identifier'), ('record', 'Registered an infusion'), ('correct', 'Corrected'), ('withdraw', 'Withdrew'), ('import', 'Imported'), ('export', 'Exported'), ('merge', 'Merged'), ('move', 'Moved to another centre'), ('erase', 'Erased'), ('read_log', 'Read the access log'), ('extract', "Took a patient's extract of the access log")], max_length=8, verbose_name='action')),
                ('patient', models.BigIntegerField(db_index=True, help_text='Registry number.', null=True, verbose_name='patient')),
                ('infusion', models.UUIDField(null=True, verbose_name='infusion')),
                ('detail', models.CharField(blank=True, max_length=200, verbose_name='detail')),
            ],
            options={
                'verbose_name': 'access',
                'verbose_name_plural': 'access log',
                'ordering': ['-at', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('action__in', ['read', 'search', 'record', 'correct', 'withdraw', 'import', 'export', 'merge', 'move', 'erase', 'read_log', 'extract'])), name='access_action_is_known')],
                'triggers': [pgtrigger.compiler.Trigger(name='stays', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='7e3f31c6c16daf3bf87476824f07794773554793', operation='UPDATE OR DELETE', pgid='pgtrigger_stays_9fc6f', table='registry_accesslog', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='Centre',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=12, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='hospital')),
                ('city_sv', models.CharField(max_length=60, verbose_name='city')),
                ('city_en', models.CharField(max_length=60, verbose_name='city in English')),
                ('county', models.CharField(max_length=60, verbose_name='county')),
                ('county_code', models.CharField(max_length=2, verbose_name='county code')),
                ('region', models.CharField(max_length=60, verbose_name='healthcare region')),
                ('latitude', models.FloatField(verbose_name='latitude')),
                ('longitude', models.FloatField(verbose_name='longitude')),
                ('status', models.CharField(choices=[('upcoming', 'Upcoming'), ('active', 'Active'), ('paused', 'Paused'), ('closed', 'Closed')], max_length=10, verbose_name='status')),
                ('position', models.PositiveSmallIntegerField(help_text='Centres are listed in this order, from north to south.', verbose_name='position')),
                ('hsa_id', models.CharField(blank=True, max_length=40, null=True, unique=True, verbose_name='HSA-id')),
                ('ebmt_code', models.CharField(blank=True, max_length=12, null=True, verbose_name='EBMT centre code')),
            ],
            options={
                'verbose_name': 'centre',
                'verbose_name_plural': 'centres',
                'ordering': ['position', 'code'],
                'constraints': [models.CheckConstraint(condition=models.Q(('code__regex', '^[A-Z0-9]{2,12}$')), name='centre_code_is_capitals'), models.CheckConstraint(condition=models.Q(('latitude__range', (-90, 90)), ('longitude__range', (-180, 180))), name='centre_lies_on_earth'), models.CheckConstraint(condition=models.Q(('status__in', ['upcoming', 'active', 'paused', 'closed'])), name='centre_status_is_known')],
                'triggers': [pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='7f35deb46d67c71a93f9d645ac2ed6d19f5d5a9b', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_6164c', table='registry_centre', when='AFTER')), pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_centrehistory" ("city_en", "city_sv", "code", "county", "county_code", "ebmt_code", "hsa_id", "id", "latitude", "longitude", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "region", "status") SELECT new_values."city_en", new_values."city_sv", new_values."code", new_values."county", new_values."county_code", new_values."ebmt_code", new_values."hsa_id", new_values."id", new_values."latitude", new_values."longitude", new_values."name", NOW(), \'insert\', new_values."id", new_values."position", new_values."region", new_values."status" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='98c18e5d5e0debe9015599b79a53b6d76b8f46fd', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_f5b39', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_centre', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_centrehistory" ("city_en", "city_sv", "code", "county", "county_code", "ebmt_code", "hsa_id", "id", "latitude", "longitude", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "region", "status") SELECT new_values."city_en", new_values."city_sv", new_values."code", new_values."county", new_values."county_code", new_values."ebmt_code", new_values."hsa_id", new_values."id", new_values."latitude", new_values."longitude", new_values."name", NOW(), \'update\', new_values."id", new_values."position", new_values."region", new_values."status" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='6e72b51dff45855ae2d2aa863c8647856fcf805b', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_0ee90', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_centre', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_centrehistory" ("city_en", "city_sv", "code", "county", "county_code", "ebmt_code", "hsa_id", "id", "latitude", "longitude", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "region", "status") SELECT old_values."city_en", old_values."city_sv", old_values."code", old_values."county", old_values."county_code", old_values."ebmt_code", old_values."hsa_id", old_values."id", old_values."latitude", old_values."longitude", old_values."name", NOW(), \'delete\', old_values."id", old_values."position", old_values."region", old_values."status" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='30c10044c8bc36c683b97818521a4ff651b5820c', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_65715', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_centre', when='AFTER')), pgtrigger.compiler.Trigger(name='keeps_ground', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."county_code" IS DISTINCT FROM (NEW."county_code") OR OLD."region" IS DISTINCT FROM (NEW."region") OR OLD."status" IS DISTINCT FROM (NEW."status"))', func="\n\nIF OLD.code IS DISTINCT FROM NEW.code\n   AND EXISTS (SELECT FROM registry_infusion AS infusion WHERE infusion.centre_id = OLD.id AND (true)) THEN\n    RAISE EXCEPTION 'this would make infusions untrue'\n    USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_centre_code_keeps_rows_true';\nEND IF;\n\nIF OLD.status IS DISTINCT FROM NEW.status\n   AND EXISTS (SELECT FROM registry_infusion AS infusion WHERE infusion.centre_id = OLD.id AND (new.status = 'upcoming' AND infusion.status = 'submitted')) THEN\n    RAISE EXCEPTION 'this would make infusions untrue'\n    USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_centre_status_keeps_rows_true';\nEND IF;\n\nIF current_setting('swecar.settles', true) IS DISTINCT FROM 'registry_centre:' || OLD.id\n   AND EXISTS (SELECT FROM registry_infusion AS infusion WHERE infusion.centre_id = OLD.id) THEN\n    RAISE EXCEPTION 'infusions rest on this row of registry_centre: settle the change'\n    USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_centre_is_settled';\nEND IF;\nRETURN NEW;\n", hash='49d494f37a236ce4f01954390f0e70ee87d353e1', operation='UPDATE', pgid='pgtrigger_keeps_ground_b4167', table='registry_centre', when='BEFORE')), pgtrigger.compiler.Trigger(name='waits_for_entries', sql=pgtrigger.compiler.UpsertTriggerSql(func='PERFORM pg_advisory_xact_lock(7201); RETURN NULL;', hash='1ab4a4f01147ad774af0cdcaa9b6273d63a1f015', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_waits_for_entries_f1cbc', table='registry_centre', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='CentreHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField()),
                ('code', models.CharField(max_length=12, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='hospital')),
                ('city_sv', models.CharField(max_length=60, verbose_name='city')),
                ('city_en', models.CharField(max_length=60, verbose_name='city in English')),
                ('county', models.CharField(max_length=60, verbose_name='county')),
                ('county_code', models.CharField(max_length=2, verbose_name='county code')),
                ('region', models.CharField(max_length=60, verbose_name='healthcare region')),
                ('latitude', models.FloatField(verbose_name='latitude')),
                ('longitude', models.FloatField(verbose_name='longitude')),
                ('status', models.CharField(choices=[('upcoming', 'Upcoming'), ('active', 'Active'), ('paused', 'Paused'), ('closed', 'Closed')], max_length=10, verbose_name='status')),
                ('position', models.PositiveSmallIntegerField(help_text='Centres are listed in this order, from north to south.', verbose_name='position')),
                ('hsa_id', models.CharField(blank=True, max_length=40, null=True, verbose_name='HSA-id')),
                ('ebmt_code', models.CharField(blank=True, max_length=12, null=True, verbose_name='EBMT centre code')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.centre')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='bd7a847cc6abb9192804eb4bf68dc53e5e59f3e8', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_94407', table='registry_centrehistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='Coverage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('complete_through', models.DateField(verbose_name='complete through')),
                ('stated_by', models.CharField(max_length=150, verbose_name='by')),
                ('stated_at', models.DateTimeField(auto_now_add=True, verbose_name='stated')),
                ('centre', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='coverages', to='registry.centre')),
            ],
            options={
                'verbose_name': 'attestation of completeness',
                'verbose_name_plural': 'attestations of completeness',
                'ordering': ['-stated_at', '-id'],
                'triggers': [pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='7dc9fd179233f6954adcdb4a4bc53311fa7e6e78', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_da285', table='registry_coverage', when='AFTER')), pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_coveragehistory" ("centre_id", "complete_through", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "stated_at", "stated_by") SELECT new_values."centre_id", new_values."complete_through", new_values."id", NOW(), \'insert\', new_values."id", new_values."stated_at", new_values."stated_by" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='cf054b6a7eeadfd1e447a7b8778f5ea6faab96d3', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_e1984', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_coverage', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_coveragehistory" ("centre_id", "complete_through", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "stated_at", "stated_by") SELECT new_values."centre_id", new_values."complete_through", new_values."id", NOW(), \'update\', new_values."id", new_values."stated_at", new_values."stated_by" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='d2ca3d5ba7c55af80a22d374cc8b162e373244c0', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_8c40d', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_coverage', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_coveragehistory" ("centre_id", "complete_through", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "stated_at", "stated_by") SELECT old_values."centre_id", old_values."complete_through", old_values."id", NOW(), \'delete\', old_values."id", old_values."stated_at", old_values."stated_by" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='b595a99857312e86fbfcd63a36e72ae2e71fda88', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_339c5', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_coverage', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='CoverageHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField()),
                ('complete_through', models.DateField(verbose_name='complete through')),
                ('stated_by', models.CharField(max_length=150, verbose_name='by')),
                ('stated_at', models.DateTimeField(auto_now_add=True, verbose_name='stated')),
                ('centre', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.centre')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.coverage')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='a66ede5e0176c090c944876ced51919c5a12c726', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_06692', table='registry_coveragehistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('erased_at', models.DateTimeField(auto_now_add=True, verbose_name='erased')),
                ('erased_by', models.CharField(max_length=150, verbose_name='by')),
                ('reason', models.TextField(verbose_name='reason')),
            ],
            options={
                'verbose_name': 'erasure',
                'verbose_name_plural': 'erasures',
                'triggers': [pgtrigger.compiler.Trigger(name='stays', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='90f9f97e80ec0e41a6d080a9c6d6e85c45e0a119', operation='UPDATE OR DELETE', pgid='pgtrigger_stays_43604', table='registry_erasure', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='Indication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(unique=True, verbose_name='key')),
                ('icd10', models.CharField(blank=True, max_length=8, null=True, unique=True, verbose_name='ICD-10 code')),
                ('name_sv', models.CharField(max_length=80, verbose_name='name')),
                ('name_en', models.CharField(max_length=80, verbose_name='name in English')),
                ('unconfirmed', models.CharField(blank=True, max_length=80, verbose_name='unconfirmed')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
            ],
            options={
                'verbose_name': 'indication',
                'verbose_name_plural': 'indications',
                'ordering': ['position', 'key'],
                'constraints': [models.CheckConstraint(condition=models.Q(('icd10', None), models.Q(('icd10', ''), _negated=True), _connector='OR'), name='indication_code_is_not_empty')],
                'triggers': [pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='a4c8a1b917edd0c43e4ac64b04505308f56497bf', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_1b780', table='registry_indication', when='AFTER')), pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_indicationhistory" ("icd10", "id", "key", "name_en", "name_sv", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "unconfirmed") SELECT new_values."icd10", new_values."id", new_values."key", new_values."name_en", new_values."name_sv", NOW(), \'insert\', new_values."id", new_values."position", new_values."unconfirmed" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='47e3d6f7dbae3445c2ad4050e29e10c8150f4caf', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_1599e', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_indication', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_indicationhistory" ("icd10", "id", "key", "name_en", "name_sv", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "unconfirmed") SELECT new_values."icd10", new_values."id", new_values."key", new_values."name_en", new_values."name_sv", NOW(), \'update\', new_values."id", new_values."position", new_values."unconfirmed" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='d321c4d52b1e98d277ad4c0a3ebaab0ca3c1ac72', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_2339f', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_indication', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_indicationhistory" ("icd10", "id", "key", "name_en", "name_sv", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "unconfirmed") SELECT old_values."icd10", old_values."id", old_values."key", old_values."name_en", old_values."name_sv", NOW(), \'delete\', old_values."id", old_values."position", old_values."unconfirmed" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='ad640bb41de1c600f10f79db82b542892beb4ee3', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_9ab41', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_indication', when='AFTER')), pgtrigger.compiler.Trigger(name='keeps_ground', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."icd10" IS DISTINCT FROM (NEW."icd10") OR OLD."key" IS DISTINCT FROM (NEW."key"))', func="\n\nIF current_setting('swecar.settles', true) IS DISTINCT FROM 'registry_indication:' || OLD.id\n   AND EXISTS (SELECT FROM registry_infusion AS infusion WHERE infusion.indication_id = OLD.id) THEN\n    RAISE EXCEPTION 'infusions rest on this row of registry_indication: settle the change'\n    USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_indication_is_settled';\nEND IF;\nRETURN NEW;\n", hash='a4b06efb4329e74e45661ec4b99785fbc516cd4f', operation='UPDATE', pgid='pgtrigger_keeps_ground_1560e', table='registry_indication', when='BEFORE')), pgtrigger.compiler.Trigger(name='waits_for_entries', sql=pgtrigger.compiler.UpsertTriggerSql(func='PERFORM pg_advisory_xact_lock(7201); RETURN NULL;', hash='a937fdbcd41af63990cfe9b4c415c697bec27015', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_waits_for_entries_4c8de', table='registry_indication', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='IndicationHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField()),
                ('key', models.SlugField(db_index=False, verbose_name='key')),
                ('icd10', models.CharField(blank=True, max_length=8, null=True, verbose_name='ICD-10 code')),
                ('name_sv', models.CharField(max_length=80, verbose_name='name')),
                ('name_en', models.CharField(max_length=80, verbose_name='name in English')),
                ('unconfirmed', models.CharField(blank=True, max_length=80, verbose_name='unconfirmed')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.indication')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e0cc038423857a64c4ce1a2545121cce4f9ddc5f', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_a7f04', table='registry_indicationhistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='ManufacturingSite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=12, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('centre', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='manufacturing_sites', to='registry.centre', verbose_name='centre')),
            ],
            options={
                'verbose_name': 'manufacturing site',
                'verbose_name_plural': 'manufacturing sites',
                'ordering': ['code'],
                'constraints': [models.CheckConstraint(condition=models.Q(('code__regex', '^[A-Z0-9]{2,12}$')), name='site_code_is_capitals')],
                'triggers': [pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='b129408ccc10da5f0cdb8dba7b87d5aa109e89f3', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_52c17', table='registry_manufacturingsite', when='AFTER')), pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_manufacturingsitehistory" ("centre_id", "code", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."centre_id", new_values."code", new_values."id", new_values."name", NOW(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='024c88da427911fb55d4aae71564dd25092c8476', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_b9eb4', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_manufacturingsite', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_manufacturingsitehistory" ("centre_id", "code", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."centre_id", new_values."code", new_values."id", new_values."name", NOW(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='0adbbabfe3b21347ba61e88c29f4bbc0830ab634', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_b58cf', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_manufacturingsite', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_manufacturingsitehistory" ("centre_id", "code", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."centre_id", old_values."code", old_values."id", old_values."name", NOW(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='ede831f8f3be97074add8a2e2275f9edfd1a509d', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_4186a', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_manufacturingsite', when='AFTER')), pgtrigger.compiler.Trigger(name='keeps_ground', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."centre_id" IS DISTINCT FROM (NEW."centre_id") OR OLD."code" IS DISTINCT FROM (NEW."code"))', func="\n\nIF current_setting('swecar.settles', true) IS DISTINCT FROM 'registry_manufacturingsite:' || OLD.id\n   AND EXISTS (SELECT FROM registry_infusion AS infusion WHERE infusion.manufacturing_site_id = OLD.id) THEN\n    RAISE EXCEPTION 'infusions rest on this row of registry_manufacturingsite: settle the change'\n    USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_manufacturingsite_is_settled';\nEND IF;\nRETURN NEW;\n", hash='e2bc7a8c40984dd78a570d67dae4dfb0961cafe7', operation='UPDATE', pgid='pgtrigger_keeps_ground_d742e', table='registry_manufacturingsite', when='BEFORE')), pgtrigger.compiler.Trigger(name='waits_for_entries', sql=pgtrigger.compiler.UpsertTriggerSql(func='PERFORM pg_advisory_xact_lock(7201); RETURN NULL;', hash='65646111bf4d29eb76dfda51d81c1a2f05d4c62e', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_waits_for_entries_052fa', table='registry_manufacturingsite', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='ManufacturingSiteHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField()),
                ('code', models.CharField(max_length=12, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('centre', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.centre', verbose_name='centre')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.manufacturingsite')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='a8407a53d1a2daf8c630ced645730e354f3d2450', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_5a8af', table='registry_manufacturingsitehistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='Patient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('registry_number', models.BigIntegerField(db_default=registry.models.registry_number.NewRegistryNumber(), editable=False, unique=True, verbose_name='registry number')),
                ('sex', models.CharField(choices=[('female', 'Female'), ('male', 'Male'), ('unknown', 'Unknown')], max_length=7, verbose_name='sex')),
                ('birth_year', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='year of birth')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'patient',
                'verbose_name_plural': 'patients',
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('sex__in', ['female', 'male', 'unknown'])), name='patient_sex_is_known_value'), models.CheckConstraint(condition=models.Q(('birth_year', None), ('birth_year__range', (1880, 2200)), _connector='OR'), name='patient_birth_year_is_possible'), models.CheckConstraint(condition=django.db.models.lookups.Exact(django.db.models.functions.math.Mod('registry_number', 97), 1), name='patient_number_has_its_check_digits')],
                'triggers': [pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='302dde455442104d946bd2043611183718fc7fd6', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_783a9', table='registry_patient', when='AFTER')), pgtrigger.compiler.Trigger(name='draws_numbers_alone', sql=pgtrigger.compiler.UpsertTriggerSql(func='PERFORM FROM registry_revision FOR UPDATE; RETURN NULL;', hash='563613fb2fc6def978b61548e3cf31fde2378a3e', level='STATEMENT', operation='INSERT', pgid='pgtrigger_draws_numbers_alone_df3f6', table='registry_patient', when='BEFORE')), pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_patienthistory" ("birth_year", "created_at", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "registry_number", "sex") SELECT new_values."birth_year", new_values."created_at", new_values."id", NOW(), \'insert\', new_values."id", new_values."registry_number", new_values."sex" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='93ca1da9f0152467e63c1d701beea1d0397e5eff', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_2136b', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_patient', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_patienthistory" ("birth_year", "created_at", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "registry_number", "sex") SELECT new_values."birth_year", new_values."created_at", new_values."id", NOW(), \'update\', new_values."id", new_values."registry_number", new_values."sex" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f6f48faad8eac5992ac3521603118b9cff27fb46', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_7fa5d', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_patient', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_patienthistory" ("birth_year", "created_at", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "registry_number", "sex") SELECT old_values."birth_year", old_values."created_at", old_values."id", NOW(), \'delete\', old_values."id", old_values."registry_number", old_values."sex" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='3cd50cd1ca782169d5c19d59478b46ba30452587', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_02d42', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_patient', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='PatientHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField()),
                ('registry_number', models.BigIntegerField(db_default=registry.models.registry_number.NewRegistryNumber(), editable=False, verbose_name='registry number')),
                ('sex', models.CharField(choices=[('female', 'Female'), ('male', 'Male'), ('unknown', 'Unknown')], max_length=7, verbose_name='sex')),
                ('birth_year', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='year of birth')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.patient')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='569b3752c1516a7581e2b505f3d8d865c2ca4fe6', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_31ba2', table='registry_patienthistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='PatientIdentifier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(choices=[('personal', 'Personal identity number'), ('coordination', 'Coordination number'), ('reserve_national', 'National reserve number'), ('reserve_stockholm', 'Reserve number, Region Stockholm'), ('reserve_vg', 'Reserve number, Västra Götaland'), ('reserve_regional', 'Reserve number, another region'), ('local', "The centre's own pseudonym")], max_length=20, verbose_name='type')),
                ('key_id', models.CharField(max_length=40, verbose_name='key')),
                ('digest', models.BinaryField()),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identifiers', to='registry.patient')),
                ('birth_digest', models.BinaryField(null=True)),
            ],
            options={
                'verbose_name': 'identifier',
                'verbose_name_plural': 'identifiers',
                'constraints': [models.UniqueConstraint(fields=('digest', 'key_id'), name='identifier_is_one_person'), models.CheckConstraint(condition=models.Q(('type__in', ['personal', 'coordination', 'reserve_national', 'reserve_stockholm', 'reserve_vg', 'reserve_regional', 'local'])), name='identifier_type_is_known'), models.CheckConstraint(condition=models.Q(('birth_digest', None), ('type__in', ('personal', 'coordination')), _connector='OR'), name='identifier_gives_birth_date')],
                'triggers': [pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_patientidentifierhistory" ("id", "key_id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "type") SELECT new_values."id", new_values."key_id", new_values."patient_id", NOW(), \'insert\', new_values."id", new_values."type" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='dbd7901dfa6274823fee07aa0294062eca8ce151', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_19148', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_patientidentifier', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_patientidentifierhistory" ("id", "key_id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "type") SELECT new_values."id", new_values."key_id", new_values."patient_id", NOW(), \'update\', new_values."id", new_values."type" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."key_id" IS DISTINCT FROM (new_values."key_id") OR old_values."patient_id" IS DISTINCT FROM (new_values."patient_id") OR old_values."type" IS DISTINCT FROM (new_values."type")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='e725fd659af7c2759ca841c43e0266f4de075668', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_0d766', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_patientidentifier', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_patientidentifierhistory" ("id", "key_id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "type") SELECT old_values."id", old_values."key_id", old_values."patient_id", NOW(), \'delete\', old_values."id", old_values."type" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='048f2b84b990592a21faa1fbd17e67a74fd8fab1', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_9407b', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_patientidentifier', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='PatientIdentifierHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField()),
                ('type', models.CharField(choices=[('personal', 'Personal identity number'), ('coordination', 'Coordination number'), ('reserve_national', 'National reserve number'), ('reserve_stockholm', 'Reserve number, Region Stockholm'), ('reserve_vg', 'Reserve number, Västra Götaland'), ('reserve_regional', 'Reserve number, another region'), ('local', "The centre's own pseudonym")], max_length=20, verbose_name='type')),
                ('key_id', models.CharField(max_length=40, verbose_name='key')),
                ('patient', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.patient')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.patientidentifier')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='ff424e6c0f74979ca60a2896cc66cf1473cd5ab5', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_83ef6', table='registry_patientidentifierhistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('inn', models.CharField(blank=True, max_length=80, verbose_name='INN')),
                ('atc', models.CharField(blank=True, max_length=8, verbose_name='ATC code')),
                ('holder', models.CharField(blank=True, max_length=80, verbose_name='holder')),
                ('target', models.CharField(blank=True, max_length=20, verbose_name='target')),
                ('modality', models.CharField(choices=[('CAR-T', 'CAR-T'), ('TCR-T', 'TCR-T')], max_length=5, verbose_name='modality')),
                ('origin', models.CharField(choices=[('authorised', 'Authorised in the EU'), ('investigational', 'Investigational'), ('hospital_exemption', 'Hospital exemption')], max_length=20, verbose_name='origin')),
                ('authorised_on', models.DateField(blank=True, null=True, verbose_name='authorised on')),
                ('authorised_precision', models.CharField(blank=True, choices=[('day', 'Day'), ('month', 'Month'), ('year', 'Year')], max_length=5, verbose_name='precision of the date')),
                ('unconfirmed', models.CharField(blank=True, help_text='Names of fields to be confirmed.', max_length=80, verbose_name='unconfirmed')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('dose_interval_days', models.PositiveSmallIntegerField(blank=True, help_text='Day 1 and day 10 are 9 days.', null=True, verbose_name='planned days between two doses')),
                ('longest_dose_interval_days', models.PositiveSmallIntegerField(blank=True, help_text='A further dose that is given later is asked about.', null=True, verbose_name='most days between two doses')),
                ('planned_doses', models.PositiveSmallIntegerField(default=1, help_text='Of one course; all but the first of them are further doses.', verbose_name='planned doses')),
            ],
            options={
                'verbose_name': 'product',
                'verbose_name_plural': 'products',
                'ordering': ['position', 'name'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='product_name_in_any_case'), models.UniqueConstraint(django.db.models.functions.text.Lower('inn'), condition=models.Q(('inn', ''), _negated=True), name='product_inn_in_any_case'), models.CheckConstraint(condition=models.Q(models.Q(('authorised_on', None), ('authorised_precision', '')), models.Q(('authorised_on__isnull', False), models.Q(('authorised_precision', ''), _negated=True)), _connector='OR'), name='product_date_has_precision'), models.CheckConstraint(condition=models.Q(('modality__in', ['CAR-T', 'TCR-T'])), name='product_modality_is_known'), models.CheckConstraint(condition=models.Q(('origin__in', ['authorised', 'investigational', 'hospital_exemption'])), name='product_origin_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('dose_interval_days', None), ('longest_dose_interval_days', None), ('planned_doses', 1)), models.Q(('dose_interval_days__isnull', False), ('longest_dose_interval_days__gte', models.F('dose_interval_days')), ('longest_dose_interval_days__isnull', False), ('planned_doses__gt', 1)), _connector='OR'), name='product_interval_is_of_planned_doses')],
                'triggers': [pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='3a524670a110696a48ef2fa0652abd339317db42', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_19b7a', table='registry_product', when='AFTER')), pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_producthistory" ("atc", "authorised_on", "authorised_precision", "dose_interval_days", "holder", "id", "inn", "longest_dose_interval_days", "modality", "name", "origin", "pgh_created_at", "pgh_label", "pgh_obj_id", "planned_doses", "position", "target", "unconfirmed") SELECT new_values."atc", new_values."authorised_on", new_values."authorised_precision", new_values."dose_interval_days", new_values."holder", new_values."id", new_values."inn", new_values."longest_dose_interval_days", new_values."modality", new_values."name", new_values."origin", NOW(), \'insert\', new_values."id", new_values."planned_doses", new_values."position", new_values."target", new_values."unconfirmed" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='2fa578b981c729ea295f422166347c1383cdd146', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_28d17', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_product', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_producthistory" ("atc", "authorised_on", "authorised_precision", "dose_interval_days", "holder", "id", "inn", "longest_dose_interval_days", "modality", "name", "origin", "pgh_created_at", "pgh_label", "pgh_obj_id", "planned_doses", "position", "target", "unconfirmed") SELECT new_values."atc", new_values."authorised_on", new_values."authorised_precision", new_values."dose_interval_days", new_values."holder", new_values."id", new_values."inn", new_values."longest_dose_interval_days", new_values."modality", new_values."name", new_values."origin", NOW(), \'update\', new_values."id", new_values."planned_doses", new_values."position", new_values."target", new_values."unconfirmed" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='871464a92667aa841b76e45be73a9660ebe40332', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_b9dc2', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_product', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_producthistory" ("atc", "authorised_on", "authorised_precision", "dose_interval_days", "holder", "id", "inn", "longest_dose_interval_days", "modality", "name", "origin", "pgh_created_at", "pgh_label", "pgh_obj_id", "planned_doses", "position", "target", "unconfirmed") SELECT old_values."atc", old_values."authorised_on", old_values."authorised_precision", old_values."dose_interval_days", old_values."holder", old_values."id", old_values."inn", old_values."longest_dose_interval_days", old_values."modality", old_values."name", old_values."origin", NOW(), \'delete\', old_values."id", old_values."planned_doses", old_values."position", old_values."target", old_values."unconfirmed" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='7ea6aa94169c4b8ad620bec3840e495a21727120', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_98eae', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_product', when='AFTER')), pgtrigger.compiler.Trigger(name='keeps_ground', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."atc" IS DISTINCT FROM (NEW."atc") OR OLD."authorised_on" IS DISTINCT FROM (NEW."authorised_on") OR OLD."authorised_precision" IS DISTINCT FROM (NEW."authorised_precision") OR OLD."dose_interval_days" IS DISTINCT FROM (NEW."dose_interval_days") OR OLD."inn" IS DISTINCT FROM (NEW."inn") OR OLD."longest_dose_interval_days" IS DISTINCT FROM (NEW."longest_dose_interval_days") OR OLD."modality" IS DISTINCT FROM (NEW."modality") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."origin" IS DISTINCT FROM (NEW."origin") OR OLD."planned_doses" IS DISTINCT FROM (NEW."planned_doses") OR OLD."target" IS DISTINCT FROM (NEW."target"))', func="\n\nIF current_setting('swecar.settles', true) IS DISTINCT FROM 'registry_product:' || OLD.id\n   AND EXISTS (SELECT FROM registry_infusion AS infusion WHERE infusion.product_id = OLD.id) THEN\n    RAISE EXCEPTION 'infusions rest on this row of registry_product: settle the change'\n    USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_product_is_settled';\nEND IF;\nRETURN NEW;\n", hash='c94c512d8902768948b8caf0311f127f90ec3d5c', operation='UPDATE', pgid='pgtrigger_keeps_ground_6f37a', table='registry_product', when='BEFORE')), pgtrigger.compiler.Trigger(name='waits_for_entries', sql=pgtrigger.compiler.UpsertTriggerSql(func='PERFORM pg_advisory_xact_lock(7201); RETURN NULL;', hash='7e607815c4cc913b1d143ab199ed13bd95a0688d', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_waits_for_entries_1cdb0', table='registry_product', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='ProductHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('inn', models.CharField(blank=True, max_length=80, verbose_name='INN')),
                ('atc', models.CharField(blank=True, max_length=8, verbose_name='ATC code')),
                ('holder', models.CharField(blank=True, max_length=80, verbose_name='holder')),
                ('target', models.CharField(blank=True, max_length=20, verbose_name='target')),
                ('modality', models.CharField(choices=[('CAR-T', 'CAR-T'), ('TCR-T', 'TCR-T')], max_length=5, verbose_name='modality')),
                ('origin', models.CharField(choices=[('authorised', 'Authorised in the EU'), ('investigational', 'Investigational'), ('hospital_exemption', 'Hospital exemption')], max_length=20, verbose_name='origin')),
                ('authorised_on', models.DateField(blank=True, null=True, verbose_name='authorised on')),
                ('authorised_precision', models.CharField(blank=True, choices=[('day', 'Day'), ('month', 'Month'), ('year', 'Year')], max_length=5, verbose_name='precision of the date')),
                ('unconfirmed', models.CharField(blank=True, help_text='Names of fields to be confirmed.', max_length=80, verbose_name='unconfirmed')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.product')),
                ('dose_interval_days', models.PositiveSmallIntegerField(blank=True, help_text='Day 1 and day 10 are 9 days.', null=True, verbose_name='planned days between two doses')),
                ('longest_dose_interval_days', models.PositiveSmallIntegerField(blank=True, help_text='A further dose that is given later is asked about.', null=True, verbose_name='most days between two doses')),
                ('planned_doses', models.PositiveSmallIntegerField(default=1, help_text='Of one course; all but the first of them are further doses.', verbose_name='planned doses')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='0d22bf0574b9021f9217422f06eb91134845951f', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_9b9a4', table='registry_producthistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='Refusal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key_id', models.CharField(max_length=40, verbose_name='key')),
                ('token', models.BinaryField()),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'refusal',
                'verbose_name_plural': 'refusals',
                'constraints': [models.UniqueConstraint(fields=('token', 'key_id'), name='refusal_is_kept_once')],
            },
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('number', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='revision_is_one_row')],
            },
        ),
        migrations.CreateModel(
            name='Snapshot',
            fields=[
                ('number', models.PositiveIntegerField(primary_key=True, serialize=False, verbose_name='number')),
                ('hash', models.CharField(max_length=71, unique=True, verbose_name='hash')),
                ('built_at', models.DateTimeField(verbose_name='built')),
                ('data_through', models.DateField(null=True, verbose_name='data through')),
                ('disclosure', models.CharField(max_length=20, verbose_name='disclosure policy')),
                ('map_document', registry.models.document_field.DocumentField()),
                ('code_lists', registry.models.document_field.DocumentField()),
                ('facts', models.PositiveIntegerField(help_text='One per counted infusion.', verbose_name='facts')),
                ('blocks', registry.models.document_field.DocumentField(null=True)),
                ('data_through_precision', models.CharField(blank=True, choices=[('day', 'Day'), ('month', 'Month'), ('year', 'Year')], max_length=5, verbose_name='precision of the date')),
            ],
            options={
                'verbose_name': 'snapshot',
                'verbose_name_plural': 'snapshots',
                'ordering': ['-number'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('data_through', None), ('data_through_precision', '')), models.Q(('data_through__isnull', False), ('data_through_precision__in', ['day', 'month', 'year'])), _connector='OR'), name='snapshot_date_has_precision')],
            },
        ),
        migrations.CreateModel(
            name='Publication',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('revision', models.BigIntegerField(default=-1)),
                ('snapshot', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.snapshot')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='publication_is_one_row')],
            },
        ),
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(help_text='Part of the URL.', max_length=40, unique=True, verbose_name='name')),
                ('title_sv', models.CharField(max_length=100, verbose_name='title in Swedish')),
                ('title_en', models.CharField(max_length=100, verbose_name='title in English')),
                ('note_sv', models.TextField(blank=True, verbose_name='note in Swedish')),
                ('note_en', models.TextField(blank=True, verbose_name='note in English')),
                ('as_of', models.DateField(null=True, verbose_name='as of')),
                ('documents', registry.models.document_field.DocumentField()),
                ('changes', registry.models.document_field.DocumentField()),
                ('released_at', models.DateTimeField(verbose_name='released')),
                ('released_by', models.CharField(max_length=150, verbose_name='released by')),
                ('snapshot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.snapshot', verbose_name='snapshot')),
            ],
            options={
                'verbose_name': 'release',
                'verbose_name_plural': 'releases',
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('title_sv', ''), _negated=True), models.Q(('title_en', ''), _negated=True)), name='release_has_titles')],
                'triggers': [pgtrigger.compiler.Trigger(name='stays', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='926c5bc84cc5713abde171cb7a975911a991ef52', operation='UPDATE OR DELETE', pgid='pgtrigger_stays_f7d76', table='registry_release', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='ReleaseFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('language', models.CharField(max_length=2)),
                ('format', models.CharField(max_length=20)),
                ('media_type', models.CharField(max_length=100)),
                ('content', models.BinaryField()),
                ('size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='registry.release')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('release', 'name'), name='release_file_has_its_name')],
                'triggers': [pgtrigger.compiler.Trigger(name='stays', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='a4e9d7f6f92a1260507eeb80f93ffa613454f6a5', operation='UPDATE OR DELETE', pgid='pgtrigger_stays_33608', table='registry_releasefile', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('task', models.CharField(choices=[('registry.publish_snapshot', 'Publish'), ('registry.verify_snapshot', 'Verify'), ('registry.prune_facts', 'Prune')], max_length=40, verbose_name='task')),
                ('queued_at', models.DateTimeField(verbose_name='queued')),
                ('started_at', models.DateTimeField(null=True, verbose_name='started')),
                ('heartbeat_at', models.DateTimeField(null=True, verbose_name='heartbeat')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
                ('outcome', models.CharField(blank=True, choices=[('published', 'Published'), ('unchanged', 'Nothing to do'), ('proof_failed', 'The recount did not agree, nothing published'), ('failed', 'Failed'), ('lost', 'Lost: the worker died'), ('done', 'Done')], max_length=12, verbose_name='outcome')),
                ('revision', models.BigIntegerField(help_text='Of the records, when the run began.', null=True, verbose_name='revision')),
                ('rows', models.PositiveIntegerField(null=True, verbose_name='rows')),
                ('message', models.TextField(blank=True, verbose_name='message')),
                ('snapshot', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to='registry.snapshot', verbose_name='snapshot')),
            ],
            options={
                'verbose_name': 'run',
                'verbose_name_plural': 'runs',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('started_at', None)), fields=('task',), name='run_waits_once_a_task'), models.CheckConstraint(condition=models.Q(('task__in', ['registry.publish_snapshot', 'registry.verify_snapshot', 'registry.prune_facts'])), name='run_task_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at', None), ('outcome', '')), models.Q(('finished_at__isnull', False), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='run_finished_has_outcome'), models.CheckConstraint(condition=models.Q(models.Q(('heartbeat_at', None), ('started_at', None)), models.Q(('heartbeat_at__isnull', False), ('started_at__isnull', False)), _connector='OR'), name='run_started_has_heartbeat'), models.CheckConstraint(condition=models.Q(('finished_at', None), ('started_at__isnull', False), _connector='OR'), name='run_finishes_after_start')],
            },
        ),
        migrations.CreateModel(
            name='Trial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('identifier', models.CharField(help_text='NCT00000000', max_length=17, unique=True, verbose_name='EU CT, EudraCT or NCT number')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('sponsor', models.CharField(choices=[('academic', 'Academic'), ('industry', 'Industry')], max_length=8, verbose_name='sponsor')),
                ('sponsor_name', models.CharField(blank=True, max_length=80, verbose_name='name of the sponsor')),
                ('phase', models.CharField(choices=[('I', 'I'), ('I/II', 'I/II'), ('II', 'II'), ('II/III', 'II/III'), ('III', 'III'), ('IV', 'IV')], max_length=6, verbose_name='phase')),
            ],
            options={
                'verbose_name': 'trial',
                'verbose_name_plural': 'trials',
                'ordering': ['identifier'],
                'constraints': [models.CheckConstraint(condition=models.Q(('identifier__regex', '^(\\d{4}-5\\d{5}-\\d{2}-\\d{2}|\\d{4}-\\d{6}-\\d{2}|NCT\\d{8})$')), name='trial_identifier_is_registered_form'), models.CheckConstraint(condition=models.Q(('sponsor__in', ['academic', 'industry'])), name='trial_sponsor_is_known'), models.CheckConstraint(condition=models.Q(('phase__in', ['I', 'I/II', 'II', 'II/III', 'III', 'IV'])), name='trial_phase_is_known')],
                'triggers': [pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='6669cc9dfaeed928b7995d910e3f176c3c1c17eb', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_a9424', table='registry_trial', when='AFTER')), pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_trialhistory" ("id", "identifier", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "phase", "sponsor", "sponsor_name") SELECT new_values."id", new_values."identifier", new_values."name", NOW(), \'insert\', new_values."id", new_values."phase", new_values."sponsor", new_values."sponsor_name" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='7784905295ef670b96f199a63cbcd90001f268d0', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_c9a52', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_trial', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_trialhistory" ("id", "identifier", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "phase", "sponsor", "sponsor_name") SELECT new_values."id", new_values."identifier", new_values."name", NOW(), \'update\', new_values."id", new_values."phase", new_values."sponsor", new_values."sponsor_name" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='0e85233cec3cbd5e85c8adcc2c8d76656dcd0184', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_3f224', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_trial', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_trialhistory" ("id", "identifier", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "phase", "sponsor", "sponsor_name") SELECT old_values."id", old_values."identifier", old_values."name", NOW(), \'delete\', old_values."id", old_values."phase", old_values."sponsor", old_values."sponsor_name" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='6021799c47262ea14ec92af34fc8b6cbd7dd452f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_10f12', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_trial', when='AFTER')), pgtrigger.compiler.Trigger(name='keeps_ground', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."identifier" IS DISTINCT FROM (NEW."identifier") OR OLD."sponsor" IS DISTINCT FROM (NEW."sponsor"))', func="\n\nIF OLD.sponsor IS DISTINCT FROM NEW.sponsor\n   AND EXISTS (SELECT FROM registry_infusion AS infusion WHERE infusion.trial_id = OLD.id AND (infusion.status = 'submitted' AND old.sponsor = CASE infusion.category WHEN 'ACT' THEN 'academic' WHEN 'ICT' THEN 'industry' END)) THEN\n    RAISE EXCEPTION 'this would make infusions untrue'\n    USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_trial_sponsor_keeps_rows_true';\nEND IF;\n\nIF current_setting('swecar.settles', true) IS DISTINCT FROM 'registry_trial:' || OLD.id\n   AND EXISTS (SELECT FROM registry_infusion AS infusion WHERE infusion.trial_id = OLD.id) THEN\n    RAISE EXCEPTION 'infusions rest on this row of registry_trial: settle the change'\n    USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_trial_is_settled';\nEND IF;\nRETURN NEW;\n", hash='558b9bb22dd64247dd8e3765684e735c79dc6d3d', operation='UPDATE', pgid='pgtrigger_keeps_ground_c9f6f', table='registry_trial', when='BEFORE')), pgtrigger.compiler.Trigger(name='waits_for_entries', sql=pgtrigger.compiler.UpsertTriggerSql(func='PERFORM pg_advisory_xact_lock(7201); RETURN NULL;', hash='20211038f29a3e80bf168848ec685535f27c98ee', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_waits_for_entries_cfdf1', table='registry_trial', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='Infusion',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('category', models.CharField(choices=[('SOC', 'Standard of care'), ('ACT', 'Academic clinical trial'), ('ICT', 'Industry clinical trial'), ('CUP', 'Compassionate use')], max_length=3, verbose_name='category')),
                ('kind', models.CharField(choices=[('first', 'First'), ('further_dose', 'Further dose'), ('reinfusion', 'Reinfusion')], max_length=12, verbose_name='kind')),
                ('infused_on', models.DateField(verbose_name='date of infusion')),
                ('date_precision', models.CharField(choices=[('day', 'Day'), ('month', 'Month'), ('year', 'Year')], max_length=5, verbose_name='precision of the date')),
                ('sequence', models.PositiveSmallIntegerField(default=1, help_text='1, unless the person has two infusions on one day.', verbose_name='sequence')),
                ('age_at_infusion', models.PositiveSmallIntegerField(verbose_name='age at infusion, whole years')),
                ('batch', models.CharField(blank=True, max_length=60, verbose_name='batch')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('submitted', 'Registered'), ('withdrawn', 'Withdrawn')], max_length=9, verbose_name='status')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('centre', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='infusions', to='registry.centre', verbose_name='centre')),
                ('indication', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='registry.indication', verbose_name='indication')),
                ('manufacturing_site', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='registry.manufacturingsite', verbose_name='manufacturing site')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='infusions', to='registry.patient', verbose_name='patient')),
                ('product', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='registry.product', verbose_name='product')),
                ('trial', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='registry.trial', verbose_name='trial')),
                ('sex_stated', models.CharField(choices=[('female', 'Female'), ('male', 'Male'), ('unknown', 'Unknown')], db_default='unknown', default='unknown', max_length=7, verbose_name='sex as stated')),
            ],
            options={
                'verbose_name': 'infusion',
                'verbose_name_plural': 'infusions',
                'ordering': ['-infused_on', '-sequence'],
                'indexes': [models.Index(fields=['centre', '-infused_on'], name='infusion_by_centre'), models.Index(models.Func(models.Func(models.F('batch'), models.Value('[\\s\\u00a0\\u2007\\u202f]'), models.Value(''), models.Value('g'), function='regexp_replace'), function='upper', output_field=models.TextField()), condition=models.Q(('batch', ''), _negated=True), name='infusion_by_batch')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'first'), ('status', 'submitted')), fields=('patient',), name='infusion_first_is_only_one'), models.CheckConstraint(condition=models.Q(models.Q(('category__in', ['ACT', 'ICT']), ('trial__isnull', False)), models.Q(('category', 'SOC'), ('trial__isnull', True)), ('category', 'CUP'), _connector='OR'), name='infusion_trial_by_category'), models.CheckConstraint(condition=models.Q(('date_precision', 'day'), models.Q(('date_precision', 'month'), ('infused_on__day', 1)), models.Q(('date_precision', 'year'), ('infused_on__day', 1), ('infused_on__month', 1)), _connector='OR'), name='infusion_date_is_first_of_period'), models.CheckConstraint(condition=models.Q(('sequence__range', (1, 9))), name='infusion_sequence_is_1_to_9'), models.CheckConstraint(condition=models.Q(('age_at_infusion__lte', 120)), name='infusion_age_is_possible'), models.CheckConstraint(condition=models.Q(('category__in', ['SOC', 'ACT', 'ICT', 'CUP'])), name='infusion_category_is_known'), models.CheckConstraint(condition=models.Q(('kind__in', ['first', 'further_dose', 'reinfusion'])), name='infusion_kind_is_known'), models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'submitted', 'withdrawn'])), name='infusion_status_is_known'), models.UniqueConstraint(condition=models.Q(('status', 'submitted')), fields=('patient', 'centre', 'infused_on', 'date_precision', 'sequence'), name='infusion_has_its_place_in_order'), models.CheckConstraint(condition=models.Q(('sex_stated__in', ['female', 'male', 'unknown'])), name='infusion_sex_stated_is_known')],
                'triggers': [pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='2ba2b9336fa44ba4d78e1ee5c60a72c98d23d5b6', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_cf642', table='registry_infusion', when='AFTER')), pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_infusionhistory" ("age_at_infusion", "batch", "category", "centre_id", "created_at", "date_precision", "id", "indication_id", "infused_on", "kind", "manufacturing_site_id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "sequence", "sex_stated", "status", "trial_id") SELECT new_values."age_at_infusion", new_values."batch", new_values."category", new_values."centre_id", new_values."created_at", new_values."date_precision", new_values."id", new_values."indication_id", new_values."infused_on", new_values."kind", new_values."manufacturing_site_id", new_values."patient_id", NOW(), \'insert\', new_values."id", new_values."product_id", new_values."sequence", new_values."sex_stated", new_values."status", new_values."trial_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='1dcf55f2e73e4b861d3cbf83e8db7f1c43908edd', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_44ec8', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_infusion', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_infusionhistory" ("age_at_infusion", "batch", "category", "centre_id", "created_at", "date_precision", "id", "indication_id", "infused_on", "kind", "manufacturing_site_id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "sequence", "sex_stated", "status", "trial_id") SELECT new_values."age_at_infusion", new_values."batch", new_values."category", new_values."centre_id", new_values."created_at", new_values."date_precision", new_values."id", new_values."indication_id", new_values."infused_on", new_values."kind", new_values."manufacturing_site_id", new_values."patient_id", NOW(), \'update\', new_values."id", new_values."product_id", new_values."sequence", new_values."sex_stated", new_values."status", new_values."trial_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='ff66763303f10867b82eadb31977fe60f0e01e37', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_6e9d5', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_infusion', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_infusionhistory" ("age_at_infusion", "batch", "category", "centre_id", "created_at", "date_precision", "id", "indication_id", "infused_on", "kind", "manufacturing_site_id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "sequence", "sex_stated", "status", "trial_id") SELECT old_values."age_at_infusion", old_values."batch", old_values."category", old_values."centre_id", old_values."created_at", old_values."date_precision", old_values."id", old_values."indication_id", old_values."infused_on", old_values."kind", old_values."manufacturing_site_id", old_values."patient_id", NOW(), \'delete\', old_values."id", old_values."product_id", old_values."sequence", old_values."sex_stated", old_values."status", old_values."trial_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='ac2eaac3bf38762e13d5c1d89c06e3e0273a72d2', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_84360', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_infusion', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='InfusionHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ('category', models.CharField(choices=[('SOC', 'Standard of care'), ('ACT', 'Academic clinical trial'), ('ICT', 'Industry clinical trial'), ('CUP', 'Compassionate use')], max_length=3, verbose_name='category')),
                ('kind', models.CharField(choices=[('first', 'First'), ('further_dose', 'Further dose'), ('reinfusion', 'Reinfusion')], max_length=12, verbose_name='kind')),
                ('infused_on', models.DateField(verbose_name='date of infusion')),
                ('date_precision', models.CharField(choices=[('day', 'Day'), ('month', 'Month'), ('year', 'Year')], max_length=5, verbose_name='precision of the date')),
                ('sequence', models.PositiveSmallIntegerField(default=1, help_text='1, unless the person has two infusions on one day.', verbose_name='sequence')),
                ('age_at_infusion', models.PositiveSmallIntegerField(verbose_name='age at infusion, whole years')),
                ('batch', models.CharField(blank=True, max_length=60, verbose_name='batch')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('submitted', 'Registered'), ('withdrawn', 'Withdrawn')], max_length=9, verbose_name='status')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('centre', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.centre', verbose_name='centre')),
                ('indication', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.indication', verbose_name='indication')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.infusion')),
                ('manufacturing_site', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.manufacturingsite', verbose_name='manufacturing site')),
                ('patient', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.patient', verbose_name='patient')),
                ('product', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.product', verbose_name='product')),
                ('trial', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.trial', verbose_name='trial')),
                ('sex_stated', models.CharField(choices=[('female', 'Female'), ('male', 'Male'), ('unknown', 'Unknown')], db_default='unknown', default='unknown', max_length=7, verbose_name='sex as stated')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='06bf4e1d1341fd8948b76d5f2628054d66447cbe', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_e66a5', table='registry_infusionhistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='Referral',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(help_text='Of the refusal.', max_length=60)),
                ('fields', models.JSONField(default=dict, help_text='The row by column, without the identifier.')),
                ('identifier_type', models.CharField(blank=True, max_length=20)),
                ('birth_year', models.PositiveSmallIntegerField(null=True)),
                ('chain', models.BinaryField(help_text="The digests of the identifier, the oldest key's first.", null=True)),
                ('state', models.CharField(choices=[('open', 'Sent to the steward, waiting'), ('released', 'Settled and stored'), ('declined', 'Settled, not stored'), ('taken_back', 'Taken back'), ('expired', 'Not settled in time, erased')], default='open', max_length=10, verbose_name='state')),
                ('sent_by', models.CharField(max_length=150, verbose_name='sent by')),
                ('sent_at', models.DateTimeField(auto_now_add=True, verbose_name='sent')),
                ('settled_by', models.CharField(blank=True, max_length=150, verbose_name='settled by')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='settled')),
                ('centre', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='referrals', to='registry.centre')),
                ('infusion', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='referrals', to='registry.infusion')),
                ('patient', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='referrals', to='registry.patient')),
                ('birth_digest', models.BinaryField(help_text="Of the date of birth, under the chain's last key.", null=True)),
                ('place', models.BinaryField(help_text="A sealed mark of date, sequence and product, by which a file's row is known again.", null=True)),
            ],
            options={
                'verbose_name': 'referral',
                'verbose_name_plural': 'referrals',
                'ordering': ['-sent_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('fields__has_key', 'patient_id'), _negated=True), name='referral_holds_no_identifier'), models.CheckConstraint(condition=models.Q(models.Q(('infusion', None), models.Q(('state', 'released'), _negated=True)), models.Q(('infusion__isnull', False), ('state', 'released')), _connector='OR'), name='referral_released_has_infusion'), models.CheckConstraint(condition=models.Q(('birth_digest', None), ('chain__isnull', False), _connector='OR'), name='referral_birth_goes_with_chain'), models.CheckConstraint(condition=models.Q(('state__in', ['open', 'released', 'declined', 'taken_back', 'expired'])), name='referral_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('infusion', None), ('settled_at', None), ('settled_by', ''), ('state', 'open'), models.Q(models.Q(('chain', None), ('patient__isnull', False)), models.Q(('chain__isnull', False), ('patient', None)), _connector='OR')), models.Q(models.Q(('state', 'open'), _negated=True), ('birth_year', None), ('chain', None), ('fields', {}), ('identifier_type', ''), ('settled_at__isnull', False), models.Q(models.Q(('settled_by', ''), ('state', 'expired')), models.Q(models.Q(('state', 'expired'), _negated=True), models.Q(('settled_by', ''), _negated=True)), _connector='OR')), _connector='OR'), name='referral_is_open_or_erased')],
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.BigIntegerField(default=registry.models.question.draw_id, editable=False, primary_key=True, serialize=False)),
                ('text', models.TextField(max_length=1000, verbose_name='question')),
                ('rule', models.CharField(blank=True, help_text='Code of the warning, if a rule asks.', max_length=60, verbose_name='rule')),
                ('asked_by', models.CharField(blank=True, max_length=150, verbose_name='asked by')),
                ('asked_at', models.DateTimeField(auto_now_add=True, verbose_name='asked')),
                ('answer', models.TextField(blank=True, max_length=1000, verbose_name='answer')),
                ('answered_by', models.CharField(blank=True, max_length=150, verbose_name='answered by')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                ('closed_by', models.CharField(blank=True, max_length=150, verbose_name='closed by')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('infusion', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='registry.infusion')),
                ('asks', models.CharField(choices=[('clinic', 'The clinic'), ('steward', "The registry's steward")], default='steward', max_length=7, verbose_name='asks')),
                ('centre', models.ForeignKey(help_text='Without a row.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='registry.centre')),
                ('waits_for', models.CharField(choices=[('clinic', 'The clinic'), ('steward', "The registry's steward")], default='clinic', max_length=7, verbose_name='waits for')),
                ('referral', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='question', to='registry.referral')),
            ],
            options={
                'verbose_name': 'question',
                'verbose_name_plural': 'questions',
                'ordering': ['-asked_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('rule', ''), models.Q(('asked_by', ''), _negated=True)), models.Q(models.Q(('rule', ''), _negated=True), ('asked_by', '')), _connector='OR'), name='question_has_one_asker'), models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at', None), ('answered_by', '')), models.Q(('answered_at__isnull', False), models.Q(('answered_by', ''), _negated=True), models.Q(('answer', ''), _negated=True)), _connector='OR'), name='question_answer_has_who_and_when'), models.UniqueConstraint(condition=models.Q(models.Q(('rule', ''), _negated=True), ('closed_at', None)), fields=('infusion', 'rule'), name='question_of_a_rule_is_asked_once'), models.CheckConstraint(condition=models.Q(models.Q(('centre', None), ('infusion__isnull', False), ('referral', None)), models.Q(('centre', None), ('infusion', None), ('referral__isnull', False)), models.Q(('centre__isnull', False), ('infusion', None), ('referral', None)), _connector='OR'), name='question_is_about_one_thing'), models.CheckConstraint(condition=models.Q(('asks__in', ['clinic', 'steward']), ('waits_for__in', ['clinic', 'steward'])), name='question_sides_are_known'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closed_by', '')), models.Q(('closed_at__isnull', False), models.Q(models.Q(('closed_by', ''), _negated=True), models.Q(('rule', ''), _negated=True), _connector='OR')), _connector='OR'), name='question_closing_has_who_and_when')],
                'triggers': [pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_questionhistory" ("answer", "answered_at", "answered_by", "asked_at", "asked_by", "asks", "centre_id", "closed_at", "closed_by", "id", "infusion_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "referral_id", "rule", "text", "waits_for") SELECT new_values."answer", new_values."answered_at", new_values."answered_by", new_values."asked_at", new_values."asked_by", new_values."asks", new_values."centre_id", new_values."closed_at", new_values."closed_by", new_values."id", new_values."infusion_id", NOW(), \'insert\', new_values."id", new_values."referral_id", new_values."rule", new_values."text", new_values."waits_for" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='ea5c88e8240b6e06a8ed9592e628ba12618309c5', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_f4d6b', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_question', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_questionhistory" ("answer", "answered_at", "answered_by", "asked_at", "asked_by", "asks", "centre_id", "closed_at", "closed_by", "id", "infusion_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "referral_id", "rule", "text", "waits_for") SELECT new_values."answer", new_values."answered_at", new_values."answered_by", new_values."asked_at", new_values."asked_by", new_values."asks", new_values."centre_id", new_values."closed_at", new_values."closed_by", new_values."id", new_values."infusion_id", NOW(), \'update\', new_values."id", new_values."referral_id", new_values."rule", new_values."text", new_values."waits_for" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='a26013f6d4da33a035d7ac53524825f5ed3a65ab', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_b6f7b', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_question', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_questionhistory" ("answer", "answered_at", "answered_by", "asked_at", "asked_by", "asks", "centre_id", "closed_at", "closed_by", "id", "infusion_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "referral_id", "rule", "text", "waits_for") SELECT old_values."answer", old_values."answered_at", old_values."answered_by", old_values."asked_at", old_values."asked_by", old_values."asks", old_values."centre_id", old_values."closed_at", old_values."closed_by", old_values."id", old_values."infusion_id", NOW(), \'delete\', old_values."id", old_values."referral_id", old_values."rule", old_values."text", old_values."waits_for" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='6d53e78b54b4655fc10937b7920fbb5aa349fae4', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_ee4ce', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_question', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('clinic', 'The clinic'), ('steward', "The registry's steward")], max_length=7)),
                ('text', models.TextField(max_length=1000)),
                ('written_by', models.CharField(max_length=150)),
                ('written_at', models.DateTimeField(auto_now_add=True)),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='registry.question')),
            ],
            options={
                'ordering': ['written_at', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('side__in', ['clinic', 'steward'])), name='message_side_is_known')],
                'triggers': [pgtrigger.compiler.Trigger(name='stays_as_written', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='b27996b4e40a133aab5a365345c0aff584b8e85a', operation='UPDATE', pgid='pgtrigger_stays_as_written_14fb3', table='registry_message', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='QuestionHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField(default=registry.models.question.draw_id, editable=False, serialize=False)),
                ('text', models.TextField(max_length=1000, verbose_name='question')),
                ('rule', models.CharField(blank=True, help_text='Code of the warning, if a rule asks.', max_length=60, verbose_name='rule')),
                ('asked_by', models.CharField(blank=True, max_length=150, verbose_name='asked by')),
                ('asked_at', models.DateTimeField(auto_now_add=True, verbose_name='asked')),
                ('answer', models.TextField(blank=True, max_length=1000, verbose_name='answer')),
                ('answered_by', models.CharField(blank=True, max_length=150, verbose_name='answered by')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                ('closed_by', models.CharField(blank=True, max_length=150, verbose_name='closed by')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('infusion', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.infusion')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.question')),
                ('asks', models.CharField(choices=[('clinic', 'The clinic'), ('steward', "The registry's steward")], default='steward', max_length=7, verbose_name='asks')),
                ('centre', models.ForeignKey(db_constraint=False, db_index=False, help_text='Without a row.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.centre')),
                ('waits_for', models.CharField(choices=[('clinic', 'The clinic'), ('steward', "The registry's steward")], default='clinic', max_length=7, verbose_name='waits for')),
                ('referral', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.referral')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='6f3f8dbc7a1137ead82fabf4fb5a0b6071eba6a0', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_932f2', table='registry_questionhistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='ReleasedInfusion',
            fields=[
                ('infusion', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='registry.infusion')),
                ('patient', models.BigIntegerField()),
                ('centre', models.TextField()),
                ('category', models.TextField()),
                ('values', models.TextField(help_text='All else that a number is made of.')),
            ],
            options={
            },
        ),
        migrations.CreateModel(
            name='TrialHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField()),
                ('identifier', models.CharField(help_text='NCT00000000', max_length=17, verbose_name='EU CT, EudraCT or NCT number')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('sponsor', models.CharField(choices=[('academic', 'Academic'), ('industry', 'Industry')], max_length=8, verbose_name='sponsor')),
                ('sponsor_name', models.CharField(blank=True, max_length=80, verbose_name='name of the sponsor')),
                ('phase', models.CharField(choices=[('I', 'I'), ('I/II', 'I/II'), ('II', 'II'), ('II/III', 'II/III'), ('III', 'III'), ('IV', 'IV')], max_length=6, verbose_name='phase')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.trial')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='72b70ec8c2bed3ba2676d2fe1841ce71d636f0ba', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_ab1ee', table='registry_trialhistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('national_role', models.CharField(blank=True, choices=[('steward', 'Steward'), ('auditor', 'Auditor'), ('administrator', 'Administrator')], max_length=13, verbose_name='national role')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_userhistory" ("date_joined", "email", "first_name", "id", "is_active", "is_staff", "is_superuser", "last_name", "national_role", "pgh_created_at", "pgh_label", "pgh_obj_id", "username") SELECT new_values."date_joined", new_values."email", new_values."first_name", new_values."id", new_values."is_active", new_values."is_staff", new_values."is_superuser", new_values."last_name", new_values."national_role", NOW(), \'insert\', new_values."id", new_values."username" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='7d4488e30959ff0b611cc35d8ee2fc2bdcf1aad7', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_b61ef', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_user', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_userhistory" ("date_joined", "email", "first_name", "id", "is_active", "is_staff", "is_superuser", "last_name", "national_role", "pgh_created_at", "pgh_label", "pgh_obj_id", "username") SELECT new_values."date_joined", new_values."email", new_values."first_name", new_values."id", new_values."is_active", new_values."is_staff", new_values."is_superuser", new_values."last_name", new_values."national_role", NOW(), \'update\', new_values."id", new_values."username" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."date_joined" IS DISTINCT FROM (new_values."date_joined") OR old_values."email" IS DISTINCT FROM (new_values."email") OR old_values."first_name" IS DISTINCT FROM (new_values."first_name") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."is_active" IS DISTINCT FROM (new_values."is_active") OR old_values."is_staff" IS DISTINCT FROM (new_values."is_staff") OR old_values."is_superuser" IS DISTINCT FROM (new_values."is_superuser") OR old_values."last_name" IS DISTINCT FROM (new_values."last_name") OR old_values."national_role" IS DISTINCT FROM (new_values."national_role") OR old_values."username" IS DISTINCT FROM (new_values."username")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='8b4ecab358cab4cba922d1f8ccb2573da72f0524', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_99106', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_user', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_userhistory" ("date_joined", "email", "first_name", "id", "is_active", "is_staff", "is_superuser", "last_name", "national_role", "pgh_created_at", "pgh_label", "pgh_obj_id", "username") SELECT old_values."date_joined", old_values."email", old_values."first_name", old_values."id", old_values."is_active", old_values."is_staff", old_values."is_superuser", old_values."last_name", old_values."national_role", NOW(), \'delete\', old_values."id", old_values."username" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='90844f19d17675fe5b8d7d13f74b6a2e9652bb1c', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_3f480', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_user', when='AFTER'))],
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('fields', models.JSONField(help_text="The form's fields by name, as typed, without the identifier.")),
                ('saved_at', models.DateTimeField(auto_now=True, verbose_name='saved')),
                ('centre', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='registry.centre')),
                ('patient', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='registry.patient')),
                ('saved_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'draft',
                'verbose_name_plural': 'drafts',
                'ordering': ['-saved_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('fields__has_key', 'patient_id'), _negated=True), name='draft_holds_no_identifier')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('request_digest', models.BinaryField(help_text='Keyed: the request itself may hold an identifier.')),
                ('status', models.PositiveSmallIntegerField()),
                ('answer', models.JSONField()),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('owner', 'key'), name='idempotency_key_is_used_once')],
            },
        ),
        migrations.CreateModel(
            name='ImportJob',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('uploaded_at', models.DateTimeField(auto_now_add=True, verbose_name='uploaded')),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('running', 'Working'), ('checked', 'Checked, nothing stored'), ('refused', 'Refused, nothing stored'), ('stored', 'Stored'), ('failed', 'Failed, nothing stored')], default='queued', max_length=8, verbose_name='state')),
                ('dry_run', models.BooleanField(default=True)),
                ('stage', models.CharField(blank=True, help_text='What it is doing: reading, checking, storing.', max_length=10)),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
                ('read', models.PositiveIntegerField(default=0)),
                ('stored', models.PositiveIntegerField(default=0, help_text='Or would be, in a dry run.')),
                ('unchanged', models.PositiveIntegerField(default=0)),
                ('refused', models.PositiveIntegerField(default=0)),
                ('warnings', models.PositiveIntegerField(default=0)),
                ('message', models.CharField(blank=True, max_length=300)),
                ('centre', models.ForeignKey(help_text='The only centre allowed.', null=True, on_delete=django.db.models.deletion.PROTECT, to='registry.centre')),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='imports', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'import',
                'verbose_name_plural': 'imports',
                'ordering': ['-uploaded_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'checked', 'refused', 'stored', 'failed'])), name='import_state_is_known'), models.CheckConstraint(condition=models.Q(('dry_run', True), ('state', 'stored'), _negated=True), name='import_dry_run_stores_nothing')],
            },
        ),
        migrations.CreateModel(
            name='ImportProblem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField(help_text='0 for what is said of the file as a whole.')),
                ('field', models.CharField(max_length=40)),
                ('code', models.CharField(max_length=60)),
                ('sentence', models.TextField()),
                ('warning', models.BooleanField()),
                ('job', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='problems', to='registry.importjob')),
            ],
            options={
                'ordering': ['line', 'warning', 'field', 'code'],
                'indexes': [models.Index(fields=['job', 'line'], name='problem_of_line')],
            },
        ),
        migrations.CreateModel(
            name='ImportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('cells', models.JSONField(help_text='The row as written, by column, without the identifier.')),
                ('staged', models.JSONField(help_text='The row as read, by column of staging.py; null if unreadable.', null=True)),
                ('chain', models.BinaryField(help_text="The digests of the identifier, the oldest key's first.", null=True)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='registry.importjob')),
                ('referral', models.ForeignKey(help_text='What it was sent as.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='registry.referral')),
                ('birth_digest', models.BinaryField(help_text="Of the date of birth, under the chain's last key.", null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('job', 'line'), name='import_row_is_one_line'), models.CheckConstraint(condition=models.Q(('cells__has_key', 'patient_id'), _negated=True), name='import_row_holds_no_identifier'), models.CheckConstraint(condition=models.Q(('birth_digest', None), models.Q(('chain__isnull', False), ('staged__isnull', False)), _connector='OR'), name='import_row_birth_goes_with_content')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail address')),
                ('role', models.CharField(choices=[('reporter', 'Reporter'), ('lead', 'Lead')], max_length=8, verbose_name='role')),
                ('token_digest', models.BinaryField(unique=True)),
                ('invited_by', models.CharField(max_length=150, verbose_name='invited by')),
                ('invited_at', models.DateTimeField(auto_now_add=True, verbose_name='invited')),
                ('expires_at', models.DateTimeField(verbose_name='valid until')),
                ('accepted_at', models.DateTimeField(blank=True, null=True, verbose_name='accepted')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
                ('accepted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('centre', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='registry.centre')),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'ordering': ['-invited_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('role__in', ['reporter', 'lead'])), name='invitation_role_is_known'), models.CheckConstraint(condition=models.Q(('accepted_at', None), ('revoked_at', None), _connector='OR'), name='invitation_is_accepted_or_revoked')],
                'triggers': [pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_invitationhistory" ("accepted_at", "accepted_by_id", "centre_id", "email", "expires_at", "id", "invited_at", "invited_by", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "role") SELECT new_values."accepted_at", new_values."accepted_by_id", new_values."centre_id", new_values."email", new_values."expires_at", new_values."id", new_values."invited_at", new_values."invited_by", NOW(), \'insert\', new_values."id", new_values."revoked_at", new_values."role" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='e7c5569d3ac48997782932d4672582bbfe59862f', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_2255f', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_invitation', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_invitationhistory" ("accepted_at", "accepted_by_id", "centre_id", "email", "expires_at", "id", "invited_at", "invited_by", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "role") SELECT new_values."accepted_at", new_values."accepted_by_id", new_values."centre_id", new_values."email", new_values."expires_at", new_values."id", new_values."invited_at", new_values."invited_by", NOW(), \'update\', new_values."id", new_values."revoked_at", new_values."role" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."accepted_at" IS DISTINCT FROM (new_values."accepted_at") OR old_values."accepted_by_id" IS DISTINCT FROM (new_values."accepted_by_id") OR old_values."centre_id" IS DISTINCT FROM (new_values."centre_id") OR old_values."email" IS DISTINCT FROM (new_values."email") OR old_values."expires_at" IS DISTINCT FROM (new_values."expires_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."invited_at" IS DISTINCT FROM (new_values."invited_at") OR old_values."invited_by" IS DISTINCT FROM (new_values."invited_by") OR old_values."revoked_at" IS DISTINCT FROM (new_values."revoked_at") OR old_values."role" IS DISTINCT FROM (new_values."role")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='bda6609a141ab45a719f20466ab799190b2eeb22', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_6e731', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_invitation', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_invitationhistory" ("accepted_at", "accepted_by_id", "centre_id", "email", "expires_at", "id", "invited_at", "invited_by", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "role") SELECT old_values."accepted_at", old_values."accepted_by_id", old_values."centre_id", old_values."email", old_values."expires_at", old_values."id", old_values."invited_at", old_values."invited_by", NOW(), \'delete\', old_values."id", old_values."revoked_at", old_values."role" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='241b6ef79578db318bfc9259822342ef07b66de0', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_274c6', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_invitation', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='InvitationHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField()),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail address')),
                ('role', models.CharField(choices=[('reporter', 'Reporter'), ('lead', 'Lead')], max_length=8, verbose_name='role')),
                ('invited_by', models.CharField(max_length=150, verbose_name='invited by')),
                ('invited_at', models.DateTimeField(auto_now_add=True, verbose_name='invited')),
                ('expires_at', models.DateTimeField(verbose_name='valid until')),
                ('accepted_at', models.DateTimeField(blank=True, null=True, verbose_name='accepted')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
                ('accepted_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('centre', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.centre')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.invitation')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e145d28e94745cb1c6f85be8519d47e03f307c0b', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_25fa9', table='registry_invitationhistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='Lookup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by_import', models.BooleanField(default=False, help_text='Imports have a budget of their own.')),
                ('refused', models.BooleanField(default=False, help_text='The budget was spent: nothing was told.')),
                ('token', models.BinaryField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lookups', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-at', '-id'],
                'indexes': [models.Index(fields=['user', 'at'], name='lookup_of_user_by_time')],
                'constraints': [models.UniqueConstraint(fields=('user', 'token'), name='lookup_of_a_person_counts_once'), models.CheckConstraint(condition=models.Q(('refused', False), ('token', None), _connector='OR'), name='lookup_refused_has_no_token')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('reporter', 'Reporter'), ('lead', 'Lead')], max_length=8, verbose_name='role')),
                ('centre', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='registry.centre')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'membership',
                'verbose_name_plural': 'memberships',
                'constraints': [models.UniqueConstraint(fields=('user', 'centre'), name='membership_is_one_role'), models.CheckConstraint(condition=models.Q(('role__in', ['reporter', 'lead'])), name='membership_role_is_known')],
                'triggers': [pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_membershiphistory" ("centre_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "user_id") SELECT new_values."centre_id", new_values."id", NOW(), \'insert\', new_values."id", new_values."role", new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='dc23ee32af29fa9c11382097949d8589e15046ca', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_40ab0', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_membership', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_membershiphistory" ("centre_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "user_id") SELECT new_values."centre_id", new_values."id", NOW(), \'update\', new_values."id", new_values."role", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='a4fbeeea0216ab1828899b0131aeffab5bf28342', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_2e25f', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_membership', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_membershiphistory" ("centre_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "user_id") SELECT old_values."centre_id", old_values."id", NOW(), \'delete\', old_values."id", old_values."role", old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='83a49738687fe50cdffe2f098050b37e8c92c4ff', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_c1c02', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_membership', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='MembershipHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField()),
                ('role', models.CharField(choices=[('reporter', 'Reporter'), ('lead', 'Lead')], max_length=8, verbose_name='role')),
                ('centre', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.centre')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.membership')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='276d9bbea4cc530b2c42a8ce065c729fdbaac2f4', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_ae3a3', table='registry_membershiphistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='SealedUpload',
            fields=[
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='sealed', serialize=False, to='registry.importjob')),
                ('content', models.BinaryField(help_text='Sealed under a key of the environment (sealing.py).')),
            ],
            options={
            },
        ),
        migrations.CreateModel(
            name='Token',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='What it is used for.', max_length=60, verbose_name='name')),
                ('scope', models.CharField(choices=[('read', 'Read'), ('write', 'Read and write')], max_length=5, verbose_name='scope')),
                ('digest', models.BinaryField(unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('expires_at', models.DateTimeField(verbose_name='valid until')),
                ('last_used_at', models.DateTimeField(blank=True, null=True, verbose_name='last used')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'token',
                'verbose_name_plural': 'tokens',
                'ordering': ['-created_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('scope__in', ['read', 'write'])), name='token_scope_is_known'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='token_expires_after_creation')],
                'triggers': [pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_tokenhistory" ("created_at", "expires_at", "id", "name", "owner_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "scope") SELECT new_values."created_at", new_values."expires_at", new_values."id", new_values."name", new_values."owner_id", NOW(), \'insert\', new_values."id", new_values."revoked_at", new_values."scope" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='a8660058edc8557f88b43bdefe25d8c798a1670a', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_86fe4', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_token', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_tokenhistory" ("created_at", "expires_at", "id", "name", "owner_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "scope") SELECT new_values."created_at", new_values."expires_at", new_values."id", new_values."name", new_values."owner_id", NOW(), \'update\', new_values."id", new_values."revoked_at", new_values."scope" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."expires_at" IS DISTINCT FROM (new_values."expires_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."name" IS DISTINCT FROM (new_values."name") OR old_values."owner_id" IS DISTINCT FROM (new_values."owner_id") OR old_values."revoked_at" IS DISTINCT FROM (new_values."revoked_at") OR old_values."scope" IS DISTINCT FROM (new_values."scope")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='47c55dfb0fe68a9759ea5c0cbc28d975cb9eebf8', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_76cb6', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_token', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_tokenhistory" ("created_at", "expires_at", "id", "name", "owner_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "scope") SELECT old_values."created_at", old_values."expires_at", old_values."id", old_values."name", old_values."owner_id", NOW(), \'delete\', old_values."id", old_values."revoked_at", old_values."scope" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='b84972ea899943039c99108ff682cdf076c2ffbe', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_6455c', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_token', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='TokenHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(help_text='What it is used for.', max_length=60, verbose_name='name')),
                ('scope', models.CharField(choices=[('read', 'Read'), ('write', 'Read and write')], max_length=5, verbose_name='scope')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('expires_at', models.DateTimeField(verbose_name='valid until')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
                ('owner', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.token')),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e32b2bbeb96f89a07c1b6dbfc6e2313e274b1db7', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_bd86b', table='registry_tokenhistory', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='UserHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(registry.models.history.CurrentSetting('swecar.actor'), models.Value('')), registry.models.history.SessionUser()))),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('id', models.BigIntegerField()),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('national_role', models.CharField(blank=True, choices=[('steward', 'Steward'), ('auditor', 'Auditor'), ('administrator', 'Administrator')], max_length=13, verbose_name='national role')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='81ab63afbe5f6d1a51c49e3bfdd5530b6f6abc24', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_f6f6b', table='registry_userhistory', when='BEFORE'))],
            },
        ),
        migrations.RunPython(install_triggers, migrations.RunPython.noop),
        migrations.RunPython(create_rows, migrations.RunPython.noop),
        migrations.RunSQL(
            """
            ALTER TABLE registry_patienthistory ALTER COLUMN registry_number DROP DEFAULT;
            CREATE INDEX patienthistory_by_number ON registry_patienthistory (registry_number);
            """,
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(alter(0), alter(-1)),
    ]
