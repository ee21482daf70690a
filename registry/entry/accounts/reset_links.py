"""When a link to a new password may be sent: not soon after somebody else has changed where it would go."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from registry.entry.accounts.mails import mail_owner
from registry.models import User

# The owner, who is told at the address before, has as long to object.
WAITS = timedelta(days=3)
now = timezone.now


def waits_until(user: User) -> datetime | None:
    """Until when no link is sent to the user's address; None if it may be."""
    if user.last_login is None:
        return None  # nobody has used the account yet, as whom somebody else could go on
    history = User.pgh_event_model.objects.filter(pgh_obj=user)  # type: ignore[attr-defined]
    other = history.exclude(email__iexact=user.email).order_by("pgh_id").last()
    if other is None:
        return None
    until: datetime = history.filter(pgh_id__gt=other.pgh_id).earliest("pgh_id").pgh_created_at + WAITS
    return until if until > now() else None


def tell_to_wait(user: User, until: datetime) -> None:
    """Send the address a mail in place of a link."""

    def write() -> list[str]:
        moment = date_format(timezone.localtime(until), "DATETIME_FORMAT")
        return [
            gettext("Somebody has asked for a new password for your account in swecar."),
            gettext(
                "The account's e-mail address was changed less than three days ago, and no link is sent there "
                "before %(moment)s. Ask again then; the password that you have goes on working."
            )
            % {"moment": moment},
        ]

    mail_owner(write, to=[user.email])
