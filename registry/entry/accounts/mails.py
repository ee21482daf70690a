"""Mails to the owners of accounts, in both languages: none of them says which of the two its owner reads."""

import logging
from collections.abc import Callable, Collection
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext, override

logger = logging.getLogger(__name__)


def mail_owner(write: Callable[[], list[str]], *, to: Collection[str]) -> None:
    """Send lines, written in the language that is active, once the transaction is committed."""
    bodies = []
    for code, _name in settings.LANGUAGES:
        with override(code):
            last = gettext("If you do not know of it, write to %(contact)s.") % {"contact": settings.CONTACT}
            bodies.append("\n".join([*write(), last]))
    for address in set(to) - {""}:
        transaction.on_commit(lambda one=address: _send("\n\n".join(bodies), one), robust=True)  # type: ignore[misc]


def _send(body: str, to: str) -> None:
    subject = "swecar: ditt konto / your account"
    try:
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [to])
    except (OSError, SMTPException) as fault:
        logger.error("The owner of an account could not be told: %s", type(fault).__name__)
