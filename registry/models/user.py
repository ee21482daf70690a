"""Who may sign in, and with which roles."""

from collections.abc import Iterable, Iterator
from typing import Any

import pgtrigger
from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from registry.choices import CentreRole, NationalRole, NewsMail
from registry.models.centre import Centre
from registry.models.history import keeps_history
from registry.models.stated_purpose import states_purpose
from registry.models.tokens_end import ends_tokens

LOSES = """
OLD.is_active AND NOT NEW.is_active OR OLD.national_role <> '' AND NEW.national_role <> OLD.national_role
"""


@keeps_history("password", "last_login", "dormant_told_on", "changes_seen_at", "news_mail", "news_until")
class User(AbstractUser):
    """A person who signs in."""

    national_role = models.CharField(_("national role"), max_length=13, choices=NationalRole.choices, blank=True)

    dormant_told_on = models.DateField(_("told that it is not used"), null=True, blank=True, editable=False)
    changes_seen_at = models.DateTimeField(_("has seen changes"), null=True, blank=True, editable=False)
    news_mail = models.CharField(
        _("mail about what is new"), max_length=5, choices=NewsMail.choices, default=NewsMail.DAILY,
        db_default=NewsMail.DAILY,
    )  # fmt: skip
    news_until = models.DateTimeField(
        _("has been mailed what was new until"), null=True, blank=True, editable=False
    )
    password_is_anothers = models.BooleanField(_("password set by somebody else"), default=False, db_default=False)
    factor_removed = models.BooleanField(
        _("second factor removed by somebody else"), default=False, db_default=False
    )

    class Meta(AbstractUser.Meta):
        triggers = [states_purpose(), ends_tokens(owner="id", operation=pgtrigger.Update, condition=LOSES)]

    def set_password(self, raw_password: str | None) -> None:
        """Set the user's own; whoever sets another's says so afterwards."""
        super().set_password(raw_password)
        self.password_is_anothers = False

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store; a new password ends the user's tokens. A hash that a sign-in renews is none."""
        is_new_password = self._password is not None and self.pk is not None  # type: ignore[attr-defined]
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_new_password:
                self.tokens.filter(revoked_at=None).update(revoked_at=timezone.now())

    def roles_at(self) -> Iterator[tuple[str, int | None]]:
        """Each role held, with the id of its centre; None for the whole country."""
        if not self.is_active or self.pk is None:
            return
        if self.national_role:
            yield self.national_role, None
        yield from self._memberships

    def know_roles(self, roles: Iterable[tuple[str, int]]) -> None:
        """Take the roles at centres from who has read them with the user."""
        self.__dict__["_memberships"] = tuple(roles)

    @cached_property
    def _memberships(self) -> tuple[tuple[str, int], ...]:
        """Cached, since a page checks many permissions of one user."""
        return tuple(self.memberships.values_list("role", "centre_id"))


LEADS_NO_LONGER = f"""
(OLD.user_id, OLD.centre_id) <> (NEW.user_id, NEW.centre_id)
OR OLD.role = '{CentreRole.LEAD}' AND NEW.role <> OLD.role
"""


@keeps_history()
class Membership(models.Model):
    """A user's role at a centre."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=8, choices=CentreRole.choices)

    class Meta:
        triggers = [
            ends_tokens(owner="user_id", operation=pgtrigger.Delete),
            ends_tokens(owner="user_id", operation=pgtrigger.Update, condition=LEADS_NO_LONGER),
        ]
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
