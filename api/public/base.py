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
from registry.errors import RegistryError
from registry.formats import JSON_ALONE, Format
from registry.formats.data import encode
from registry.published.current_snapshot import Current, retry_if_replaced
from swecar.http.rate_limit import spend
from swecar.http.snapshot_response import Content, respond


@dataclass(frozen=True)
class Deprecation:
    """Since when a URL is no longer recommended, when it goes, and where to read on."""

    since: datetime
    until: datetime
    read_on: str


class PublicView(APIView):
    """A view whose response depends on the snapshot, the query and the language alone.

    get(request, parameters, language, **parts of the path) gives it, or raises RegistryError.
    """

    get: Callable[..., HttpResponse]

    allowed: ClassVar[tuple[str, ...]] = ()
    formats: ClassVar[Mapping[str, Format]] = JSON_ALONE
    deprecation: ClassVar[Deprecation | None] = None

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        """GET and HEAD without REST framework's request handling; the rest by it."""
        if request.method not in {"GET", "HEAD"}:
            return welcome(super().dispatch(request, *args, **kwargs))
        try:
            return self.mark(self.read(request, **kwargs))
        except RegistryError as error:
            return problem_of(request, error)

    def read(self, request: HttpRequest, *, ending: str | None = None, **path) -> HttpResponse:
        """The response to a request, whose path may end in a format. Raises RegistryError."""
        parameters = Parameters(request, self.allowed)
        language = choose_language(request, parameters)
        parameters.format = choose_format(request, parameters, self.formats, ending)
        if "number" in path:
            path["number"] = int(path["number"])
        return retry_if_replaced(lambda: self.get(request, parameters, language, **path))

    def mark(self, response: HttpResponse) -> HttpResponse:
        """Say that the URL will go, where it will (RFC 9745, RFC 8594)."""
        if self.deprecation:
            response["Deprecation"] = f"@{int(self.deprecation.since.timestamp())}"
            response["Sunset"] = http_date(self.deprecation.until.timestamp())
            response["Link"] += f', <{self.deprecation.read_on}>; rel="deprecation"'
        return response


def send(request: HttpRequest, content: Content, *, of: Current | None = None) -> HttpResponse:
    """The cached response to a query, which its content names; of is the current snapshot."""
    return share(respond(request, content, of=of, spend=lambda cost: spend(request.META, cost).headers()))


def as_json(key: str, language: str, make: Callable[[], dict]) -> Content:
    """What make gives, as JSON."""
    return Content(key, language, JSON_ALONE["json"].media_type, lambda: encode(make()))


def as_file(key: str, language: str, form: Format, name: str, make: Callable[[], dict]) -> Content:
    """The same in any format, as a file of that name."""
    way = "inline" if form.shown else "attachment"
    return Content(
        key=f"{key}:{form.ending}:{form.write.__name__}",
        language=language,
        content_type=form.media_type,
        make=lambda: form.write(make(), language),
        disposition=f'{way}; filename="{name}.{form.ending}"',
        cost=form.cost,
    )


def share(response: HttpResponse) -> HttpResponse:
    """Let pages of any origin read a response, under its licence."""
    response["Link"] = '<https://creativecommons.org/licenses/by/4.0/>; rel="license"'
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = EXPOSED
    return response


def welcome(response: HttpResponseBase) -> HttpResponseBase:
    """Tell a page of another origin what it may send (the fetch standard's preflight)."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
    response["Access-Control-Allow-Headers"] = "Accept, Accept-Language, If-None-Match, If-Modified-Since"
    response["Access-Control-Max-Age"] = "86400"
    return response
