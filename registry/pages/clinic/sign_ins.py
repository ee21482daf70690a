"""The user's own sign-ins, and the attempts with the user's name that were refused."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from registry.entry.accounts.sign_ins import count_refused, read_attempts, sign_in_before, visit_before
from registry.models import User
from registry.pages.clinic.base import SignedInRequest, page, show

VISIT_BEFORE = "visit_before"  # in the session: when the user came the last time, for the start page


@page()
@require_safe
def sign_ins(request: SignedInRequest) -> HttpResponse:
    """When and from where, the latest first."""
    return show(request, "clinic/sign_ins.html", {"attempts": read_attempts(request.user)})


@receiver(user_logged_in)
def tell_of_refused(request: HttpRequest | None, user: User, **others: Any) -> None:
    """Tell who signs in of attempts refused since the sign-in before, and keep when they came the last time."""
    if request is None:
        return
    visit = visit_before(user)
    request.session[VISIT_BEFORE] = visit.isoformat() if visit else ""
    refused = count_refused(user, since=sign_in_before(user))
    if refused:
        sentence = ngettext(
            "%(count)s attempt to sign in with your name was refused since your last sign-in.",
            "%(count)s attempts to sign in with your name were refused since your last sign-in.",
            refused,
        )
        words = (sentence % {"count": refused}, reverse("clinic:sign-ins"), _("Your sign-ins"))
        messages.warning(request, format_html('{} <a href="{}">{}</a>', *words))


urlpatterns = [path("sign-ins", sign_ins, name="sign-ins")]
