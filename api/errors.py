"""Errors as problem details (RFC 9457): what is wrong, where, what to do, and a stable code."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import override
from rest_framework import exceptions

from registry.errors import (
    Busy,
    InfusionRefused,
    KindUnclear,
    KnownElsewhere,
    Problem,
    RegistryError,
    TooManyLookups,
    TooManyRequests,
)
from swecar.counts import count
from swecar.http.error_status import status_of

EXPOSED = "Deprecation, ETag, Last-Modified, Link, RateLimit, RateLimit-Policy, Retry-After, Sunset, Warning"
PROBLEM_TYPE = "application/problem+json"
RESOURCE = re.compile(r"/api/v1/(atmp/)?[a-z-]{1,30}(?=[/.]|$)")
SOON = "60"  # seconds, after which what is unavailable may be there
# What REST framework refuses by itself, in our words: its own sentences may quote the request.
SENTENCES = {
    "not_authenticated": "Send a token (Authorization: Token …), or sign in first.",
    "authentication_failed": "The token or the session is not valid: sign in again, or create a new token.",
    "permission_denied": "Your account does not have permission to do this.",
    "method_not_allowed": "This URL has other methods: the header Allow lists them.",
    "parse_error": "The body cannot be read: send valid JSON in UTF-8.",
    "unsupported_media_type": "Send the body in the format that the description of this URL names (Content-Type).",
}


class Refused(RegistryError):
    """A request that the API refuses; parameter names the part that is wrong."""

    sentence = "The request cannot be processed as it stands."
    headers: Mapping[str, str] = {}

    def __init__(self, code: str, sentence: str, *, parameter: str = ""):
        super().__init__(sentence, code=code)
        self.parameter = parameter


def problem(
    request: HttpRequest,
    code: str,
    title: str,
    status: HTTPStatus,
    *,
    detail: str = "",
    parameter: str = "",
    errors: Sequence[Problem] = (),
    send_to: str = "",
) -> HttpResponse:
    """A problem as a response that no cache keeps.

    errors: what is wrong field by field; send_to: the URL by which the caller can go on.
    """
    count("refusals", "api", code)
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": status, "code": code}
    body["instance"] = _locate(request)
    if detail:
        body["detail"] = detail
    if parameter:
        body["parameter"] = parameter
    if send_to:
        body["send_to"] = send_to
    if errors:
        body["errors"] = [{"field": one.field, "code": one.code, "detail": str(one.sentence)} for one in errors]
    return HttpResponse(
        json.dumps(body, ensure_ascii=False),
        content_type=PROBLEM_TYPE,
        status=status,
        headers={
            "Cache-Control": "no-store",
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": EXPOSED,
        },
    )


def problem_of(
    request: HttpRequest,
    error: RegistryError,
    *,
    title: str = "",
    detail: str | None = None,
    parameter: str | None = None,
    errors: Sequence[Problem] = (),
    send_to: str = "",
) -> HttpResponse:
    """The response to a request that the registry refuses; what is not given, the error says itself."""
    if parameter is None:
        parameter = error.parameter if isinstance(error, Refused) else ""
    with override("en"):  # the API speaks English to programmers; pages speak both languages
        response = problem(
            request,
            _code_of(error),
            title or type(error).sentence.rstrip("."),
            status_of(error),
            detail=str(error) if detail is None else detail,
            parameter=parameter,
            errors=errors,
            send_to=send_to,
        )
    for name, value in _headers_of(error).items():
        response[name] = value
    return response


def _locate(request: HttpRequest) -> str:
    """The resource, without what follows: that may hold a number, or would tell one row's 404 from another's."""
    found = RESOURCE.match(request.path_info)
    return found[0] if found else "/api/v1/"


def _code_of(error: RegistryError) -> str:
    """A refused infusion may break several rules: their codes stand with the fields."""
    if isinstance(error, InfusionRefused) and not isinstance(error, KindUnclear | KnownElsewhere):
        return InfusionRefused.code
    return error.code


def _headers_of(error: RegistryError) -> Mapping[str, str]:
    if isinstance(error, Refused | TooManyRequests):
        return error.headers
    if isinstance(error, TooManyLookups | Busy):
        return {"Retry-After": str(error.seconds)}
    return {"Retry-After": SOON} if status_of(error) == HTTPStatus.SERVICE_UNAVAILABLE else {}


def problem_of_framework(error: exceptions.APIException, context: Mapping) -> HttpResponse:
    """REST framework's errors in the same form; they have a status themselves."""
    status, codes = HTTPStatus(error.status_code), error.get_codes()
    code = codes if isinstance(codes, str) else "invalid"
    response = problem(
        context["request"], code, status.phrase, status, detail=SENTENCES.get(code) or str(error.detail)
    )
    if isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    if challenge := getattr(error, "auth_header", None):  # set by the framework where it asks for a sign-in
        response["WWW-Authenticate"] = challenge
    return response


def handle_error(error: Exception, context: Mapping) -> HttpResponseBase | None:
    """REST framework's exception handler of the public API; None for a fault of ours."""
    if isinstance(error, RegistryError):
        return problem_of(context["request"], error)
    return problem_of_framework(error, context) if isinstance(error, exceptions.APIException) else None


def not_found(request: HttpRequest, *args, **kwargs) -> HttpResponse:
    """Any URL under the API that there is not."""
    return problem(
        request,
        "not_found",
        "There is no such address",
        HTTPStatus.NOT_FOUND,
        detail="The addresses are described at /api/v1/docs.",
    )


def bad_request(request: HttpRequest) -> HttpResponse:
    """A request that cannot be read, before anyone looks at its query."""
    return problem(request, "bad_request", "The request cannot be processed as it stands", HTTPStatus.BAD_REQUEST)


def unavailable(
    request: HttpRequest, error: RegistryError, page: Callable[[HttpRequest, RegistryError], HttpResponse]
) -> HttpResponse:
    """What a request needs does not respond, or has broken off what was read: a problem, or the page."""
    return problem_of(request, error) if request.path_info.startswith("/api/") else page(request, error)


def server_error(request: HttpRequest, page: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """A fault of ours: a problem for programs, the usual page for people."""
    if not request.path_info.startswith("/api/"):
        return page(request)
    return problem(request, "server_error", "Something went wrong here", HTTPStatus.INTERNAL_SERVER_ERROR)
