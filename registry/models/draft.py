"""A clinic's unfinished forms."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.models.centre import Centre
from registry.models.centre_rows import CentresQuerySet
from registry.models.patient import Patient
from registry.models.user import User


class Draft(models.Model):
    """An unfinished form, as typed and without the identifier, which is typed again when it is continued.

    A person who is known at the centre already is stored with it. One that the page has saved by itself is sealed,
    and its user's alone until they save it as a draft.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="drafts")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, null=True, related_name="drafts")
    fields = models.JSONField(help_text="The form's fields by name, as typed, without the identifier.")
    is_autosave = models.BooleanField(
        default=False, db_default=False, help_text="Whether the page has saved it by itself, for its user alone."
    )
    sealed = models.BinaryField(null=True, help_text="The same, encrypted, of one that the page has saved.")
    saved_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="drafts")
    saved_at = models.DateTimeField(_("saved"), auto_now=True)

    objects = CentresQuerySet.as_manager()

    class Meta:
        ordering = ["-saved_at"]
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.CheckConstraint(name="draft_holds_no_identifier", condition=~Q(fields__has_key="patient_id")),
            models.CheckConstraint(
                name="draft_is_sealed_if_autosaved",
                condition=Q(is_autosave=False, sealed=None) | Q(is_autosave=True, sealed__isnull=False, fields={}),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.saved_at:%Y-%m-%d %H:%M}"
