"""What django-axes asks: under which name a failure is counted, and the page of a lock-out."""

from allauth.account.adapter import get_adapter
from axes.helpers import get_cool_off
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from registry.identity import holds_identity_number


def name_tried(request: HttpRequest, credentials: dict | None = None) -> str:
    """The name in the one spelling that sign-in treats alike. A number typed as a name is not kept."""
    name = (credentials or {}).get("username") or request.POST.get("login", "")
    return "(number)" if holds_identity_number(name) else name.strip().casefold()[:150]


def address_of(request: HttpRequest) -> str | None:
    """Whose failure it is: the caller's address, as the proxy before the registry tells it."""
    try:
        address: str = get_adapter(request).get_client_ip(request)
    except PermissionDenied:  # a request that came by no network has none
        return None
    return address


def show_lockout(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: dict | None = None
) -> HttpResponse:
    """How long to wait; the same for a name that exists and one that does not."""
    wait = get_cool_off(request)
    seconds = int(wait.total_seconds()) if wait else 0
    context = {"minutes": -(-seconds // 60), "contact": settings.CONTACT}
    response = render(request, "accounts/locked.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response
