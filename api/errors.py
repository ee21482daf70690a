"""Errors as problem details (RFC 9457): what is wrong, where, what to do, and a stable code."""

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import override
from rest_framework import exceptions, status

from registry.errors import FactsNotKept, NotFound, NotPublished, Problem, RegistryError, Withheld

EXPOSED = "Deprecation, ETag, Last-Modified, Link, RateLimit, RateLimit-Policy, Retry-After, Sunset"
PROBLEM_TYPE = "application/problem+json"
CODES: Mapping[type[RegistryError], int] = {
    NotFound: status.HTTP_404_NOT_FOUND,
    NotPublished: status.HTTP_503_SERVICE_UNAVAILABLE,
    Withheld: status.HTTP_403_FORBIDDEN,
    FactsNotKept: status.HTTP_409_CONFLICT,
}


class Refused(RegistryError):
    sentence = "A request that cannot be answered as it stands; parameter names the part that is wrong."

    def __init__(self, code: str, sentence: str, *, parameter: str = "", status_code: int = 400):
        super().__init__(sentence, code=code)
        self.parameter = parameter
        self.status_code = status_code


def problem(
    code: str,
    title: str,
    status_code: int,
    *,
    detail: str = "",
    parameter: str = "",
    errors: Sequence[Problem] = (),
    send_to: str = "",
) -> HttpResponse:
    """A problem as an answer that no cache keeps; errors: what is wrong field by field; send_to: the address
    by which the caller can go on.
    """
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": status_code, "code": code}
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
        status=status_code,
        headers={
            "Cache-Control": "no-store",
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": EXPOSED,
        },
    )


def problem_of(error: RegistryError) -> HttpResponse:
    """The answer to a request that the registry refuses."""
    with override("en"):  # this interface speaks English to programmers; pages speak both languages
        detail = str(error)
    status_code = getattr(error, "status_code", None) or CODES.get(type(error), 400)
    title = type(error).sentence.rstrip(".")
    answer = problem(
        error.code,
        "The request cannot be answered as it stands" if isinstance(error, Refused) else title,
        status_code,
        detail=detail,
        parameter=getattr(error, "parameter", ""),
    )
    for name, value in getattr(error, "headers", {}).items():
        answer[name] = value
    if status_code == status.HTTP_503_SERVICE_UNAVAILABLE:
        answer["Retry-After"] = "60"
    return answer


def answer_problem(error: Exception, context: Mapping) -> HttpResponseBase | None:
    """REST framework's errors in the same form; None for a fault of ours."""
    if isinstance(error, RegistryError):
        return problem_of(error)
    if isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        code = codes if isinstance(codes, str) else "invalid"
        answer = problem(code, HTTPStatus(error.status_code).phrase, error.status_code)
        if isinstance(error, exceptions.MethodNotAllowed):
            answer["Allow"] = ", ".join(context["view"].allowed_methods)
        return answer
    return None


def not_found(request: HttpRequest, *args, **kwargs) -> HttpResponse:
    """Any address under the interface that is none."""
    return problem(
        "not_found",
        "There is no such address",
        status.HTTP_404_NOT_FOUND,
        detail="The addresses are described at /api/v1/docs.",
    )


def bad_request(request: HttpRequest) -> HttpResponse:
    """A request that cannot be read, before anyone looks at what it asks for."""
    return problem("bad_request", "The request cannot be answered as it stands", status.HTTP_400_BAD_REQUEST)


def server_error(request: HttpRequest, page: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """A fault of ours: a problem for programs, the usual page for people."""
    if not request.path_info.startswith("/api/"):
        return page(request)
    return problem("server_error", "Something went wrong here", status.HTTP_500_INTERNAL_SERVER_ERROR)
