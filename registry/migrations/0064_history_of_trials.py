"""What a trial is of, beside the phase: its history first, which entries read after the table."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0063_trial_areas'),
    ]

    operations = [
        migrations.AddField(
            model_name='trialhistory',
            name='atmp_class',
            field=models.CharField(choices=[('in_vivo_gtmp', 'Gene therapy in vivo'), ('ex_vivo_gtmp', 'Gene therapy ex vivo'), ('sctmp', 'Somatic cell therapy'), ('tep', 'Tissue engineered product'), ('combined', 'Combined ATMP'), ('unknown', 'Unknown')], db_default='unknown', default='unknown', max_length=20, verbose_name='class'),
        ),
        migrations.AddField(
            model_name='trialhistory',
            name='is_car_t',
            field=models.BooleanField(blank=True, help_text='Infusions can be registered unless this is no.', null=True, verbose_name='CAR-T or TCR-T'),
        ),
        migrations.AddField(
            model_name='trialhistory',
            name='long_term_follow_up',
            field=models.BooleanField(db_default=False, default=False, verbose_name='long-term follow-up only'),
        ),
        migrations.AddField(
            model_name='trialhistory',
            name='other_identifiers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=17), blank=True, db_default=[], default=list, help_text='Other EU CT, EudraCT and NCT numbers of the same trial, with commas between.', size=None, verbose_name='other numbers'),
        ),
        migrations.AlterField(
            model_name='trialhistory',
            name='phase',
            field=models.CharField(choices=[('I', 'I'), ('I/II', 'I/II'), ('II', 'II'), ('II/III', 'II/III'), ('III', 'III'), ('IV', 'IV'), ('unknown', 'Unknown')], max_length=7, verbose_name='phase'),
        ),
        migrations.AlterField(
            model_name='trialhistory',
            name='sponsor',
            field=models.CharField(choices=[('academic', 'Academic'), ('industry', 'Industry'), ('unknown', 'Unknown')], max_length=8, verbose_name='sponsor'),
        ),
        migrations.AddField(
            model_name='trialhistory',
            name='area',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.trialarea', verbose_name='therapeutic area'),
        ),
    ]
