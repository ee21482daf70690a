"""Mails about accounts. To owners in both languages: no account says which of the two its owner reads."""

import logging
from collections.abc import Callable, Collection
from functools import partial
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext, override

logger = logging.getLogger(__name__)
SUBJECT = "swecar: ditt konto / your account"


def mail_owner(write: Callable[[], list[str]], *, to: Collection[str]) -> None:
    """Send lines, written in the language that is active, once the transaction is committed."""
    bodies = []
    for code, _name in settings.LANGUAGES:
        with override(code):
            last = gettext("If you do not know of it, write to %(contact)s.") % {"contact": settings.CONTACT}
            bodies.append("\n".join([*write(), last]))
    for address in set(to) - {""}:
        transaction.on_commit(partial(send, SUBJECT, "\n\n".join(bodies), to=address), robust=True)


def send(subject: str, body: str, *, to: str) -> bool:
    """Whether the mail server took it; if not, that is logged, without the address."""
    try:
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [to])
    except (OSError, SMTPException) as fault:
        logger.error("A mail about an account could not be sent: %s", type(fault).__name__)
        return False
    return True
