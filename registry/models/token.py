"""Keys to the signed-in API."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import Scope
from registry.models.history import keeps_history
from registry.models.user import User


@keeps_history("digest", "last_used_at", "last_used_from")
class Token(models.Model):
    """A key to the signed-in API. It is shown once; only its digest is stored."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=60, help_text=_("What it is used for."))
    scope = models.CharField(_("scope"), max_length=5, choices=Scope.choices)
    digest = models.BinaryField(unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("valid until"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    last_used_from = models.GenericIPAddressField(_("from where"), null=True, blank=True)
    networks = models.TextField(
        _("networks"),
        blank=True,
        default="",
        db_default="",
        help_text=_("From which alone it is taken, with spaces between; empty: from any."),
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        constraints = [
            models.CheckConstraint(name="token_scope_is_known", condition=models.Q(scope__in=Scope.values)),
            models.CheckConstraint(
                name="token_expires_after_creation", condition=models.Q(expires_at__gt=models.F("created_at"))
            ),
        ]

    def __str__(self) -> str:
        return self.name
