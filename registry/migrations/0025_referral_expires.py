from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0024_drawn_question_numbers"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="referral",
            name="referral_state_is_known",
        ),
        migrations.RemoveConstraint(
            model_name="referral",
            name="referral_is_open_or_erased",
        ),
        migrations.AlterField(
            model_name="referral",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "Sent to the steward, waiting"),
                    ("released", "Settled and stored"),
                    ("declined", "Settled, not stored"),
                    ("taken_back", "Taken back"),
                    ("expired", "Not settled in time, erased"),
                ],
                default="open",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "released", "declined", "taken_back", "expired"])),
                name="referral_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("infusion", None),
                        ("settled_at", None),
                        ("settled_by", ""),
                        ("state", "open"),
                        models.Q(
                            models.Q(("chain", None), ("patient__isnull", False)),
                            models.Q(("chain__isnull", False), ("patient", None)),
                            _connector="OR",
                        ),
                    ),
                    models.Q(
                        models.Q(("state", "open"), _negated=True),
                        ("birth_year", None),
                        ("chain", None),
                        ("fields", {}),
                        ("identifier_type", ""),
                        ("settled_at__isnull", False),
                        models.Q(
                            models.Q(("settled_by", ""), ("state", "expired")),
                            models.Q(
                                models.Q(("state", "expired"), _negated=True),
                                models.Q(("settled_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="referral_is_open_or_erased",
            ),
        ),
    ]
