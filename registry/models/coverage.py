"""How far a centre's records are complete."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.models.centre import Centre
from registry.models.centre_rows import CentresQuerySet
from registry.models.history import keeps_history
from registry.models.revision import moves_revision


@keeps_history()
class Coverage(models.Model):
    """A lead's attestation that all infusions of the centre up to and including this day are registered."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="coverages")
    complete_through = models.DateField(_("complete through"))
    stated_by = models.CharField(_("by"), max_length=150)
    stated_at = models.DateTimeField(_("stated"), auto_now_add=True)

    objects = CentresQuerySet.as_manager()

    class Meta:
        ordering = ["-stated_at", "-id"]
        verbose_name = _("attestation of completeness")
        verbose_name_plural = _("attestations of completeness")
        triggers = [moves_revision()]

    def __str__(self) -> str:
        return f"{self.centre_id} {self.complete_through}"
