"""Who calls the signed-in interface: by token, or by the session of the pages."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from registry.choices import Scope
from registry.entry.accounts.tokens import TokenInvalid, use_token
from registry.models import User

SCHEME = "Token"


class Caller(Request):
    """A request of someone whom SignedIn has let in."""

    user: User
    auth: Any


class ScopeInsufficient(exceptions.PermissionDenied):
    """A token that may read only."""

    default_code = "scope_insufficient"
    default_detail = "This token may read only: make one with the scope write."


class CsrfFailed(exceptions.PermissionDenied):
    """A session without the token of its forms."""

    default_code = "csrf_failed"
    default_detail = "With a session, send the cookie csrftoken again as the header X-CSRFToken."


class TokenHeader(BaseAuthentication):
    """`Authorization: Token …`."""

    def authenticate(self, request: Request):
        """(owner, token), or None where no token is sent. Raises AuthenticationFailed."""
        scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != SCHEME.lower():
            raise exceptions.AuthenticationFailed("Write Authorization: Token …", "token_invalid")
        try:
            token = use_token(text.strip())
        except TokenInvalid as invalid:
            raise exceptions.AuthenticationFailed(str(invalid), invalid.code) from None
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return SCHEME


class PageSession(SessionAuthentication):
    """The session of the pages, with the token of its forms for whatever is no mere reading."""

    def enforce_csrf(self, request):
        """Raise CsrfFailed."""
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied:
            raise CsrfFailed from None


class SignedIn(BasePermission):
    """Whoever is known, and writes with no token that may only read."""

    def has_permission(self, request: Request, view) -> bool:
        """Whether someone is signed in. Raises ScopeInsufficient."""
        token: Any = request.auth
        if token is not None and token.scope != Scope.WRITE and request.method not in SAFE_METHODS:
            raise ScopeInsufficient
        return request.user is not None


class TokenScheme(OpenApiAuthenticationExtension):
    """How the description names the token."""

    target_class = TokenHeader
    name = "token"

    def get_security_definition(self, auto_schema):
        """A header."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token …`, made on the page Tokens or with `manage.py create_token`.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    """How the description names the session."""

    target_class = PageSession
    name = "session"

    def get_security_definition(self, auto_schema):
        """A cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
