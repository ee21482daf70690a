"""The layers that only signed-in people need, left out of what the public reads.

A public answer depends on the snapshot and the question alone (INTERFACE.md), so it needs
neither a session nor a user nor a form token.
"""

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils.deprecation import MiddlewareMixin

SIGNED_IN = ("/admin/", "/clinic/", "/en/clinic/", "/accounts/", "/en/accounts/")


class SignedInOnly(MiddlewareMixin):
    """Passes a public request straight to the next layer."""

    def __call__(self, request):
        """The answer, through this layer only where people sign in."""
        if request.path_info.startswith(SIGNED_IN):
            return super().__call__(request)
        return self.get_response(request)


class Session(SignedInOnly, SessionMiddleware):
    """Django's, for signed-in people."""


class Locale(SignedInOnly, LocaleMiddleware):
    """Django's, for signed-in people; a public page takes its language from its address."""


class Common(SignedInOnly, CommonMiddleware):
    """Django's, for signed-in people."""


class Csrf(SignedInOnly, CsrfViewMiddleware):
    """Django's, for signed-in people; the public addresses take no form."""

    def process_view(self, request, *args):
        """The check of a form's token, where there are forms."""
        if request.path_info.startswith(SIGNED_IN):
            return super().process_view(request, *args)
        return None


class Authentication(SignedInOnly, AuthenticationMiddleware):
    """Django's, for signed-in people."""


class Message(SignedInOnly, MessageMiddleware):
    """Django's, for signed-in people."""


class Frame(SignedInOnly, XFrameOptionsMiddleware):
    """Django's, for signed-in people; a public page may stand in another's frame."""
