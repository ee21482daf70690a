"""Regions and counties are code lists, and a centre needs no order.

A region or a county that is in no list stays until the row is changed: hence the constraints are not checked here.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0057_history_of_centres'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='centre',
            options={'ordering': [models.OrderBy(models.F('position'), nulls_last=True), '-latitude', 'code'], 'verbose_name': 'centre', 'verbose_name_plural': 'centres'},
        ),
        migrations.AlterModelOptions(
            name='product',
            options={'ordering': [models.OrderBy(models.F('authorised_on'), nulls_last=True), 'name'], 'verbose_name': 'product', 'verbose_name_plural': 'products'},
        ),
        migrations.AlterField(
            model_name='centre',
            name='county',
            field=models.CharField(editable=False, max_length=60, verbose_name='name of the county'),
        ),
        migrations.AlterField(
            model_name='centre',
            name='county_code',
            field=models.CharField(choices=[('01', 'Stockholm'), ('03', 'Uppsala'), ('04', 'Södermanland'), ('05', 'Östergötland'), ('06', 'Jönköping'), ('07', 'Kronoberg'), ('08', 'Kalmar'), ('09', 'Gotland'), ('10', 'Blekinge'), ('12', 'Skåne'), ('13', 'Halland'), ('14', 'Västra Götaland'), ('17', 'Värmland'), ('18', 'Örebro'), ('19', 'Västmanland'), ('20', 'Dalarna'), ('21', 'Gävleborg'), ('22', 'Västernorrland'), ('23', 'Jämtland'), ('24', 'Västerbotten'), ('25', 'Norrbotten')], max_length=2, verbose_name='county'),
        ),
        migrations.AlterField(
            model_name='centre',
            name='position',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Centres are listed from north to south. One with a number here comes before those with a higher number and before all without.', null=True, verbose_name='position'),
        ),
        migrations.AlterField(
            model_name='centre',
            name='region',
            field=models.CharField(choices=[('Norra', 'Norra'), ('Mellansverige', 'Mellansverige'), ('Stockholm–Gotland', 'Stockholm–Gotland'), ('Västra', 'Västra'), ('Sydöstra', 'Sydöstra'), ('Södra', 'Södra')], max_length=60, verbose_name='healthcare region'),
        ),
        migrations.AlterField(
            model_name='product',
            name='position',
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='position'),
        ),
        AddConstraintNotValid(
            model_name='centre',
            constraint=models.CheckConstraint(condition=models.Q(('region__in', ['Norra', 'Mellansverige', 'Stockholm–Gotland', 'Västra', 'Sydöstra', 'Södra'])), name='centre_region_is_known'),
        ),
        AddConstraintNotValid(
            model_name='centre',
            constraint=models.CheckConstraint(condition=models.Q(('county_code__in', ['01', '03', '04', '05', '06', '07', '08', '09', '10', '12', '13', '14', '17', '18', '19', '20', '21', '22', '23', '24', '25'])), name='centre_county_is_known'),
        ),
    ]
