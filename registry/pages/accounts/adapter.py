"""allauth adapters: no sign-up, failures counted once, sealed secrets."""

import base64
import hashlib
import logging
from smtplib import SMTPException

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from registry.entry.accounts.reset_links import tell_to_wait, waits_until
from registry.models import User
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

    def send_password_reset_mail(self, user: User, email: str, context: dict) -> None:
        """Send the link to the account's address of today; allauth remembers those before, too."""
        if email.casefold() != user.email.casefold():
            return
        if until := waits_until(user):
            tell_to_wait(user, until)
        else:
            super().send_password_reset_mail(user, email, context)

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Send as allauth does, but hide a failing mail server, which would reveal who has an account."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            logger.error("A mail could not be sent: %s", type(error).__name__)


class FactorClosed(ValidationError, InvalidToken):
    """A second factor that no SECRET_KEY opens: the form of a code shows the sentence."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The registry's key has been changed, and your second factor no longer opens: ask an "
                "administrator to remove it, then sign in and set up a new one."
            )
        )


class FactorAdapter(DefaultMFAAdapter):
    """Second factors. Their secrets are sealed in the database, so that a copy of it yields no codes."""

    def encrypt(self, text: str) -> str:
        """Seal with a key derived from SECRET_KEY."""
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Unseal; SECRET_KEY_FALLBACKS opens what was sealed under earlier keys. Raises FactorClosed."""
        try:
            return _seal().decrypt(encrypted_text.encode()).decode()
        except InvalidToken as fault:
            raise FactorClosed from fault

    def get_totp_label(self, user) -> str:
        """The user name, with which people sign in."""
        return user.get_username()


def _seal() -> MultiFernet:
    keys = [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
    digests = (hashlib.sha256(f"second factor:{key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
