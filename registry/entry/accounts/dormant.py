"""Closing accounts that nobody uses, a month after their owners have been told."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Max
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from registry.access import Operator, acting_as
from registry.choices import NationalRole
from registry.entry.accounts.mails import mail_owner
from registry.models import User
from registry.sentences import NOT_USED

BEFORE = gettext_noop(
    "Your account %(name)s in swecar has not been used for a long time. It will be closed on %(day)s. Sign in "
    "before then to keep it."
)
AFTER = gettext_noop(
    "Your account %(name)s in swecar has been closed, since it was not used. An administrator can open it again."
)
TOLD_BEFORE = timedelta(days=30)
now = timezone.now


def close_dormant() -> int:
    """Each night: tell the owners of accounts unused for DORMANT_DAYS less a month; close a month later.

    A sign-in is use, and so is the use of a token. The last administrator's account stays. Returns how many were
    closed.
    """
    at = now()
    soon = at - timedelta(days=settings.DORMANT_DAYS) + TOLD_BEFORE
    tokens = Coalesce(Max("tokens__last_used_at"), F("date_joined"))
    used = Greatest(F("date_joined"), Coalesce(F("last_login"), F("date_joined")), tokens)
    accounts = User.objects.filter(is_active=True).annotate(used=used).order_by("used")
    awake = accounts.filter(used__gt=soon).exclude(dormant_told_on=None)
    User.objects.filter(pk__in=awake.values("pk")).update(dormant_told_on=None)
    closed = 0
    for user in accounts.filter(used__lte=soon).defer("password"):  # which a worker may not read
        if user.dormant_told_on is None:
            _tell(user, at)
        elif user.dormant_told_on <= (at - TOLD_BEFORE).date():
            closed += _close(user)
    return closed


def _tell(user: User, at: datetime) -> None:
    User.objects.filter(pk=user.pk).update(dormant_told_on=at.date())
    facts = {"name": user.username, "day": (at + TOLD_BEFORE).date().isoformat()}
    mail_owner(lambda: [gettext(BEFORE) % facts], to=[user.email])


def _close(user: Any) -> bool:
    with acting_as(Operator(), reason=NOT_USED):
        administrators = User.objects.filter(is_active=True, national_role=NationalRole.ADMINISTRATOR)
        if user.national_role == NationalRole.ADMINISTRATOR and administrators.count() == 1:
            return False
        User.objects.filter(pk=user.pk).update(is_active=False, dormant_told_on=None)
        mail_owner(lambda: [gettext(AFTER) % {"name": user.username}], to=[user.email])
    return True
