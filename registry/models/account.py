"""Who may sign in, and for which centres."""

from collections.abc import Iterator

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from registry.choices import CentreRole, NationalRole, Scope
from registry.models.centre import Centre
from registry.models.history import keeps_history


@keeps_history("password", "last_login")
class User(AbstractUser):
    """A person who signs in."""

    national_role = models.CharField(_("national role"), max_length=13, choices=NationalRole.choices, blank=True)

    def roles_at(self) -> Iterator[tuple[str, int | None]]:
        """(role, id of the centre) of every role held; None is the whole country."""
        if not self.is_active:
            return
        if self.national_role:
            yield self.national_role, None
        yield from self._memberships

    @cached_property
    def _memberships(self) -> tuple[tuple[str, int], ...]:
        """Asked once: a page asks for many permissions of one person."""
        return tuple(self.memberships.values_list("role", "centre_id"))


@keeps_history()
class Membership(models.Model):
    """Someone's role at a centre."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=8, choices=CentreRole.choices)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "centre"], name="membership_is_one_role"),
            models.CheckConstraint(
                name="membership_role_is_known", condition=models.Q(role__in=CentreRole.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.centre}"


@keeps_history("token_digest")
class Invitation(models.Model):
    """A lead's invitation to a role at the centre; the link in it works once, for some days."""

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


@keeps_history("digest", "last_used_at")
class Token(models.Model):
    """A key to the signed-in interface. It is shown once; the registry keeps its digest."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=60, help_text=_("What it is used for."))
    scope = models.CharField(_("scope"), max_length=5, choices=Scope.choices)
    digest = models.BinaryField(unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("valid until"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
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
