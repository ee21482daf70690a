"""The layers of our own: what no request may hold, and what only signed-in people need, left out of what
the public reads.

A public response depends on the snapshot and the query alone (INTERFACE.md), so it needs
neither a session nor a user nor a form token.
"""

import re
from collections.abc import Callable, Mapping

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import BadRequest, DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django_htmx.middleware import HtmxDetails

from swecar.http.monitoring_token import holds_monitoring_token
from swecar.http.request_parts import PARTS, part_of

SIGNED_IN = re.compile("|".join(PARTS[part] for part in ("records_api", "clinic", "accounts", "admin")))

# As a query string spells the zero byte, and as a quoted cookie does.
CODED_ZERO, QUOTED_ZERO = "%00", r"\000"


def refuse_zero_bytes(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """The layer that lets no zero byte in by an address, a query string or a cookie: PostgreSQL's texts
    cannot hold it, and would fail on it wherever one is looked up. Forms refuse it field by field, and so
    does the interface, which names the parameter.
    """

    def layer(request: HttpRequest) -> HttpResponse:
        if QUOTED_ZERO in request.META.get("HTTP_COOKIE", ""):
            raise BadRequest("A cookie holds a zero byte.")
        if not request.path_info.startswith("/api/"):
            if "\0" in request.path_info:
                raise Http404
            if CODED_ZERO in request.META.get("QUERY_STRING", ""):
                raise BadRequest("The query string holds a zero byte.")
        return get_response(request)

    return layer


def refuse_foreign_hosts(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """The layer that answers to no name but the site's own (ALLOWED_HOSTS): a request for another gets no
    page, no cached response and no file.

    Prometheus asks a web server by its own name or number, and cannot send another; its token shows who it is.
    """

    def layer(request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:  # a 400
            if part_of(request.path_info) != "monitoring" or not holds_monitoring_token(request.META):
                raise
        return get_response(request)

    return layer


def is_for_signed_in(environ: Mapping[str, str]) -> bool:
    """Whether a request is for a part of the service where people sign in."""
    return bool(SIGNED_IN.match(environ["PATH_INFO"]))


def language_of(request) -> str:
    """By the address alone: English under /en/, Swedish elsewhere."""
    return "en" if request.path_info.startswith("/en/") else "sv"


class SignedInOnly(MiddlewareMixin):
    """Passes a public request straight to the next layer."""

    def __call__(self, request):
        """The response, through this middleware only where people sign in."""
        if SIGNED_IN.match(request.path_info):
            return super().__call__(request)
        return self.get_response(request)


class Session(SignedInOnly, SessionMiddleware):
    """Django's, for signed-in people."""


class Locale(SignedInOnly, LocaleMiddleware):
    """For signed-in people: by the address, English under /en/ and Swedish elsewhere; in the admin
    Django's, by the browser's wish. A public page takes its language from its address.
    """

    def process_request(self, request):
        """Activate the language."""
        if request.path_info.startswith("/admin/"):
            language = translation.get_language_from_request(request)
        else:
            language = language_of(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language

    def process_response(self, request, response):
        """Say which language it is."""
        if request.path_info.startswith("/admin/"):
            return super().process_response(request, response)
        response.headers.setdefault("Content-Language", translation.get_language())
        return response


class Common(SignedInOnly, CommonMiddleware):
    """Django's, for signed-in people."""


class Csrf(SignedInOnly, CsrfViewMiddleware):
    """Django's, for signed-in people; the public addresses take no form."""

    def process_view(self, request, *args):
        """The check of a form's token, where there are forms."""
        if SIGNED_IN.match(request.path_info):
            return super().process_view(request, *args)
        return None


class Authentication(SignedInOnly, AuthenticationMiddleware):
    """Django's, for signed-in people."""


class Message(SignedInOnly, MessageMiddleware):
    """Django's, for signed-in people."""


class Htmx(SignedInOnly):
    """django-htmx's, for signed-in people."""

    def process_request(self, request):
        """Tell the views whether htmx asks."""
        request.htmx = HtmxDetails(request)
