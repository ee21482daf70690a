"""What somebody else changes of an account: with a reason, a row of its history, and a mail to its owner."""

import logging
from collections.abc import Collection, Sequence
from smtplib import SMTPException

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext, gettext_noop, override

from registry.access import Actor, Permission, acting_as, require
from registry.entry.reasons import check_reason
from registry.models import User

logger = logging.getLogger(__name__)

PASSWORD = gettext_noop("your password was set; change it when you sign in")
NO_PASSWORD = gettext_noop("your password was removed")
FACTOR = gettext_noop("your second factor was removed; set up a new one when you sign in")
ROLE = gettext_noop("your role at a centre was changed")
# By the field of an account.
CHANGES = {
    "email": gettext_noop("your e-mail address was changed"),
    "national_role": gettext_noop("your national role was changed"),
    "is_active": gettext_noop("it was changed whether you may sign in"),
    "is_staff": gettext_noop("it was changed whether you may open the administration"),
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
        user.save()
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
    """Send the owner of an account what has been changed of it, once that is committed.

    addresses: others than that of now, as the one before. Only the centres' and the registry's own people read
    this, so it is in both languages.
    """
    body = "\n\n".join(_write(changes, by=by, reason=reason, language=code) for code, _name in settings.LANGUAGES)
    for address in {user.email, *addresses} - {""}:
        transaction.on_commit(lambda to=address: _send(body, to), robust=True)  # type: ignore[misc]


def _write(changes: Sequence[str], *, by: Actor, reason: str, language: str) -> str:
    with override(language):
        first = gettext("%(who)s has changed your account in swecar:") % {"who": by.username}
        said = [first, *(f"- {gettext(change)}" for change in changes)]
        said.append(gettext("Reason: %(reason)s") % {"reason": reason})
        last = gettext("If you do not know of it, write to %(contact)s.") % {"contact": settings.CONTACT}
        return "\n".join([*said, last])


def _send(body: str, to: str) -> None:
    subject = "swecar: ditt konto har ändrats / your account has been changed"
    try:
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [to])
    except (OSError, SMTPException) as fault:
        logger.error("The owner of a changed account could not be told: %s", type(fault).__name__)


def _write_history(user: User) -> None:
    """A row where no field of the account that has one is changed."""
    history = User.pgh_event_model  # type: ignore[attr-defined]
    shared = {field.attname for field in history._meta.fields} & {field.attname for field in User._meta.fields}
    history.objects.create(pgh_label="update", pgh_obj=user, **{name: getattr(user, name) for name in shared})
