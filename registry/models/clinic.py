"""What a clinic keeps beside its infusions: unfinished forms, and how far its records are complete."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.models.account import User
from registry.models.centre import Centre
from registry.models.history import keeps_history, moves_revision
from registry.models.patient import Patient


class CentresQuerySet(models.QuerySet):
    """Rows of centres; `visible_to` is the only way to show one to someone."""

    at = "centre"

    def visible_to(self, actor: Actor, permission: Permission = Permission.READ_RECORDS):
        """Rows of the centres where the actor holds the permission; none for anyone else."""
        centres = centres_where(actor, permission)
        return self.all() if centres is NATIONWIDE else self.filter(**{f"{self.at}__in": centres})


class Draft(models.Model):
    """An unfinished form, as typed. It never holds an identifier: whoever goes on writes it again,
    unless the person is known at the centre already.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="drafts")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, null=True, related_name="drafts")
    fields = models.JSONField(help_text="The form's fields by name, as typed, without the identifier.")
    saved_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="drafts")
    saved_at = models.DateTimeField(_("saved"), auto_now=True)

    objects = CentresQuerySet.as_manager()

    class Meta:
        ordering = ["-saved_at"]
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.CheckConstraint(name="draft_holds_no_identifier", condition=~Q(fields__has_key="patient_id")),
        ]

    def __str__(self) -> str:
        return f"{self.saved_at:%Y-%m-%d %H:%M}"


@keeps_history()
class Coverage(models.Model):
    """A lead's statement: all infusions of the centre up to and including this day are recorded."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="coverages")
    complete_through = models.DateField(_("complete through"))
    stated_by = models.CharField(_("by"), max_length=150)
    stated_at = models.DateTimeField(_("stated"), auto_now_add=True)

    objects = CentresQuerySet.as_manager()

    class Meta:
        ordering = ["-stated_at", "-id"]
        verbose_name = _("statement of completeness")
        verbose_name_plural = _("statements of completeness")
        triggers = [moves_revision()]

    def __str__(self) -> str:
        return f"{self.centre_id} {self.complete_through}"
