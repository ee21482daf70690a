"""The map document and counts by any query, over the API."""

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from api.errors import Refused
from api.parameters import Parameters, unknown_value
from api.public import openapi
from api.public.base import PublicView, as_file, send
from api.public.count_query import check, read_count_query
from registry.formats import COUNTS_FORMATS, MAP_FORMATS
from registry.published import queries
from registry.published.count_query import DIMENSIONS
from registry.published.current_snapshot import read_current


class MapView(PublicView):
    """The map document."""

    allowed = ("as_of", "snapshot")
    formats = MAP_FORMATS

    @extend_schema(**openapi.MAP)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        current = read_current()
        as_of, number = parameters.day_that_has_come("as_of"), parameters.snapshot("snapshot", current.number)
        if number in {None, current.number}:
            key, number = f"{current.hash}:map:{as_of}", current.number
        elif as_of:
            raise Refused(
                "as_of_needs_current",
                f"Only the current snapshot ({current.number}) can be counted up to a day.",
                parameter="as_of",
            )
        else:
            key = f"{current.hash}:map:{number}"

        def make() -> dict:
            return queries.read_map(language=language, as_of=as_of, number=number)

        day = as_of or current.data_through or "empty"
        name = f"swecar-map-{day}" if number == current.number else f"swecar-map-snapshot-{number}"
        form = self.formats[parameters.format]
        return send(request, as_file(f"{key}:{parameters.format}", language, form, name, make), of=current)


class CountsView(PublicView):
    """Counts by any query."""

    allowed = ("by", "as_of", "from", "to", "measures", *DIMENSIONS)
    formats = COUNTS_FORMATS

    @extend_schema(**openapi.COUNTS)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        query = read_count_query(parameters)
        if parameters.format == "json-stat" and query.measures == ("first",):
            raise unknown_value("measures", "first", "a number too: JSON-stat has no dates")
        current = read_current()

        def make() -> dict:
            return queries.read_counts(query, number=current.number, check=check)

        key = f"{current.hash}:counts:{query}:{parameters.format}"
        form, name = (
            self.formats[parameters.format],
            f"swecar-counts-{query.as_of or current.data_through or 'empty'}",
        )
        return send(request, as_file(key, language, form, name, make), of=current)
