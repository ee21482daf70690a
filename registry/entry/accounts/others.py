"""What somebody else changes of an account: with a reason, a row of its history, and a mail to its owner."""

from collections.abc import Collection, Sequence

from allauth.mfa.models import Authenticator
from django.db import connection
from django.utils.translation import gettext, gettext_noop

from registry.access import Actor, Permission, acting_as, require
from registry.entry.accounts.mails import mail_owner
from registry.entry.reasons import check_reason
from registry.models import User

PASSWORD = gettext_noop("your password was set; change it when you sign in")
NO_PASSWORD = gettext_noop("your password was removed")
FACTOR = gettext_noop("your second factor was removed; set up a new one when you sign in")
ROLE = gettext_noop("your role at a centre was changed")
# By the field of an account.
CHANGES = {
    "email": gettext_noop("your e-mail address was changed"),
    "national_role": gettext_noop("your national role was changed"),
    "is_active": gettext_noop("your permission to sign in was changed"),
    "is_staff": gettext_noop("your permission to open the administration was changed"),
}


def set_password_of(*, user: User, password: str | None, by: Actor, reason: str) -> None:
    """Set another user's password, which has to be changed at the next sign-in. None: no password.

    Raises NotPermitted for all but administrators, ReasonMissing, IdentifierInText.
    """
    require(by, Permission.INVITE_PEOPLE)  # at all centres, which only an administrator has
    with acting_as(by, reason=check_reason(reason)):
        was_anothers = user.password_is_anothers
        user.set_password(password)
        user.password_is_anothers = password is not None
        user.save(update_fields=["password", "password_is_anothers"])
        if was_anothers == user.password_is_anothers:
            _write_history(user)
        tell_owner(user, [NO_PASSWORD if password is None else PASSWORD], by=by, reason=reason)


def remove_second_factor(*, user: User, by: Actor, reason: str) -> None:
    """Remove apps, keys and recovery codes of a user who has lost them.

    The next sign-in, with the user's own password, sets up new ones; one that somebody else has set is not enough.
    Raises NotPermitted for all but administrators, ReasonMissing, IdentifierInText.
    """
    require(by, Permission.INVITE_PEOPLE)
    with acting_as(by, reason=check_reason(reason)):
        Authenticator.objects.filter(user=user).delete()
        if user.factor_removed:
            _write_history(user)
        user.factor_removed = True
        user.save(update_fields=["factor_removed"])
        tell_owner(user, [FACTOR], by=by, reason=reason)


def tell_owner(
    user: User, changes: Sequence[str], *, by: Actor, reason: str, addresses: Collection[str] = ()
) -> None:
    """Send the owner of an account what has been changed of it. addresses: others than that of now, as before."""

    def write() -> list[str]:
        first = gettext("%(who)s has changed your account in swecar:") % {"who": by.username}
        said = [f"- {gettext(change)}" for change in changes]
        return [first, *said, gettext("Reason: %(reason)s") % {"reason": reason}]

    mail_owner(write, to=[user.email, *addresses])


def _write_history(user: User) -> None:
    """A row where no field of the account that has one is changed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT note_account(%s)", [user.pk])
