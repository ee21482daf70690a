"""What the latest release counted."""

from django.db import models


class ReleasedInfusion(models.Model):
    """An infusion as the latest release counted it, for the comparison with the next release.

    Not public, and deleted with its infusion, so that an erasure leaves nothing here.
    """

    infusion = models.OneToOneField(
        "registry.Infusion", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    patient = models.BigIntegerField()
    centre = models.TextField()
    category = models.TextField()
    values = models.TextField(help_text="All else that a number is made of.")

    def __str__(self) -> str:
        return f"{self.infusion_id}"
