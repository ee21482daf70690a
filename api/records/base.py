"""Shared by the signed-in API: permissions, reading of requests, refusals.

No response repeats what was sent, since any part of a request may hold an identity number.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any, ClassVar, cast
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import override
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.views import APIView

from api.errors import Refused, problem, problem_of, problem_of_framework
from api.parameters import Parameters
from api.records.authentication import Caller, PageSession, SignedIn, TokenHeader
from registry.access import Permission, centres_where, reading_as, seeing_as
from registry.entry.questions.questions import TextMissing, TextTooLong
from registry.entry.questions.referrals import REFERABLE, NothingToRefer
from registry.errors import (
    ChangedMeanwhile,
    FileTooLarge,
    IdentifierInText,
    InfusionRefused,
    NotFound,
    NotPermitted,
    Problem,
    ReasonMissing,
    RegistryError,
)
from registry.models import Centre, User
from registry.numbers_in_text import holds_identity_number
from swecar.http.request_id import OF_A_PROXY

LARGEST_BODY = 100_000  # bytes of JSON; an infusion takes a few hundred
LONGEST_REASON = 500
LONGEST_KEY = 200
FIELD_NAME = re.compile(r"[A-Za-z_]{1,40}", re.ASCII)
KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
FORMATS = frozenset({"format"})


class BodyInvalid(RegistryError):
    sentence = "The body is not what is asked for."
    code = "body_invalid"

    def __init__(self, problems: Sequence[Problem]):
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = tuple(problems)


class BodyParser(JSONParser):
    """JSON in UTF-8 only, as the standard requires."""

    def parse(self, stream, media_type=None, parser_context=None):
        """Parse the body. Raises ParseError, also for nesting that is too deep."""
        try:
            return super().parse(stream, media_type, (parser_context or {}) | {"encoding": "utf-8"})
        except RecursionError:
            raise exceptions.ParseError from None


class SignedInView(APIView):
    """A view for signed-in callers. Its responses are not cached, and its texts are English."""

    authentication_classes = [TokenHeader, PageSession]
    permission_classes = [SignedIn]
    parser_classes = [BodyParser]
    allowed: ClassVar[tuple[str, ...]] = ()
    words: ClassVar[str] = "reason"  # the free text field
    settled_at: ClassVar[str] = "api:questions"  # the route for refusals that refer to the steward
    reads_records: ClassVar[bool] = True  # in one transaction, if it only reads
    parameters: Parameters
    reading: ExitStack

    def dispatch(self, request, *args, **kwargs) -> HttpResponseBase:
        """Handle the request in English."""
        with override("en"), ExitStack() as self.reading:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args, **kwargs) -> None:
        """Check authentication before the parameters, so that errors in them reveal nothing without signing in."""
        super().initial(request, *args, **kwargs)
        is_read = request.method in {"GET", "HEAD"}
        allowed = self.allowed if is_read else ()
        self.parameters = Parameters(request._request, allowed, common=FORMATS)
        if self.parameters.values.get("format", "json") != "json":
            raise Refused("unknown_value", "format: write json.", parameter="format")
        # Until the response is made.
        see = reading_as if is_read and self.reads_records else seeing_as
        self.reading.enter_context(see(cast("User", request.user)))

    def get_exception_handler(self):
        """Refusals become problem responses."""
        return handle_error

    def finalize_response(self, request, response, *args, **kwargs):
        """Forbid caching, and set no headers for other origins."""
        response = super().finalize_response(request, response, *args, **kwargs)
        del response["Access-Control-Allow-Origin"]
        response["Cache-Control"] = "no-store"
        response["Content-Language"] = "en"
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return response


def handle_error(error: Exception, context: Mapping) -> HttpResponseBase | None:
    """The response to a refused request; None for a server error."""
    if isinstance(error, RegistryError):
        return _problem_of(error, context["view"])
    if isinstance(error, SuspiciousOperation):  # too many fields, malformed multipart
        return problem(
            context["request"], BodyInvalid.code, "The body is not what is asked for", HTTPStatus.BAD_REQUEST
        )
    if not isinstance(error, exceptions.APIException):
        return None
    return problem_of_framework(error, context)


def _problem_of(error: RegistryError, view: SignedInView) -> HttpResponse:
    detail, parameter = str(error), None
    errors = error.problems if isinstance(error, InfusionRefused | BodyInvalid) else ()
    if isinstance(error, ReasonMissing | IdentifierInText | TextMissing | TextTooLong):
        errors, parameter = (Problem(view.words, error.code, detail),), view.words
    title = detail.rstrip(".") if isinstance(error, FileTooLarge) else ""  # since there are several limits
    if holds_identity_number(detail):  # the detail repeats a parameter's name or value
        detail = parameter = ""
    return problem_of(
        view.request,
        error,
        title=title,
        detail=detail,
        parameter=parameter,
        errors=errors,
        send_to=_way_on(error, view),
    )


def _way_on(error: RegistryError, view: SignedInView) -> str:
    """The URL where the refused request can be taken further: the steward's, if the steward must settle it."""
    if error.code in REFERABLE:
        return reverse(view.settled_at)
    return reverse("api:infusions") if isinstance(error, NothingToRefer) else ""


def require_writer(user: User) -> None:
    """Raise NotPermitted unless the user may write at some centre."""
    if not centres_where(user, Permission.WRITE_RECORDS):
        raise NotPermitted


def read_id(text: str) -> UUID:
    """The id in a path. Raises NotFound if it is invalid."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def read_body(request: Caller, fields: Collection[str]) -> dict[str, Any]:
    """The fields of a JSON object, each a string or an integer; null is treated as missing.

    Raises BodyInvalid with every unknown field and every value of another type.
    """
    size = request.META.get("CONTENT_LENGTH") or "0"
    if not size.isdecimal() or int(size) > LARGEST_BODY:
        sentence = f"The body has at most {LARGEST_BODY} bytes."
        raise Refused("body_too_large", sentence)
    body = request.data
    if not isinstance(body, dict):
        raise BodyInvalid([Problem("", "not_an_object", "The body is a JSON object.")])
    problems = [found for name, value in body.items() if (found := _check_value(name, value, fields))]
    if problems:
        raise BodyInvalid(problems)
    return dict(body)


def _check_value(name: str, value: object, fields: Collection[str]) -> Problem | None:
    if name not in fields:
        known = name if FIELD_NAME.fullmatch(name) else "…"
        return Problem(known, "unknown_field", f"There is no such field. There are: {', '.join(fields)}.")
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        return Problem(name, "wrong_type", "Write a text, a whole number or null.")
    if isinstance(value, str) and UNSTORABLE.search(value):
        return Problem(name, "character_invalid", "The value contains a character that cannot be stored.")
    return None


def read_reason(body: Mapping[str, Any]) -> str:
    """The reason for a change. Raises ReasonMissing, BodyInvalid."""
    reason = body.get("reason")
    if reason is None:
        raise ReasonMissing
    if len(str(reason)) > LONGEST_REASON:
        raise BodyInvalid([Problem("reason", "too_long", f"A reason has at most {LONGEST_REASON} characters.")])
    return str(reason)


def read_if_match(request: Caller, version: int) -> None:
    """Raise unless If-Match names this version: 428 if it is missing, ChangedMeanwhile for another version."""
    header = request.META.get("HTTP_IF_MATCH", "")
    if not header:
        raise Refused(
            "precondition_required",
            "Send If-Match with the ETag of the infusion that you have seen.",
            parameter="If-Match",
        )
    seen = parse_etags(header)
    if not seen:
        sentence = 'Write the ETag as it was given, in quotes: "123".'
        raise Refused("etag_invalid", sentence, parameter="If-Match")
    if seen != ["*"] and etag_of(version) not in seen:
        raise ChangedMeanwhile


def etag_of(version: int) -> str:
    """The strong ETag of a version."""
    return f'"{version}"'


def read_idempotency_key(request: Caller) -> str:
    """The request's Idempotency-Key, "" if there is none. Raises Refused."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
    if not key:
        return ""
    # The digits of one UUID in sixty could be an identity number.
    if not KEY.fullmatch(key) or (holds_identity_number(key) and not OF_A_PROXY.fullmatch(key)):
        sentence = f"Write 1 to {LONGEST_KEY} printable characters without spaces, best a UUID."
        raise Refused("idempotency_key_invalid", sentence, parameter="Idempotency-Key")
    return key


def read_centres(user: User, parameters: Parameters) -> list[int]:
    """The keys of the centres that a query names; another centre's code is refused like an unknown code."""
    centres = dict(Centre.objects.visible_to(user).order_by("code").values_list("code", "pk"))
    return [centres[code] for code in parameters.choose("centre", centres) or ()]
