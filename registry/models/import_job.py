"""Uploaded exchange files."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.choices import ImportState
from registry.models.centre import Centre
from registry.models.user import User


class ImportJob(models.Model):
    """An uploaded exchange file and how far its job has come."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, help_text="The only centre allowed.")
    uploaded_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="imports")
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    state = models.CharField(_("state"), max_length=8, choices=ImportState.choices, default=ImportState.QUEUED)
    dry_run = models.BooleanField(default=True)
    stage = models.CharField(max_length=10, blank=True, help_text="What it is doing: reading, checking, storing.")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    read = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0, help_text="Or would be, in a dry run.")
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    warnings = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-uploaded_at"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.CheckConstraint(name="import_state_is_known", condition=Q(state__in=ImportState.values)),
            models.CheckConstraint(
                name="import_dry_run_stores_nothing", condition=~Q(state="stored", dry_run=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def sent(self) -> int:
        """How many rows of a checked file were already sent to the registry's steward."""
        judged = self.state in {ImportState.CHECKED, ImportState.REFUSED, ImportState.STORED} and not self.message
        return max(0, self.read - self.stored - self.unchanged - self.refused) if judged else 0


class SealedUpload(models.Model):
    """A file too large to be read in its request, encrypted until a worker has read it."""

    job = models.OneToOneField(ImportJob, on_delete=models.CASCADE, primary_key=True, related_name="sealed")
    content = models.BinaryField(help_text="Sealed under a key of the environment (sealing.py).")

    def __str__(self) -> str:
        return str(self.job_id)
