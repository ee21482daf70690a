"""What every public view does: parameters, language, format, cached response, headers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import http_date
from rest_framework.views import APIView

from api.errors import EXPOSED, problem_of
from api.parameters import Parameters, choose_format, choose_language
from api.public.rate_limit import spend
from registry.errors import FactsNotKept, RegistryError
from registry.formats import JSON_ALONE, Format
from registry.formats.data import encode
from registry.published.current_snapshot import Current, forget_current
from swecar.http.snapshot_response import answer


@dataclass(frozen=True)
class Deprecation:
    """Since when an address is no longer recommended, when it goes, and where to read on."""

    since: datetime
    until: datetime
    read_on: str


class PublicView(APIView):
    """A view whose answer depends on the snapshot, the query and the language alone.

    answer(request, parameters, language, **numbers of the address) gives it, or raises
    RegistryError.
    """

    answer: Callable[..., HttpResponse]

    allowed: ClassVar[tuple[str, ...]] = ()
    formats: ClassVar[Mapping[str, Format]] = JSON_ALONE
    deprecation: ClassVar[Deprecation | None] = None

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        """GET and HEAD straight to the answer; the rest by REST framework."""
        if request.method not in {"GET", "HEAD"}:
            return welcome(super().dispatch(request, *args, **kwargs))
        try:
            return self.mark(self.read(request, **kwargs))
        except RegistryError as error:
            return problem_of(error)

    def read(self, request: HttpRequest, **kwargs) -> HttpResponse:
        """The answer to a request. Raises RegistryError."""
        parameters = Parameters(request, self.allowed)
        language = choose_language(request, parameters)
        ending = kwargs.pop("ending", None)
        parameters.format = choose_format(request, parameters, self.formats, ending)
        numbers = {name: int(value) if name == "number" else value for name, value in kwargs.items()}
        try:
            return self.answer(request, parameters, language, **numbers)
        except FactsNotKept:  # a new snapshot came between the query and its facts
            forget_current()
            return self.answer(request, parameters, language, **numbers)

    def mark(self, response: HttpResponse) -> HttpResponse:
        """Say that the address will go, where it will (RFC 9745, RFC 8594)."""
        if self.deprecation:
            response["Deprecation"] = f"@{int(self.deprecation.since.timestamp())}"
            response["Sunset"] = http_date(self.deprecation.until.timestamp())
            response["Link"] += f', <{self.deprecation.read_on}>; rel="deprecation"'
        return response


def send(
    request: HttpRequest, key: str, language: str, make: Callable[[], dict], *, of: Current | None = None
) -> HttpResponse:
    """The kept answer to a query of a snapshot, both named by key, as JSON; of is the snapshot."""
    return share(
        answer(
            request,
            key=key,
            language=language,
            content_type=JSON_ALONE["json"].media_type,
            make=lambda: encode(make()),
            modified=of.built_at if of else None,
            snapshot=of.hash if of else None,
            spend=lambda cost: spend(request.META, cost).headers(),
        )
    )


def send_file(
    request: HttpRequest,
    key: str,
    language: str,
    form: Format,
    name: str,
    make: Callable[[], dict],
    *,
    of: Current,
) -> HttpResponse:
    """The same in any form, as a file of that name."""
    way = "inline" if form.shown else "attachment"
    return share(
        answer(
            request,
            key=f"{key}:{form.ending}:{form.write.__name__}",
            language=language,
            content_type=form.media_type,
            make=lambda: form.write(make(), language),
            disposition=f'{way}; filename="{name}.{form.ending}"',
            modified=of.built_at,
            snapshot=of.hash,
            cost=form.cost,
            spend=lambda cost: spend(request.META, cost).headers(),
        )
    )


def share(response: HttpResponse) -> HttpResponse:
    """Let pages of any origin read an answer, under the licence that it has."""
    response["Link"] = '<https://creativecommons.org/licenses/by/4.0/>; rel="license"'
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = EXPOSED
    return response


def welcome(response: HttpResponseBase) -> HttpResponseBase:
    """Tell a page of another origin what it may ask with (the fetch standard's preflight)."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
    response["Access-Control-Allow-Headers"] = "Accept, Accept-Language, If-None-Match, If-Modified-Since"
    response["Access-Control-Max-Age"] = "86400"
    return response
