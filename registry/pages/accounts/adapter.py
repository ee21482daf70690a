"""Where allauth asks what is ours to decide: no sign-up, failures counted once, sealed secrets."""

import base64
import hashlib
import logging
from smtplib import SMTPException

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come by invitation (registry.entry.accounts.invitations) or by a commission, never by a form."""

    def is_open_for_signup(self, request) -> bool:
        """No, for everyone."""
        return False

    def pre_authenticate(self, request, **credentials) -> None:
        """Nothing: django-axes counts failed passwords, and a second count would hide its page."""

    def _rollback_login_failed_rl_usage(self) -> None:
        """Nothing: nothing was counted."""

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """allauth's. A mail server that does not answer must not tell who has an account."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            logger.error("A mail could not be sent: %s", type(error).__name__)


class FactorAdapter(DefaultMFAAdapter):
    """Second factors. What makes their codes lies sealed in the database, so that a copy of it makes none."""

    def encrypt(self, text: str) -> str:
        """Sealed with a key from SECRET_KEY."""
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The reverse; with SECRET_KEY_FALLBACKS also what was sealed before the key was replaced."""
        return _seal().decrypt(encrypted_text.encode()).decode()

    def get_totp_label(self, user) -> str:
        """The user name: what one signs in with."""
        return user.get_username()


def _seal() -> MultiFernet:
    keys = [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
    digests = (hashlib.sha256(f"second factor:{key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
