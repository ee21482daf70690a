"""Invitations to a role at a centre."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import CentreRole
from registry.models.centre import Centre
from registry.models.history import keeps_history
from registry.models.stated_purpose import states_purpose
from registry.models.user import User


@keeps_history("token_digest")
class Invitation(models.Model):
    """A lead's invitation to a role at the centre. Its link works once and expires."""

    email = models.EmailField(_("e-mail address"))
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="invitations")
    role = models.CharField(_("role"), max_length=8, choices=CentreRole.choices)
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
                name="invitation_role_is_known", condition=models.Q(role__in=CentreRole.values)
            ),
            models.CheckConstraint(
                name="invitation_is_accepted_or_revoked",
                condition=models.Q(accepted_at=None) | models.Q(revoked_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} {self.centre_id}"
