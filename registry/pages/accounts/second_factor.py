"""A password alone opens nothing: whoever has no second factor yet is sent to set one up."""

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
STRONG = {"mfa", "socialaccount"}  # a second factor; SITHS, whose assurance level was looked at


def is_strong(request: HttpRequest) -> bool:
    """Whether this session was opened with more than a password."""
    return any(record["method"] in STRONG for record in get_authentication_records(request, request.user))


class SecondFactor(MiddlewareMixin):
    """Lets a session of a password alone come no further than /accounts/, where SECOND_FACTOR says so."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """The way to the second factor, or nothing. To the interface such a session is none."""
        if settings.SECOND_FACTOR != "required" or not hasattr(request, "user"):
            return None
        if not request.user.is_authenticated or is_strong(request):
            return None
        if is_mfa_enabled(request.user):  # the session is older than the factor: it may not remove it
            logout(request)
        elif request.path_info.startswith("/api/"):
            request.user = AnonymousUser()
        elif not request.path_info.startswith(ACCOUNTS):
            return redirect("mfa_index")
        return None


@receiver(authenticator_added, sender=Authenticator)
def remember_new_factor(request, user, authenticator, **others) -> None:
    """Whoever has just set up a factor has shown it in this session, recovery codes apart."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
