"""Mails. To owners of accounts in both languages: no account says which of the two its owner reads."""

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

    def write_all() -> list[str]:
        last = gettext("If you do not recognise this, write to %(contact)s.") % {"contact": settings.CONTACT}
        return [*write(), last]

    body = in_both_languages(write_all)
    for address in set(to) - {""}:
        transaction.on_commit(partial(send, SUBJECT, body, to=address), robust=True)


def in_both_languages(write: Callable[[], list[str]]) -> str:
    """Lines, written in the language that is active, in one language after the other."""
    bodies = []
    for code, _name in settings.LANGUAGES:
        with override(code):
            bodies.append("\n".join(write()))
    return "\n\n".join(bodies)


def send(subject: str, body: str, *, to: str) -> bool:
    """Whether the mail server took it; if not, that is logged, without the address."""
    try:
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [to])
    except (OSError, SMTPException) as fault:
        logger.error("A mail could not be sent: %s", type(fault).__name__)
        return False
    return True
