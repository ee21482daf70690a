"""Mail to the administrators. One that cannot be sent is seen in the metrics."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import mail_admins
from django.db import DatabaseError

from registry.choices import Sign
from registry.models import LastSeen

logger = logging.getLogger(__name__)


def send_alarm(subject: str, text: str) -> bool:
    """Whether the administrators were told, or there are none."""
    if not settings.ADMINS:
        return True
    try:
        mail_admins(f"swecar: {subject}", text)
    except (OSError, SMTPException) as fault:
        logger.error("An alarm could not be sent: %s.", type(fault).__name__)
        sent = False
    else:
        sent = True
    try:
        LastSeen.objects.see(Sign.ALARM_SENT if sent else Sign.ALARM_FAILED)
    except DatabaseError:
        logger.warning("It could not be stored that an alarm was sent or was not.")
    return sent
