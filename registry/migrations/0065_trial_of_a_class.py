"""What a trial is of, beside the phase, and its other numbers."""

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0064_history_of_trials'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='trial',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='trial',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='trial',
            name='delete_delete',
        ),
        migrations.RemoveConstraint(
            model_name='trial',
            name='trial_sponsor_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='trial',
            name='trial_phase_is_known',
        ),
        migrations.AddField(
            model_name='trial',
            name='atmp_class',
            field=models.CharField(choices=[('in_vivo_gtmp', 'Gene therapy in vivo'), ('ex_vivo_gtmp', 'Gene therapy ex vivo'), ('sctmp', 'Somatic cell therapy'), ('tep', 'Tissue engineered product'), ('combined', 'Combined ATMP'), ('unknown', 'Unknown')], db_default='unknown', default='unknown', max_length=20, verbose_name='class'),
        ),
        migrations.AddField(
            model_name='trial',
            name='is_car_t',
            field=models.BooleanField(blank=True, help_text='Infusions can be registered unless this is no.', null=True, verbose_name='CAR-T or TCR-T'),
        ),
        migrations.AddField(
            model_name='trial',
            name='long_term_follow_up',
            field=models.BooleanField(db_default=False, default=False, verbose_name='long-term follow-up only'),
        ),
        migrations.AddField(
            model_name='trial',
            name='other_identifiers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=17), blank=True, db_default=[], default=list, help_text='Other EU CT, EudraCT and NCT numbers of the same trial, with commas between.', size=None, verbose_name='other numbers'),
        ),
        migrations.AlterField(
            model_name='trial',
            name='phase',
            field=models.CharField(choices=[('I', 'I'), ('I/II', 'I/II'), ('II', 'II'), ('II/III', 'II/III'), ('III', 'III'), ('IV', 'IV'), ('unknown', 'Unknown')], max_length=7, verbose_name='phase'),
        ),
        migrations.AlterField(
            model_name='trial',
            name='sponsor',
            field=models.CharField(choices=[('academic', 'Academic'), ('industry', 'Industry'), ('unknown', 'Unknown')], max_length=8, verbose_name='sponsor'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trial',
            trigger=pgtrigger.compiler.Trigger(name='has_own_identifiers', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nPERFORM pg_advisory_xact_lock(7207);\nIF EXISTS (SELECT FROM unnest(NEW.other_identifiers) AS other WHERE other !~ '^(\\d{4}-5\\d{5}-\\d{2}-\\d{2}|\\d{4}-\\d{6}-\\d{2}|NCT\\d{8})$') THEN\n    RAISE EXCEPTION 'an identifier of no known form'\n    USING ERRCODE = 'check_violation', CONSTRAINT = 'trial_other_identifiers_are_of_a_form';\nEND IF;\nIF NEW.identifier = ANY(NEW.other_identifiers)\n   OR (SELECT count(*) <> count(DISTINCT other) FROM unnest(NEW.other_identifiers) AS other)\n   OR EXISTS (SELECT FROM registry_trial AS trial\n              WHERE trial.id IS DISTINCT FROM NEW.id\n                AND (NEW.identifier = ANY(trial.other_identifiers)\n                     OR trial.identifier = ANY(NEW.other_identifiers)\n                     OR trial.other_identifiers && NEW.other_identifiers)) THEN\n    RAISE EXCEPTION 'an identifier is of another trial, or stands twice'\n    USING ERRCODE = 'unique_violation', CONSTRAINT = 'trial_identifiers_are_its_own';\nEND IF;\nRETURN NEW;\n", hash='34d39e078e4f97825fee2624ab3da80be60b6928', operation='INSERT OR UPDATE', pgid='pgtrigger_has_own_identifiers_6d14e', table='registry_trial', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trial',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_trialhistory" ("area_id", "atmp_class", "id", "identifier", "is_car_t", "long_term_follow_up", "name", "other_identifiers", "pgh_created_at", "pgh_label", "pgh_obj_id", "phase", "sponsor", "sponsor_name") SELECT new_values."area_id", new_values."atmp_class", new_values."id", new_values."identifier", new_values."is_car_t", new_values."long_term_follow_up", new_values."name", new_values."other_identifiers", NOW(), \'insert\', new_values."id", new_values."phase", new_values."sponsor", new_values."sponsor_name" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='fe1743009b9dd156d912da929e3850e9b7f95d71', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_c9a52', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_trial', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trial',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_trialhistory" ("area_id", "atmp_class", "id", "identifier", "is_car_t", "long_term_follow_up", "name", "other_identifiers", "pgh_created_at", "pgh_label", "pgh_obj_id", "phase", "sponsor", "sponsor_name") SELECT new_values."area_id", new_values."atmp_class", new_values."id", new_values."identifier", new_values."is_car_t", new_values."long_term_follow_up", new_values."name", new_values."other_identifiers", NOW(), \'update\', new_values."id", new_values."phase", new_values."sponsor", new_values."sponsor_name" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='56f017ddc4b5afa6aa09345d84e3ce637c67b5e1', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_3f224', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_trial', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trial',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_trialhistory" ("area_id", "atmp_class", "id", "identifier", "is_car_t", "long_term_follow_up", "name", "other_identifiers", "pgh_created_at", "pgh_label", "pgh_obj_id", "phase", "sponsor", "sponsor_name") SELECT old_values."area_id", old_values."atmp_class", old_values."id", old_values."identifier", old_values."is_car_t", old_values."long_term_follow_up", old_values."name", old_values."other_identifiers", NOW(), \'delete\', old_values."id", old_values."phase", old_values."sponsor", old_values."sponsor_name" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='90d6ba2531d63d36c79d0d0eda4ac92d65770406', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_10f12', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_trial', when='AFTER')),
        ),
        migrations.AddField(
            model_name='trial',
            name='area',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='registry.trialarea', verbose_name='therapeutic area'),
        ),
        migrations.AddConstraint(
            model_name='trial',
            constraint=models.CheckConstraint(condition=models.Q(('sponsor__in', ['academic', 'industry', 'unknown'])), name='trial_sponsor_is_known'),
        ),
        migrations.AddConstraint(
            model_name='trial',
            constraint=models.CheckConstraint(condition=models.Q(('phase__in', ['I', 'I/II', 'II', 'II/III', 'III', 'IV', 'unknown'])), name='trial_phase_is_known'),
        ),
        migrations.AddConstraint(
            model_name='trial',
            constraint=models.CheckConstraint(condition=models.Q(('atmp_class__in', ['in_vivo_gtmp', 'ex_vivo_gtmp', 'sctmp', 'tep', 'combined', 'unknown'])), name='trial_class_is_known'),
        ),
    ]
