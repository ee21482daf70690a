"""django-axes hooks: the name under which a failure is counted, what is stored, and the lock-out page."""

from datetime import timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from registry.models import User
from registry.sealing import mark_name
from swecar.counts import count

LONGEST_NAME = 150
NAMES_OF_AN_ADDRESS = 20  # with a wrong password within AXES_COOLOFF_TIME: then one password is tried over names


def name_tried(request: HttpRequest, credentials: dict | None = None) -> str:
    """The user name, normalised as sign-in does.

    An unknown name is stored only as a digest, since an identity number or a password may have been typed there.
    """
    name = ((credentials or {}).get("username") or request.POST.get("login", "")).strip().casefold()
    if User.objects.filter(username__iexact=name[:LONGEST_NAME]).exists():
        return name[:LONGEST_NAME]
    return f"?{mark_name(name)}"


class Handler(AxesDatabaseHandler):
    """Counts failures without storing request headers or data, which are free text."""

    def is_locked(self, request: HttpRequest, credentials: dict | None = None) -> bool:
        """Also by the number of names that were tried from an address."""
        if is_sprayed(request):
            vars(request)["axes_locked_out"] = True
            return True
        locked: bool = super().is_locked(request, credentials)
        return locked

    def user_login_failed(
        self, sender: Any, credentials: dict, request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Count a failure."""
        count("sign_ins", "failed")
        super().user_login_failed(sender, credentials, _bare(request), **kwargs)

    def user_logged_in(self, sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        """Store when a user signed in."""
        count("sign_ins", "done")
        super().user_logged_in(sender, _bare(request), user, **kwargs)


def is_sprayed(request: HttpRequest) -> bool:
    """Whether many names were tried from this address a short while ago."""
    since = timezone.now() - (get_cool_off(request) or timedelta())
    tried = AccessAttempt.objects.filter(ip_address=address_of(request), attempt_time__gt=since)
    names: int = tried.values("username").distinct().count()
    return names >= NAMES_OF_AN_ADDRESS


def _bare(request: HttpRequest | None) -> HttpRequest | None:
    if request is not None:
        vars(request).update(axes_user_agent="", axes_path_info="", axes_http_accept="")
    return request


@receiver(pre_save, sender=AccessAttempt)
def drop_what_was_sent(instance: AccessAttempt, **_kwargs: Any) -> None:
    """Delete the requested URL, since it may hold a search."""
    instance.get_data = instance.post_data = ""


def address_of(request: HttpRequest) -> str | None:
    """The client's IP address, as reported by the proxy."""
    try:
        address: str = get_adapter(request).get_client_ip(request)
    except PermissionDenied:  # a request without a network address
        return None
    return address


def show_lockout(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: dict | None = None
) -> HttpResponse:
    """The page with the time to wait, the same for an existing and an unknown name."""
    count("sign_ins", "sprayed" if is_sprayed(request) else "locked")
    wait = get_cool_off(request)
    seconds = int(wait.total_seconds()) if wait else 0
    context = {"minutes": -(-seconds // 60), "contact": settings.CONTACT}
    response = render(request, "accounts/locked.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response
