"""The demonstration's front: the public process serves what is public, and hands the rest on to the clinic's.

So the demonstration has one address. In front of a registry stands nginx (deploy/nginx.conf).
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest, get_path_info
from django.urls import Resolver404, resolve

from api.errors import not_found, unavailable
from registry.errors import ClinicDown
from registry.pages.public.error_pages import show_unavailable
from swecar.http.browser_limits import set_limits
from swecar.http.request_id import HEADER, choose_id
from swecar.http.request_parts import part_of
from swecar.local.hand_on import NotReached, hand_on
from swecar.static_files import PREFIX as DOCUMENTS


def is_public(path: str) -> bool:
    """Whether the public process serves a path; where it has no route, the clinic's says what there is.

    What watches the service is the clinic's too: it may ask for more, and through both processes it sees both.
    """
    if part_of(path) == "monitoring":
        return False
    if path.startswith((settings.STATIC_URL, DOCUMENTS)):
        return True
    try:
        return resolve(path, "swecar.public_urls").func is not not_found
    except Resolver404:
        return False


def make_front(public: Callable, *, clinic: int) -> Callable:
    """The WSGI application of both: `public`, and what answers at the port `clinic`."""

    def front(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        if is_public(get_path_info(environ)):
            served: Iterable[bytes] = public(environ, start_response)
            return served
        try:
            return hand_on(environ, start_response, port=clinic, believes_proxies=bool(settings.PROXIES))
        except NotReached:
            return _say_down(environ, start_response)

    return front


def _say_down(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
    response = unavailable(WSGIRequest(environ), ClinicDown(), show_unavailable)
    set_limits(response, get_path_info(environ))
    response.headers[HEADER] = choose_id(environ)
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.content]
