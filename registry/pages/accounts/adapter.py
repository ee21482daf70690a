"""allauth adapters: no sign-up, failures counted once, sealed secrets."""

import base64
import hashlib
import logging
from smtplib import SMTPException

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import PermissionDenied

from swecar.http.client_address import address_of

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are created by invitation (registry.entry.accounts.invitations) or commission, never by a form."""

    def is_open_for_signup(self, request) -> bool:
        return False

    def get_client_ip(self, request) -> str:
        """By our own rule, which counts the proxies."""
        address = address_of(request.META)
        if not address:
            raise PermissionDenied
        return address

    def pre_authenticate(self, request, **credentials) -> None:
        """Disabled: django-axes counts failed passwords, and a second count would hide its page."""

    def _rollback_login_failed_rl_usage(self) -> None:
        """Disabled, since nothing was counted."""

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Send as allauth does, but hide a failing mail server, which would reveal who has an account."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            logger.error("A mail could not be sent: %s", type(error).__name__)


class FactorAdapter(DefaultMFAAdapter):
    """Second factors. Their secrets are sealed in the database, so that a copy of it yields no codes."""

    def encrypt(self, text: str) -> str:
        """Seal with a key derived from SECRET_KEY."""
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Unseal; SECRET_KEY_FALLBACKS opens what was sealed under earlier keys."""
        return _seal().decrypt(encrypted_text.encode()).decode()

    def get_totp_label(self, user) -> str:
        """The user name, with which people sign in."""
        return user.get_username()


def _seal() -> MultiFernet:
    keys = [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
    digests = (hashlib.sha256(f"second factor:{key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
