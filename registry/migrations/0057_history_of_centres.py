"""A centre needs no order: its history, apart from the table itself, which entries read after it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0056_kept_apart'),
    ]

    operations = [
        migrations.AlterField(
            model_name='centrehistory',
            name='county',
            field=models.CharField(editable=False, max_length=60, verbose_name='name of the county'),
        ),
        migrations.AlterField(
            model_name='centrehistory',
            name='county_code',
            field=models.CharField(choices=[('01', 'Stockholm'), ('03', 'Uppsala'), ('04', 'Södermanland'), ('05', 'Östergötland'), ('06', 'Jönköping'), ('07', 'Kronoberg'), ('08', 'Kalmar'), ('09', 'Gotland'), ('10', 'Blekinge'), ('12', 'Skåne'), ('13', 'Halland'), ('14', 'Västra Götaland'), ('17', 'Värmland'), ('18', 'Örebro'), ('19', 'Västmanland'), ('20', 'Dalarna'), ('21', 'Gävleborg'), ('22', 'Västernorrland'), ('23', 'Jämtland'), ('24', 'Västerbotten'), ('25', 'Norrbotten')], max_length=2, verbose_name='county'),
        ),
        migrations.AlterField(
            model_name='centrehistory',
            name='position',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Centres are listed from north to south. One with a number here comes before those with a higher number and before all without.', null=True, verbose_name='position'),
        ),
        migrations.AlterField(
            model_name='centrehistory',
            name='region',
            field=models.CharField(choices=[('Norra', 'Norra'), ('Mellansverige', 'Mellansverige'), ('Stockholm–Gotland', 'Stockholm–Gotland'), ('Västra', 'Västra'), ('Sydöstra', 'Sydöstra'), ('Södra', 'Södra')], max_length=60, verbose_name='healthcare region'),
        ),
        migrations.AlterField(
            model_name='producthistory',
            name='position',
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='position'),
        ),
    ]
