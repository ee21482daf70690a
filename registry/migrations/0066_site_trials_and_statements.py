"""Trials at hospitals, and what hospitals and manufacturing sites state."""

import django.contrib.postgres.functions
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import pgtrigger.compiler
import pgtrigger.migrations
import registry.models.history
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0065_trial_of_a_class'),
    ]

    operations = [
        migrations.CreateModel(
            name='ExemptionYear',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stated_by', models.CharField(max_length=120, verbose_name='stated by')),
                ('source', models.CharField(max_length=200, verbose_name='source')),
                ('about', models.BooleanField(default=False, help_text='The numbers are approximate.', verbose_name='about')),
                ('entered_by', models.CharField(editable=False, max_length=150, verbose_name='entered by')),
                ('entered_at', models.DateTimeField(auto_now_add=True, verbose_name='entered')),
                ('product', models.CharField(max_length=80, verbose_name='product')),
                ('atmp_class', models.CharField(choices=[('in_vivo_gtmp', 'Gene therapy in vivo'), ('ex_vivo_gtmp', 'Gene therapy ex vivo'), ('sctmp', 'Somatic cell therapy'), ('tep', 'Tissue engineered product'), ('combined', 'Combined ATMP'), ('unknown', 'Unknown')], default='unknown', max_length=20, verbose_name='class')),
                ('first_year', models.PositiveSmallIntegerField(blank=True, help_text='Only where the number is of several years, which are not stated one by one.', null=True, validators=[django.core.validators.MinValueValidator(1990), django.core.validators.MaxValueValidator(2200)], verbose_name='first year')),
                ('year', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1990), django.core.validators.MaxValueValidator(2200)], verbose_name='year')),
                ('through', models.DateField(help_text='The last day of what is counted: 31 December unless the year runs.', verbose_name='through')),
                ('patients', models.PositiveIntegerField(blank=True, null=True, verbose_name='patients')),
                ('deliveries', models.PositiveIntegerField(blank=True, null=True, verbose_name='deliveries')),
            ],
            options={
                'verbose_name': 'year of the hospital exemption',
                'verbose_name_plural': 'years of the hospital exemption',
                'ordering': ['centre', 'product', 'year', 'id'],
            },
        ),
        migrations.CreateModel(
            name='ManufacturingStatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stated_by', models.CharField(max_length=120, verbose_name='stated by')),
                ('source', models.CharField(max_length=200, verbose_name='source')),
                ('about', models.BooleanField(default=False, help_text='The numbers are approximate.', verbose_name='about')),
                ('entered_by', models.CharField(editable=False, max_length=150, verbose_name='entered by')),
                ('entered_at', models.DateTimeField(auto_now_add=True, verbose_name='entered')),
                ('as_of', models.DateField(verbose_name='as of')),
                ('batches', models.PositiveIntegerField(blank=True, null=True, verbose_name='batches')),
                ('dose_preparations', models.PositiveIntegerField(blank=True, null=True, verbose_name='dose preparations')),
                ('products', models.PositiveIntegerField(blank=True, null=True, verbose_name='kinds of product')),
                ('patients', models.PositiveIntegerField(blank=True, null=True, verbose_name='patients')),
                ('patients_with_imports', models.PositiveIntegerField(blank=True, null=True, verbose_name='patients with imports')),
                ('imports', models.PositiveIntegerField(blank=True, null=True, verbose_name='imports')),
                ('countries', models.PositiveIntegerField(blank=True, null=True, verbose_name='receiving countries')),
            ],
            options={
                'verbose_name': 'statement on manufacture',
                'verbose_name_plural': 'statements on manufacture',
                'ordering': ['site', 'as_of', 'id'],
            },
        ),
        migrations.CreateModel(
            name='SiteTrial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit', models.CharField(blank=True, help_text='The clinic or unit of the principal investigator.', max_length=120, verbose_name='unit')),
                ('source', models.CharField(blank=True, max_length=200, verbose_name='source')),
            ],
            options={
                'verbose_name': 'trial at a hospital',
                'verbose_name_plural': 'trials at hospitals',
                'ordering': ['centre', 'trial'],
            },
        ),
        migrations.CreateModel(
            name='SiteTrialHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=registry.models.history.Acting())),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('salt', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False)),
                ('id', models.BigIntegerField()),
                ('unit', models.CharField(blank=True, help_text='The clinic or unit of the principal investigator.', max_length=120, verbose_name='unit')),
                ('source', models.CharField(blank=True, max_length=200, verbose_name='source')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SiteTrialStatus',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('planned', 'Planned'), ('recruiting', 'Recruiting'), ('follow_up', 'In follow-up'), ('closed', 'Closed'), ('withdrawn', 'Withdrawn, never opened')], max_length=10, verbose_name='status')),
                ('since', models.DateField(verbose_name='since')),
                ('date_precision', models.CharField(choices=[('day', 'Day'), ('month', 'Month'), ('year', 'Year')], default='day', max_length=5, verbose_name='precision of the date')),
                ('explanation', models.CharField(blank=True, help_text='Why a closed trial recruits again.', max_length=200, verbose_name='explanation')),
            ],
            options={
                'verbose_name': 'status of a trial at a hospital',
                'verbose_name_plural': 'statuses of trials at hospitals',
                'ordering': ['since', 'id'],
            },
        ),
        migrations.CreateModel(
            name='SiteTrialStatusHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=registry.models.history.Acting())),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('salt', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False)),
                ('id', models.BigIntegerField()),
                ('status', models.CharField(choices=[('planned', 'Planned'), ('recruiting', 'Recruiting'), ('follow_up', 'In follow-up'), ('closed', 'Closed'), ('withdrawn', 'Withdrawn, never opened')], max_length=10, verbose_name='status')),
                ('since', models.DateField(verbose_name='since')),
                ('date_precision', models.CharField(choices=[('day', 'Day'), ('month', 'Month'), ('year', 'Year')], default='day', max_length=5, verbose_name='precision of the date')),
                ('explanation', models.CharField(blank=True, help_text='Why a closed trial recruits again.', max_length=200, verbose_name='explanation')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='StatementClass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('atmp_class', models.CharField(choices=[('in_vivo_gtmp', 'Gene therapy in vivo'), ('ex_vivo_gtmp', 'Gene therapy ex vivo'), ('sctmp', 'Somatic cell therapy'), ('tep', 'Tissue engineered product'), ('combined', 'Combined ATMP'), ('vaccine_prophylactic', 'Prophylactic vaccine'), ('vaccine_therapeutic', 'Therapeutic vaccine'), ('other', 'Other'), ('unknown', 'Unknown')], max_length=20, verbose_name='class')),
                ('products', models.PositiveIntegerField(verbose_name='kinds of product')),
            ],
            options={
                'ordering': ['statement', 'atmp_class'],
            },
        ),
        migrations.CreateModel(
            name='StatementCountry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('country', models.CharField(help_text='By ISO 3166-1, such as NO.', max_length=2, verbose_name='country')),
            ],
            options={
                'ordering': ['statement', 'country'],
            },
        ),
        migrations.CreateModel(
            name='TrialConfirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stated_by', models.CharField(max_length=150, verbose_name='by')),
                ('stated_on', models.DateField(verbose_name='confirmed')),
            ],
            options={
                'verbose_name': 'confirmation of trials',
                'verbose_name_plural': 'confirmations of trials',
                'ordering': ['-stated_on', '-id'],
            },
        ),
        migrations.CreateModel(
            name='TrialConfirmationHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('acted_by', models.TextField(db_default=registry.models.history.Acting())),
                ('reason', models.TextField(db_default=django.db.models.functions.comparison.Coalesce(registry.models.history.CurrentSetting('swecar.reason'), models.Value('')))),
                ('salt', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False)),
                ('id', models.BigIntegerField()),
                ('stated_by', models.CharField(max_length=150, verbose_name='by')),
                ('stated_on', models.DateField(verbose_name='confirmed')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='exemptionyear',
            name='centre',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exemption_years', to='registry.centre', verbose_name='centre'),
        ),
        migrations.AddField(
            model_name='manufacturingstatement',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='registry.manufacturingsite', verbose_name='site'),
        ),
        migrations.AddField(
            model_name='sitetrial',
            name='centre',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='site_trials', to='registry.centre', verbose_name='centre'),
        ),
        migrations.AddField(
            model_name='sitetrial',
            name='trial',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='site_trials', to='registry.trial', verbose_name='trial'),
        ),
        migrations.AddField(
            model_name='sitetrialhistory',
            name='centre',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.centre', verbose_name='centre'),
        ),
        migrations.AddField(
            model_name='sitetrialhistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.sitetrial'),
        ),
        migrations.AddField(
            model_name='sitetrialhistory',
            name='trial',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.trial', verbose_name='trial'),
        ),
        migrations.AddField(
            model_name='sitetrialstatus',
            name='site_trial',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='statuses', to='registry.sitetrial', verbose_name='trial at a hospital'),
        ),
        migrations.AddField(
            model_name='sitetrialstatushistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.sitetrialstatus'),
        ),
        migrations.AddField(
            model_name='sitetrialstatushistory',
            name='site_trial',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.sitetrial', verbose_name='trial at a hospital'),
        ),
        migrations.AddField(
            model_name='statementclass',
            name='statement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='classes', to='registry.manufacturingstatement'),
        ),
        migrations.AddField(
            model_name='statementcountry',
            name='statement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receiving_countries', to='registry.manufacturingstatement'),
        ),
        migrations.AddField(
            model_name='trialconfirmation',
            name='centre',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trial_confirmations', to='registry.centre'),
        ),
        migrations.AddField(
            model_name='trialconfirmationhistory',
            name='centre',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.centre'),
        ),
        migrations.AddField(
            model_name='trialconfirmationhistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history_rows', to='registry.trialconfirmation'),
        ),
        migrations.AddConstraint(
            model_name='exemptionyear',
            constraint=models.CheckConstraint(condition=models.Q(('atmp_class__in', ['in_vivo_gtmp', 'ex_vivo_gtmp', 'sctmp', 'tep', 'combined', 'unknown'])), name='exemption_class_is_known'),
        ),
        migrations.AddConstraint(
            model_name='exemptionyear',
            constraint=models.CheckConstraint(condition=models.Q(('year__range', (1990, 2200))), name='exemption_year_is_a_year'),
        ),
        migrations.AddConstraint(
            model_name='exemptionyear',
            constraint=models.CheckConstraint(condition=models.Q(('through__year', models.F('year'))), name='exemption_runs_in_its_year'),
        ),
        migrations.AddConstraint(
            model_name='exemptionyear',
            constraint=models.CheckConstraint(condition=models.Q(('first_year', None), models.Q(('first_year__gte', 1990), ('first_year__lt', models.F('year'))), _connector='OR'), name='exemption_begins_before_its_year'),
        ),
        migrations.AddConstraint(
            model_name='exemptionyear',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('product', ''), _negated=True), models.Q(('source', ''), _negated=True), models.Q(('stated_by', ''), _negated=True)), name='exemption_has_product_and_source'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exemptionyear',
            trigger=pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='9ae628e6009d2cf2e4501f757ad0e8d8f5b29c64', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_175c8', table='registry_exemptionyear', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exemptionyear',
            trigger=pgtrigger.compiler.Trigger(name='stays_as_stated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='06b23859d660991ef43863c62b504d4f7d5ba821', operation='UPDATE OR DELETE', pgid='pgtrigger_stays_as_stated_f1347', table='registry_exemptionyear', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='manufacturingstatement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('source', ''), _negated=True), models.Q(('stated_by', ''), _negated=True)), name='manufacturing_statement_has_a_source'),
        ),
        migrations.AddConstraint(
            model_name='manufacturingstatement',
            constraint=models.CheckConstraint(condition=models.Q(('patients', None), ('patients_with_imports', None), models.Q(('imports', 0), ('patients', models.F('patients_with_imports'))), models.Q(models.Q(('imports', None), ('imports__gt', 0), _connector='OR'), ('patients__lte', models.F('patients_with_imports'))), _connector='OR'), name='manufacturing_imports_add_patients'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='manufacturingstatement',
            trigger=pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='4a9142f4875760d904455a8a5527841574a22386', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_218e1', table='registry_manufacturingstatement', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='manufacturingstatement',
            trigger=pgtrigger.compiler.Trigger(name='stays_as_stated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='2319e2df4cf16c60e69e36e4e1f9ab33ba87190f', operation='UPDATE OR DELETE', pgid='pgtrigger_stays_as_stated_19c76', table='registry_manufacturingstatement', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='sitetrial',
            constraint=models.UniqueConstraint(fields=('trial', 'centre'), name='site_trial_is_there_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrial',
            trigger=pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='938605693036b26879b42a07f74f92ce081e0822', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_02c34', table='registry_sitetrial', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrial',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_sitetrialhistory" ("centre_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source", "trial_id", "unit") SELECT new_values."centre_id", new_values."id", NOW(), \'insert\', new_values."id", new_values."source", new_values."trial_id", new_values."unit" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c5376aa1dc17ef80400d800b7098dcb781c8a1e2', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_c0ae9', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_sitetrial', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrial',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_sitetrialhistory" ("centre_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source", "trial_id", "unit") SELECT new_values."centre_id", new_values."id", NOW(), \'update\', new_values."id", new_values."source", new_values."trial_id", new_values."unit" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='a00fbc851df5b539cffab6b5c44ce4d63ae85259', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_f6eb5', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_sitetrial', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrial',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_sitetrialhistory" ("centre_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source", "trial_id", "unit") SELECT old_values."centre_id", old_values."id", NOW(), \'delete\', old_values."id", old_values."source", old_values."trial_id", old_values."unit" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='5c5a7ce70fa0e8c1f4ac11c65692160d09c50720', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_9404a', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_sitetrial', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrialhistory',
            trigger=pgtrigger.compiler.Trigger(name='linked', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE encoding TEXT := pg_client_encoding();', func="\nIF encoding <> 'UTF8' THEN PERFORM set_config('client_encoding', 'UTF8', true); END IF;\n\nINSERT INTO registry_chainlink (chain, kind, width, ids, hashes)\nSELECT 'registry_sitetrialhistory', 'added', (SELECT count(*) FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped), array_agg(line.pgh_id), array_agg(sha256(record_send(line)))\nFROM new_values AS line HAVING count(*) > 0;\n\nIF encoding <> 'UTF8' THEN PERFORM set_config('client_encoding', encoding, true); END IF;\nRETURN NULL;\n", hash='dae60a4f1a9e19543689d423c580e4c919a79182', level='STATEMENT', operation='INSERT', pgid='pgtrigger_linked_98fc3', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_sitetrialhistory', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrialhistory',
            trigger=pgtrigger.compiler.Trigger(name='leaves_a_stone', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nINSERT INTO registry_chainlink (chain, kind, ids, acted_by, latest_at)\nSELECT 'registry_sitetrialhistory', 'removed', array_agg(line.pgh_id),\n       acting(), max(line.pgh_created_at)\nFROM old_values AS line HAVING count(*) > 0;\nRETURN NULL;", hash='2961241af8e146b588d106646a4633dfae62f03b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_leaves_a_stone_4bfde', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_sitetrialhistory', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrialhistory',
            trigger=pgtrigger.compiler.Trigger(name='never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'history and access log are not emptied' USING ERRCODE = 'raise_exception';", hash='f56388136055e1d4377eefd57fd69a1ad620d94d', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_emptied_6c307', table='registry_sitetrialhistory', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrialhistory',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='b1673cbb8fc85487ff7a27831bff7ae37119725d', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_814a4', table='registry_sitetrialhistory', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='sitetrialstatus',
            constraint=models.UniqueConstraint(fields=('site_trial', 'since', 'status'), name='site_trial_status_is_there_once'),
        ),
        migrations.AddConstraint(
            model_name='sitetrialstatus',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['planned', 'recruiting', 'follow_up', 'closed', 'withdrawn'])), name='site_trial_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='sitetrialstatus',
            constraint=models.CheckConstraint(condition=models.Q(('date_precision', 'day'), models.Q(('date_precision', 'month'), ('since__day', 1)), models.Q(('date_precision', 'year'), ('since__day', 1), ('since__month', 1)), _connector='OR'), name='site_trial_status_since_begins_its_period'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrialstatus',
            trigger=pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='48c3d76a054ba2100fb863815a825871126b1ca4', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_a6a38', table='registry_sitetrialstatus', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrialstatus',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_sitetrialstatushistory" ("date_precision", "explanation", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "since", "site_trial_id", "status") SELECT new_values."date_precision", new_values."explanation", new_values."id", NOW(), \'insert\', new_values."id", new_values."since", new_values."site_trial_id", new_values."status" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='4ff2c909b87bf9eac5a9ffcd4fac81a64d134d61', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_a363b', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_sitetrialstatus', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrialstatus',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_sitetrialstatushistory" ("date_precision", "explanation", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "since", "site_trial_id", "status") SELECT new_values."date_precision", new_values."explanation", new_values."id", NOW(), \'update\', new_values."id", new_values."since", new_values."site_trial_id", new_values."status" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f9f3e7f84aa025a6da5bb41ca94bd3121981dc8c', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_76e94', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_sitetrialstatus', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrialstatus',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_sitetrialstatushistory" ("date_precision", "explanation", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "since", "site_trial_id", "status") SELECT old_values."date_precision", old_values."explanation", old_values."id", NOW(), \'delete\', old_values."id", old_values."since", old_values."site_trial_id", old_values."status" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='d8a987490148f97ba9314645da48111174fa4279', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_2fbc5', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_sitetrialstatus', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrialstatushistory',
            trigger=pgtrigger.compiler.Trigger(name='linked', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE encoding TEXT := pg_client_encoding();', func="\nIF encoding <> 'UTF8' THEN PERFORM set_config('client_encoding', 'UTF8', true); END IF;\n\nINSERT INTO registry_chainlink (chain, kind, width, ids, hashes)\nSELECT 'registry_sitetrialstatushistory', 'added', (SELECT count(*) FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped), array_agg(line.pgh_id), array_agg(sha256(record_send(line)))\nFROM new_values AS line HAVING count(*) > 0;\n\nIF encoding <> 'UTF8' THEN PERFORM set_config('client_encoding', encoding, true); END IF;\nRETURN NULL;\n", hash='f326680f3c7027ecf0be373371f28094119fe312', level='STATEMENT', operation='INSERT', pgid='pgtrigger_linked_7fc1b', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_sitetrialstatushistory', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrialstatushistory',
            trigger=pgtrigger.compiler.Trigger(name='leaves_a_stone', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nINSERT INTO registry_chainlink (chain, kind, ids, acted_by, latest_at)\nSELECT 'registry_sitetrialstatushistory', 'removed', array_agg(line.pgh_id),\n       acting(), max(line.pgh_created_at)\nFROM old_values AS line HAVING count(*) > 0;\nRETURN NULL;", hash='a4fed0208c21e100dac5e884939d2250265a9579', level='STATEMENT', operation='DELETE', pgid='pgtrigger_leaves_a_stone_91e9c', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_sitetrialstatushistory', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrialstatushistory',
            trigger=pgtrigger.compiler.Trigger(name='never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'history and access log are not emptied' USING ERRCODE = 'raise_exception';", hash='247a0aac2c23d7b1839b600dbcac717f3f61e4be', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_emptied_20cb2', table='registry_sitetrialstatushistory', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sitetrialstatushistory',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='7bf2b5fd606d495b7aaf755bcd79b5b322db72e1', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_ff4d0', table='registry_sitetrialstatushistory', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='statementclass',
            constraint=models.UniqueConstraint(fields=('statement', 'atmp_class'), name='statement_class_is_there_once'),
        ),
        migrations.AddConstraint(
            model_name='statementclass',
            constraint=models.CheckConstraint(condition=models.Q(('atmp_class__in', ['in_vivo_gtmp', 'ex_vivo_gtmp', 'sctmp', 'tep', 'combined', 'vaccine_prophylactic', 'vaccine_therapeutic', 'other', 'unknown'])), name='statement_class_is_known'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='statementclass',
            trigger=pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='86b8ac659404ac17cf1ea10facf6cfb77e0f50cc', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_f253d', table='registry_statementclass', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='statementclass',
            trigger=pgtrigger.compiler.Trigger(name='stays_as_stated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='1bf79940e954650950a824feb182b168323c3ed9', operation='UPDATE OR DELETE', pgid='pgtrigger_stays_as_stated_a0e3b', table='registry_statementclass', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='statementcountry',
            constraint=models.UniqueConstraint(fields=('statement', 'country'), name='statement_country_is_there_once'),
        ),
        migrations.AddConstraint(
            model_name='statementcountry',
            constraint=models.CheckConstraint(condition=models.Q(('country__regex', '^[A-Z]{2}$')), name='statement_country_is_two_letters'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='statementcountry',
            trigger=pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='1d96ab14c91153ac1bdee4265b7d5ca1a01aa05f', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_9b3af', table='registry_statementcountry', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='statementcountry',
            trigger=pgtrigger.compiler.Trigger(name='stays_as_stated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='41962b07b2b8c438a346f5bdbfaa5412333c1854', operation='UPDATE OR DELETE', pgid='pgtrigger_stays_as_stated_e9814', table='registry_statementcountry', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialconfirmation',
            trigger=pgtrigger.compiler.Trigger(name='moves_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE registry_revision SET number = number + 1; RETURN NULL;', hash='0b22b0b64a0d13673aa924201216f2eda7a6c62f', level='STATEMENT', operation='INSERT OR UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_moves_revision_00cf0', table='registry_trialconfirmation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialconfirmation',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_trialconfirmationhistory" ("centre_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "stated_by", "stated_on") SELECT new_values."centre_id", new_values."id", NOW(), \'insert\', new_values."id", new_values."stated_by", new_values."stated_on" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='2992c27ba19643ae28d2e42b1748edb0f0385b49', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_2e396', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_trialconfirmation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialconfirmation',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_trialconfirmationhistory" ("centre_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "stated_by", "stated_on") SELECT new_values."centre_id", new_values."id", NOW(), \'update\', new_values."id", new_values."stated_by", new_values."stated_on" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='5e8269b97ce953a7ab2b4f1a8b9830ba1a6c44f0', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_af919', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='registry_trialconfirmation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialconfirmation',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registry_trialconfirmationhistory" ("centre_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "stated_by", "stated_on") SELECT old_values."centre_id", old_values."id", NOW(), \'delete\', old_values."id", old_values."stated_by", old_values."stated_on" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='e93074edfecdb897e40c6eb0385e76a272c0893d', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_aa7f3', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_trialconfirmation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialconfirmationhistory',
            trigger=pgtrigger.compiler.Trigger(name='linked', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE encoding TEXT := pg_client_encoding();', func="\nIF encoding <> 'UTF8' THEN PERFORM set_config('client_encoding', 'UTF8', true); END IF;\n\nINSERT INTO registry_chainlink (chain, kind, width, ids, hashes)\nSELECT 'registry_trialconfirmationhistory', 'added', (SELECT count(*) FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped), array_agg(line.pgh_id), array_agg(sha256(record_send(line)))\nFROM new_values AS line HAVING count(*) > 0;\n\nIF encoding <> 'UTF8' THEN PERFORM set_config('client_encoding', encoding, true); END IF;\nRETURN NULL;\n", hash='8fe2989402a264ad38e6a283c8fc14b5c668e171', level='STATEMENT', operation='INSERT', pgid='pgtrigger_linked_e1bde', referencing='REFERENCING NEW TABLE AS new_values ', table='registry_trialconfirmationhistory', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialconfirmationhistory',
            trigger=pgtrigger.compiler.Trigger(name='leaves_a_stone', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nINSERT INTO registry_chainlink (chain, kind, ids, acted_by, latest_at)\nSELECT 'registry_trialconfirmationhistory', 'removed', array_agg(line.pgh_id),\n       acting(), max(line.pgh_created_at)\nFROM old_values AS line HAVING count(*) > 0;\nRETURN NULL;", hash='abbc75ec4ec61f30e11886886bd2837b9eaed2fc', level='STATEMENT', operation='DELETE', pgid='pgtrigger_leaves_a_stone_c908e', referencing='REFERENCING OLD TABLE AS old_values ', table='registry_trialconfirmationhistory', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialconfirmationhistory',
            trigger=pgtrigger.compiler.Trigger(name='never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'history and access log are not emptied' USING ERRCODE = 'raise_exception';", hash='da0b4db5793c8a434fbece5ee2f1b193feff02cc', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_emptied_c3438', table='registry_trialconfirmationhistory', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trialconfirmationhistory',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='f225be7d40c0a0702f2daf163b3c675ef24c2ec7', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_c3c79', table='registry_trialconfirmationhistory', when='BEFORE')),
        ),
    ]
