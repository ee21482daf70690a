"""The layer that says for what a request asks the database."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse

from swecar.http.middleware import SIGNED_IN
from swecar.postgresql.limits import Limits, limited


def may_have_stored() -> bool:
    """Whether the present request has come as far as the database."""
    return bool(connection.is_reached)  # type: ignore[attr-defined]


def limits_of(request: HttpRequest) -> Limits:
    """By its address and its method."""
    if not SIGNED_IN.match(request.path_info):
        return Limits.PUBLIC
    return Limits.READ if request.method in {"GET", "HEAD", "OPTIONS"} else Limits.WRITE


def limit_requests(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """Nobody who asks waits long for a lock, or for a database that is away."""

    def layer(request: HttpRequest) -> HttpResponse:
        connection.is_reached = connection.connection is not None  # type: ignore[attr-defined]
        with limited(limits_of(request)):
            return get_response(request)

    return layer
