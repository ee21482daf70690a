from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0019_digest_of_birth_date")]

    operations = [
        migrations.AddField(
            model_name="referral",
            name="place",
            field=models.BinaryField(
                help_text="A sealed mark of date, sequence and product, by which a file's row is known again.",
                null=True,
            ),
        ),
    ]
