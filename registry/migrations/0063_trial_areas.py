"""Therapeutic areas of trials."""

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.comparison
import pgtrigger.compiler
import pgtrigger.migrations
import registry.models.history
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0062_population'),
    ]

    operations = [
        migrations.CreateModel(
            name='TrialArea',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(unique=True, verbose_name='key')),
                ('name_sv', models.CharField(max_length=80, verbose_name='name')),
                ('name_en', models.CharField(max_length=80, verbose_name='name in English')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
            ],
            options={
                'verbose_name': 'therapeutic area',
                'verbose_name_plural': 'therapeutic areas',
                'ordering': ['position', 'key'],
            },
        ),
        migrations.CreateModel(
            name='TrialAreaHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=registry.models.history.Acting())),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('salt', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False)),
                ('id', models.BigIntegerField()),
                ('key', models.SlugField(db_index=False, verbose_name='key')),
                ('name_sv', models.CharField(max_length=80, verbose_name='name')),
                ('name_en', models.CharField(max_length=80, verbose_name='name in English')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='trialarea',
            constraint=models.CheckConstraint(condition=models.Q(('key', 'unknown'), _negated=True), name='trial_area_is_not_unknown'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialarea',
            trigger=pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='f91ebf7390b0dfc07dc03e494393d7cf9492ce99', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_525c2', table='registry_trialarea', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialarea',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_trialareahistory" ("id", "key", "name_en", "name_sv", "pgh_created_at", "pgh_label", "pgh_obj_id", "position") SELECT new_values."id", new_values."key", new_values."name_en", new_values."name_sv", NOW(), \'insert\', new_values."id", new_values."position" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='de349f95ec29ebe1c4ab08c0b58f6d52a9c98910', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_d016a', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_trialarea', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialarea',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_trialareahistory" ("id", "key", "name_en", "name_sv", "pgh_created_at", "pgh_label", "pgh_obj_id", "position") SELECT new_values."id", new_values."key", new_values."name_en", new_values."name_sv", NOW(), \'update\', new_values."id", new_values."position" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='6b0e0dc48c7e0fae493ab40c5786fcf5bb8d435d', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_0d3cb', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_trialarea', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialarea',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_trialareahistory" ("id", "key", "name_en", "name_sv", "pgh_created_at", "pgh_label", "pgh_obj_id", "position") SELECT old_values."id", old_values."key", old_values."name_en", old_values."name_sv", NOW(), \'delete\', old_values."id", old_values."position" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='dd1fdbb5dd524c19465bf9ece9bb4bc5ade2d067', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_700a6', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_trialarea', when='AFTER')),
        ),
        migrations.AddField(
            model_name='trialareahistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.trialarea'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialareahistory',
            trigger=pgtrigger.compiler.Trigger(name='linked', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE encoding TEXT := pg_client_encoding();', func="\nIF encoding <> 'UTF8' THEN PERFORM set_config('client_encoding', 'UTF8', true); END IF;\n\nINSERT INTO registry_chainlink (chain, kind, width, ids, hashes)\nSELECT 'registry_trialareahistory', 'added', (SELECT count(*) FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped), array_agg(line.pgh_id), array_agg(sha256(record_send(line)))\nFROM new_values AS line HAVING count(*) > 0;\n\nIF encoding <> 'UTF8' THEN PERFORM set_config('client_encoding', encoding, true); END IF;\nRETURN NULL;\n", hash='7d9280dd82e88d9e12daad082c2205522b3712f0', level='STATEMENT', operation='INSERT', pgid='pgtrigger_linked_a622f', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_trialareahistory', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialareahistory',
            trigger=pgtrigger.compiler.Trigger(name='leaves_a_stone', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nINSERT INTO registry_chainlink (chain, kind, ids, acted_by, latest_at)\nSELECT 'registry_trialareahistory', 'removed', array_agg(line.pgh_id),\n       acting(), max(line.pgh_created_at)\nFROM old_values AS line HAVING count(*) > 0;\nRETURN NULL;", hash='3e73ab0de6e8a32f81cd793e3c9292b6b1d6e122', level='STATEMENT', operation='DELETE', pgid='pgtrigger_leaves_a_stone_20ced', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_trialareahistory', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialareahistory',
            trigger=pgtrigger.compiler.Trigger(name='never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'history and access log are not emptied' USING ERRCODE = 'raise_exception';", hash='134523a3c7f6b354516c892140dbe529049fb27f', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_emptied_16b5b', table='registry_trialareahistory', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialareahistory',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='38c71d526dc9e1102e2304b284ef74fb23c1dc3d', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_94257', table='registry_trialareahistory', when='BEFORE')),
        ),
    ]
