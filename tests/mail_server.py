"""A real mail server on loopback, which keeps what it takes or refuses all."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from swecar.local.ports import find_free_port


class Mailbox:
    """What has arrived, the oldest first; the server refuses whom it does not know while is_full."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.is_full = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.is_full:
            return "452 4.2.2 Mailbox full"
        self.mails.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        return "250 OK"

    def take(self) -> list[EmailMessage]:
        """What has arrived since the last time."""
        taken, self.mails = self.mails, []
        return taken


@contextmanager
def mail_server(settings) -> Iterator[Mailbox]:
    """A mail server, which the settings name."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=find_free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
    try:
        yield mailbox
    finally:
        controller.stop()
