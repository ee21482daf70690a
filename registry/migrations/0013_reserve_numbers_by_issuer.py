
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0012_planned_doses'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='patientidentifier',
            name='identifier_type_is_known',
        ),
        migrations.AlterField(
            model_name='patientidentifier',
            name='type',
            field=models.CharField(choices=[('personal', 'Personal identity number'), ('coordination', 'Coordination number'), ('reserve_national', 'National reserve number'), ('reserve_stockholm', 'Reserve number, Region Stockholm'), ('reserve_vg', 'Reserve number, Västra Götaland'), ('reserve_regional', 'Reserve number, another region'), ('local', "The centre's own pseudonym")], max_length=20, verbose_name='type'),
        ),
        migrations.AlterField(
            model_name='patientidentifierhistory',
            name='type',
            field=models.CharField(choices=[('personal', 'Personal identity number'), ('coordination', 'Coordination number'), ('reserve_national', 'National reserve number'), ('reserve_stockholm', 'Reserve number, Region Stockholm'), ('reserve_vg', 'Reserve number, Västra Götaland'), ('reserve_regional', 'Reserve number, another region'), ('local', "The centre's own pseudonym")], max_length=20, verbose_name='type'),
        ),
        migrations.AddConstraint(
            model_name='patientidentifier',
            constraint=models.CheckConstraint(condition=models.Q(('type__in', ['personal', 'coordination', 'reserve_national', 'reserve_stockholm', 'reserve_vg', 'reserve_regional', 'local'])), name='identifier_type_is_known'),
        ),
    ]
