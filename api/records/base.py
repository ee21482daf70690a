"""What the addresses for signed-in callers share: who may, what is read of a request, how it is refused.

Nothing here repeats what was sent: an identity number may stand in any place of a request.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

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
from registry.access import Permission, centres_where
from registry.entry.questions.questions import TextMissing, TextTooLong
from registry.entry.questions.referrals import REFERABLE, NothingToRefer
from registry.errors import (
    ChangedMeanwhile,
    FileTooLarge,
    IdentifierInText,
    InfusionRefused,
    NotPermitted,
    Problem,
    ReasonMissing,
    RegistryError,
)
from registry.identity import holds_identity_number
from registry.models import User

LARGEST_BODY = 100_000  # bytes of JSON; an infusion has some hundred
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
    """JSON in UTF-8, as the standard has it."""

    def parse(self, stream, media_type=None, parser_context=None):
        """The body. Raises ParseError, also for one that is nested without end."""
        try:
            return super().parse(stream, media_type, (parser_context or {}) | {"encoding": "utf-8"})
        except RecursionError:
            raise exceptions.ParseError from None


class SignedInView(APIView):
    """An address for signed-in callers. Its answers are kept by nobody, and its texts are English."""

    authentication_classes = [TokenHeader, PageSession]
    permission_classes = [SignedIn]
    parser_classes = [BodyParser]
    allowed: ClassVar[tuple[str, ...]] = ()
    words: ClassVar[str] = "reason"  # the field of free text
    settled_at: ClassVar[str] = "api:questions"  # the route to the steward, for what names the steward
    parameters: Parameters

    def dispatch(self, request, *args, **kwargs) -> HttpResponseBase:
        """The answer, in English."""
        with override("en"):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args, **kwargs) -> None:
        """Who calls, then the parameters: they say nothing to whoever is not signed in."""
        super().initial(request, *args, **kwargs)
        allowed = self.allowed if request.method in {"GET", "HEAD"} else ()
        self.parameters = Parameters(request._request, allowed, common=FORMATS)
        if self.parameters.values.get("format", "json") != "json":
            raise Refused("unknown_value", "format: write json.", parameter="format")

    def get_exception_handler(self):
        """Refusals as problems."""
        return handle_error

    def finalize_response(self, request, response, *args, **kwargs):
        """Say that nobody keeps the answer, and nothing of other origins."""
        response = super().finalize_response(request, response, *args, **kwargs)
        del response["Access-Control-Allow-Origin"]
        response["Cache-Control"] = "no-store"
        response["Content-Language"] = "en"
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return response


def handle_error(error: Exception, context: Mapping) -> HttpResponseBase | None:
    """The response to a refused request; None for a fault of ours."""
    if isinstance(error, RegistryError):
        return _problem_of(error, context["view"])
    if isinstance(error, SuspiciousOperation):  # too many fields, a form that is none
        return problem(BodyInvalid.code, "The body is not what is asked for", HTTPStatus.BAD_REQUEST)
    if not isinstance(error, exceptions.APIException):
        return None
    # A parser's own words may quote the body.
    detail = "" if isinstance(error, exceptions.ParseError) else str(error.detail)
    return problem_of_framework(error, context, detail=detail)


def _problem_of(error: RegistryError, view: SignedInView) -> HttpResponse:
    detail, parameter = str(error), None
    errors = error.problems if isinstance(error, InfusionRefused | BodyInvalid) else ()
    if isinstance(error, ReasonMissing | IdentifierInText | TextMissing | TextTooLong):
        errors, parameter = (Problem(view.words, error.code, detail),), view.words
    title = detail.rstrip(".") if isinstance(error, FileTooLarge) else ""  # of one of several limits
    if holds_identity_number(detail):  # a parameter's name or value, repeated
        detail = parameter = ""
    return problem_of(
        error, title=title, detail=detail, parameter=parameter, errors=errors, send_to=_way_on(error, view)
    )


def _way_on(error: RegistryError, view: SignedInView) -> str:
    """The URL to which what was refused can be sent: the steward's where they have to settle it."""
    if error.code in REFERABLE:
        return reverse(view.settled_at)
    return reverse("api:infusions") if isinstance(error, NothingToRefer) else ""


def require_writer(user: User) -> None:
    """Raise NotPermitted for whoever enters at no centre."""
    if not centres_where(user, Permission.WRITE_RECORDS):
        raise NotPermitted


def read_body(request: Caller, fields: Collection[str]) -> dict[str, Any]:
    """The fields of a JSON object, each a text or a whole number; null is as if it were not there.

    Raises BodyInvalid, naming every unknown field and every value of another type.
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
    """Why something is changed. Raises ReasonMissing, BodyInvalid."""
    reason = body.get("reason")
    if reason is None:
        raise ReasonMissing
    if len(str(reason)) > LONGEST_REASON:
        raise BodyInvalid([Problem("reason", "too_long", f"A reason has at most {LONGEST_REASON} characters.")])
    return str(reason)


def read_if_match(request: Caller, version: int) -> None:
    """Raise unless the caller has seen this version: 428 without If-Match, ChangedMeanwhile for another."""
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
    """The key of the request, empty where none is sent. Raises Refused."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
    if not key:
        return ""
    if not KEY.fullmatch(key) or holds_identity_number(key):
        sentence = f"Write 1 to {LONGEST_KEY} printable characters without spaces, best a UUID."
        raise Refused("idempotency_key_invalid", sentence, parameter="Idempotency-Key")
    return key
