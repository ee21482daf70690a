"""Authentication of the signed-in API, by token or by the pages' session."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from registry.choices import Scope
from registry.entry.accounts.tokens import TokenInvalid, use_token
from registry.models import User
from swecar.http.client_address import address_of

SCHEME = "Token"
SCHEMES = {SCHEME.lower(), "bearer"}


class Caller(Request):
    """A request of an authenticated user, as admitted by SignedIn."""

    user: User
    auth: Any


class ScopeInsufficient(exceptions.PermissionDenied):
    """A write request with a read-only token."""

    default_code = "scope_insufficient"
    default_detail = "This token may read only: make one with the scope write."


class CsrfFailed(exceptions.PermissionDenied):
    """A request by session without a valid CSRF token."""

    default_code = "csrf_failed"
    default_detail = "With a session, send the cookie csrftoken again as the header X-CSRFToken."


class TokenHeader(BaseAuthentication):
    """`Authorization: Token …`, or `Bearer …` (RFC 6750)."""

    def authenticate(self, request: Request):
        """(owner, token), or None where no token is sent. Raises AuthenticationFailed."""
        scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() not in SCHEMES:
            raise exceptions.AuthenticationFailed("Write Authorization: Token …", "token_invalid")
        try:
            token = use_token(text.strip(), address=address_of(request.META))
        except TokenInvalid as invalid:
            raise exceptions.AuthenticationFailed(str(invalid), invalid.code) from None
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        """The WWW-Authenticate value of a 401, in the scheme that the caller uses."""
        is_bearer = request.META.get("HTTP_AUTHORIZATION", "").lower().startswith("bearer")
        return "Bearer" if is_bearer else SCHEME


class PageSession(SessionAuthentication):
    """The pages' session, with a CSRF token for unsafe methods."""

    def enforce_csrf(self, request):
        """Raise CsrfFailed."""
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied:
            raise CsrfFailed from None


class SignedIn(BasePermission):
    """Requires an authenticated user, and the write scope for unsafe methods."""

    def has_permission(self, request: Request, view) -> bool:
        """Whether a user is signed in. Raises ScopeInsufficient."""
        token: Any = request.auth
        if token is not None and token.scope != Scope.WRITE and request.method not in SAFE_METHODS:
            raise ScopeInsufficient
        return request.user is not None


class TokenScheme(OpenApiAuthenticationExtension):
    """The token in the OpenAPI description."""

    target_class = TokenHeader
    name = "token"

    def get_security_definition(self, auto_schema):
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Made on the page Tokens or with `manage.py create_token`; `Token …` is read too.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    """The pages' own session, left out of the description: a program has a token."""

    target_class = PageSession
    name = "session"

    def get_security_definition(self, auto_schema):
        return {}
