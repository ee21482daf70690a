from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("registry", "0030_last_seen")]

    operations = [migrations.RenameField("idempotencykey", "answer", "body")]
