"""What a client must know of the service: its limits, and whether what is published is fresh."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from api.parameters import LANGUAGES, LONGEST_QUERY, Parameters
from api.public import service_openapi
from api.public.base import PublicView, as_json, send, share
from registry.formats import COUNTS_FORMATS, JSON_ALONE, MAP_FORMATS
from registry.formats.data import encode
from registry.published import queries
from registry.published.count_limits import MOST_COST, MOST_DIMENSIONS, MOST_ROWS
from registry.published.count_query import ASKABLE, DIMENSIONS
from registry.published.current_snapshot import unsure_since
from registry.published.disclosure import publishable, without_numbers
from swecar.http.during_outage import warn
from swecar.http.rate_limit import SECONDS, spend
from swecar.http.snapshot_response import host_of

VERSION = str(settings.SPECTACULAR_SETTINGS["VERSION"])
API_INFO = {"apiName": "swecar", "apiVersion": VERSION, "apiReleased": "2026-11-28", "apiStatus": "active"}
COSTS = {name: form.cost for name, form in {**MAP_FORMATS, **COUNTS_FORMATS}.items() if form.cost > 1}


class ConfigView(PublicView):
    """The limits, the same for everyone."""

    @extend_schema(**service_openapi.CONFIG)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        limits = {
            "rates": {"answers": settings.RATE_LIMIT, "seconds": SECONDS, "costs": COSTS},
            "most_dimensions": MOST_DIMENSIONS,
            "most_rows": MOST_ROWS,
            "most_cost": MOST_COST,
            "longest_query": LONGEST_QUERY,
            "formats": {"map": list(MAP_FORMATS), "counts": list(COUNTS_FORMATS)},
            "dimensions": list(DIMENSIONS),
            "measures": list(ASKABLE),
            "languages": list(LANGUAGES),
            "disclosure": queries.read_policy(),
            "tables": queries.read_tables(),
        }

        def make() -> dict:
            return publishable(limits, without_numbers)

        return send(request, as_json(f"config:{limits}", language, make))


class ApiInfoView(PublicView):
    """What Digg's REST API profile wants told of an API (VER.06), under the profile's own names."""

    @extend_schema(**service_openapi.API_INFO)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        host = host_of(request)

        def make() -> dict:
            return API_INFO | {"apiDocumentation": f"{host}/api/v1/docs"}

        return send(request, as_json(f"api-info:{host}", language, make))


@extend_schema(exclude=True)
class ApiInfoBesideView(ApiInfoView):
    """The same beside the other addresses."""


class StatusView(PublicView):
    """Whether what is published is fresh; never cached."""

    @extend_schema(**service_openapi.STATUS)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        headers = spend(request.META, 1).headers() | {"Cache-Control": "no-store"}
        body = encode(queries.read_status())
        if since := unsure_since():
            headers = warn(since) | headers
        return share(HttpResponse(body, content_type=JSON_ALONE["json"].media_type, headers=headers))
