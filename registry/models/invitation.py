"""Invitations to a role at a centre, or to administer the registry."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import CentreRole, NationalRole
from registry.models.centre import Centre
from registry.models.history import keeps_history
from registry.models.stated_purpose import states_purpose
from registry.models.user import User


@keeps_history("token_digest")
class Invitation(models.Model):
    """An invitation to a role at a centre, or without one to administer the registry.

    Its link works once and expires.
    """

    ROLES = (*CentreRole.choices, (NationalRole.ADMINISTRATOR.value, NationalRole.ADMINISTRATOR.label))

    email = models.EmailField(_("e-mail address"))
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, related_name="invitations")
    role = models.CharField(_("role"), max_length=13, choices=ROLES)
    token_digest = models.BinaryField(unique=True, editable=False)
    invited_by = models.CharField(_("invited by"), max_length=150)
    invited_at = models.DateTimeField(_("invited"), auto_now_add=True)
    expires_at = models.DateTimeField(_("valid until"))
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        ordering = ["-invited_at"]
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        triggers = [states_purpose()]
        constraints = [
            models.CheckConstraint(
                name="invitation_role_is_known",
                condition=models.Q(role__in=CentreRole.values, centre__isnull=False)
                | models.Q(role=NationalRole.ADMINISTRATOR, centre=None),
            ),
            models.CheckConstraint(
                name="invitation_is_accepted_or_revoked",
                condition=models.Q(accepted_at=None) | models.Q(revoked_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} {self.centre_id or self.role}"
