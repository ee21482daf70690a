"""Requiring a second factor: users without one are redirected to set it up."""

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.deprecation import MiddlewareMixin

ACCOUNTS = ("/accounts/", "/en/accounts/")
STRONG = {"mfa", "socialaccount"}  # a second factor; SITHS, whose assurance level was checked


def is_strong(request: HttpRequest) -> bool:
    """Whether this session was opened with more than a password."""
    return any(record["method"] in STRONG for record in get_authentication_records(request, request.user))


class SecondFactor(MiddlewareMixin):
    """Restricts a session with only a password to /accounts/, if SECOND_FACTOR is on."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Redirect to the second factor, or None. For the API such a session is not signed in."""
        if settings.SECOND_FACTOR != "required" or not hasattr(request, "user"):
            return None
        if not request.user.is_authenticated or is_strong(request):
            return None
        if is_mfa_enabled(
            request.user
        ):  # the session is older than the factor, so it must not be able to remove it
            logout(request)
        elif request.path_info.startswith("/api/"):
            request.user = AnonymousUser()
        elif not request.path_info.startswith(ACCOUNTS):
            return redirect("mfa_index")
        return None


@receiver(authenticator_added, sender=Authenticator)
def remember_new_factor(request, user, authenticator, **others) -> None:
    """Setting up a factor proves it for this session, except recovery codes."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
