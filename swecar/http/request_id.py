"""The id of a request: the client's or the proxy's if it is well-formed, else a new one.

It stands in every log line of the request, in its response, and in the messages of the jobs that it queues.
"""

import re
from collections.abc import Callable, Mapping
from random import getrandbits
from time import perf_counter
from typing import Any

from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

from registry.numbers_in_text import holds_identity_number
from swecar.counts import count_request
from swecar.http.request_parts import part_of

HEADER = "X-Request-ID"
SENT = "HTTP_X_REQUEST_ID"
# As programs make them, and nobody names a patient or a batch.
WELL_FORMED = re.compile(r"[0-9A-Fa-f-]{16,64}")
# As proxies make them. No more is asked of these: to search a text for identity numbers takes a millisecond.
OF_A_PROXY = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Letters alone, since sixteen random bytes in digits may look like an identity number.
LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def choose_id(environ: Mapping) -> str:
    """The id that was sent, or a new one."""
    sent = environ.get(SENT)
    return sent if sent and is_well_formed(sent) else make_id()


def is_well_formed(text: str) -> bool:
    """Whether a text can be an id: none that holds an identity number can."""
    if OF_A_PROXY.fullmatch(text):
        return True
    return bool(WELL_FORMED.fullmatch(text)) and not holds_identity_number(text)


def make_id() -> str:
    """A new id."""
    return f"{getrandbits(128):032x}".translate(LETTERS)


def name_request(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """The outermost middleware, so that the id is in no cached response; it counts the request too."""

    def middleware(request: HttpRequest) -> HttpResponse:
        begun = perf_counter()
        request_id = choose_id(request.META)
        bind_contextvars(request_id=request_id)  # until the response is closed: Django logs after the middleware
        response = get_response(request)
        response.headers[HEADER] = request_id
        count_request(part_of(request.path_info), response.status_code, perf_counter() - begun)
        return response

    return middleware


@receiver(request_finished)
def forget_request(**_signal: Any) -> None:
    """What the thread logs next is of another."""
    clear_contextvars()
