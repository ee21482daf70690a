"""Requiring a second factor and a password of one's own: users without are redirected to set them up."""

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from registry.models import User

# What is open to someone whose password another has set.
CHANGING = ("account_change_password", "account_reauthenticate", "mfa_reauthenticate", "account_logout")
ACCOUNTS = ("/accounts/", "/en/accounts/")
STRONG = {"mfa", "socialaccount"}  # a second factor; SITHS, whose assurance level was checked


def is_strong(request: HttpRequest) -> bool:
    """Whether this session was opened with more than a password."""
    return any(record["method"] in STRONG for record in get_authentication_records(request, request.user))


class SecondFactor(MiddlewareMixin):
    """Restricts a session with only a password to /accounts/, if SECOND_FACTOR is on."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Redirect to the second factor, or None. For the API such a session is not signed in."""
        if not hasattr(request, "user") or not request.user.is_authenticated:
            return None
        if request.user.password_is_anothers:
            return _demand_own_password(request, request.user)
        if settings.SECOND_FACTOR != "required" or is_strong(request):
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


def _demand_own_password(request: HttpRequest, user: User) -> HttpResponse | None:
    """Whoever has set the password may be anybody else, so without the user's factor it is not enough."""
    is_required = settings.SECOND_FACTOR == "required" or user.factor_removed
    is_enough = is_mfa_enabled(user) if is_required else True
    if request.path_info.startswith("/api/"):
        request.user = AnonymousUser()
        return None
    if not is_enough:
        logout(request)
        sentence = _("Ask for a new password by e-mail: yours was set by somebody else, and is not enough.")
        messages.info(request, sentence)
        return redirect("account_reset_password")
    if request.path_info in {reverse(name) for name in CHANGING}:
        return None
    messages.info(request, _("Your password was set by somebody else. Choose one of your own."))
    return redirect("account_change_password")


@receiver(authenticator_added, sender=Authenticator)
def remember_new_factor(request, user, authenticator, **others) -> None:
    """Setting up a factor proves it for this session, except recovery codes."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
        User.objects.filter(pk=user.pk, factor_removed=True).update(factor_removed=False)
