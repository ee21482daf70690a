"""The public, read-only interface: kept answers (swecar/http/snapshot_response.py).

These views leave out REST framework's request handling, which would cost a third of such an answer;
its errors, its OPTIONS and its description stay.
"""

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema

from api.errors import Refused
from api.parameters import LANGUAGES, LONGEST_QUERY
from api.public import openapi
from api.public.base import PublicView, send, send_file, share
from api.public.count_query import MOST_COST, MOST_DIMENSIONS, MOST_ROWS, check, read_count_query
from api.public.rate_limit import SECONDS, spend
from registry.formats import COUNTS_FORMATS, JSON_ALONE, MAP_FORMATS
from registry.formats.data import encode
from registry.measures import DERIVED, MEASURES
from registry.published import queries
from registry.published.counting import DIMENSIONS
from registry.published.current_snapshot import read_current
from registry.published.disclosure import publishable, without_numbers

COSTS = {name: form.cost for name, form in {**MAP_FORMATS, **COUNTS_FORMATS}.items() if form.cost > 1}


class MapView(PublicView):
    """The map document."""

    allowed = ("as_of", "snapshot")
    formats = MAP_FORMATS

    @extend_schema(**openapi.MAP)
    def get(self, request):
        """Every centre, the nation and what is made where."""

    def answer(self, request, parameters, language):
        """The current snapshot's, or a numbered one's, up to a day."""
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
        day = as_of or current.data_through or "empty"
        return send_file(
            request,
            key,
            language,
            self.formats[parameters.format],
            f"swecar-map-{day}" if number == current.number else f"swecar-map-snapshot-{number}",
            lambda: queries.read_map(language=language, as_of=as_of, number=number),
            of=current,
        )


class CountsView(PublicView):
    """Counts by any query."""

    allowed = ("by", "as_of", "from", "to", "measures", *DIMENSIONS)
    formats = COUNTS_FORMATS

    @extend_schema(**openapi.COUNTS)
    def get(self, request):
        """Rows for cells with at least one infusion, and a total counted afresh."""

    def answer(self, request, parameters, language):
        """The current snapshot's."""
        query = read_count_query(parameters)
        current = read_current()

        def make() -> dict:
            return queries.read_counts(query, number=current.number, check=check)

        name = f"swecar-counts-{query.as_of or current.data_through or 'empty'}"
        form = self.formats[parameters.format]
        key = f"{current.hash}:counts:{query}"
        return send_file(request, key, language, form, name, make, of=current)


class CodeListView(PublicView):
    """One code list, with labels in both languages."""

    name = ""

    def answer(self, request, parameters, language):
        """The current snapshot's list."""
        current = read_current()
        key = f"{current.hash}:{self.name}"

        def make() -> dict:
            return queries.read_code_list(self.name, number=current.number)

        return send(request, key, language, make, of=current)


def code_list_view(list_name: str) -> type[CodeListView]:
    """A view of one list."""

    class View(CodeListView):
        name = list_name

        @extend_schema(**openapi.code_list(list_name))
        def get(self, request):
            """One code list, with labels in both languages."""

    return View


class MeasuresView(PublicView):
    """Every measure's rule."""

    @extend_schema(**openapi.MEASURE_RULES)
    def get(self, request):
        """What every number means, in both languages."""

    def answer(self, request, parameters, language):
        """The rules; they change with the service and not with a snapshot."""
        measures = [
            {
                "measure": name,
                "label": {"sv": measure.sv, "en": measure.en},
                "rule": {"sv": measure.rule_sv, "en": measure.rule_en},
                "unit": measure.unit,
                "source": measure.source,
            }
            for name, measure in (MEASURES | DERIVED).items()
        ]
        return send(
            request, f"measures:{measures}", language, lambda: publishable({"measures": measures}, without_numbers)
        )


class SnapshotsView(PublicView):
    """The history of what was published."""

    @extend_schema(**openapi.SNAPSHOTS)
    def get(self, request):
        """All snapshots, the newest first."""

    def answer(self, request, parameters, language):
        """All there are; the list changes with the current one."""
        current = read_current()
        key = f"{current.hash}:snapshots"
        return send(request, key, language, queries.read_snapshots, of=current)


class SnapshotView(PublicView):
    """One snapshot."""

    @extend_schema(**openapi.SNAPSHOT)
    def get(self, request, number):
        """A snapshot's description and national numbers."""

    def answer(self, request, parameters, language, *, number):
        """A snapshot never changes; the current hash in the key tells this registry from another."""
        current = read_current()
        key = f"{current.hash}:snapshot:{number}"
        return send(request, key, language, lambda: queries.read_snapshot(number), of=current)


class ChangesView(PublicView):
    """What moved between two snapshots."""

    allowed = ("since",)

    @extend_schema(**openapi.CHANGES)
    def get(self, request, number):
        """Per cell and measure, before and after, without identities."""

    def answer(self, request, parameters, language, *, number):
        """Since the snapshot before, unless another is named."""
        current = read_current()
        since = parameters.snapshot("since", current.number)
        if since is None:
            raise Refused("missing", "since: write the number of the earlier snapshot.", parameter="since")
        key = f"{current.hash}:changes:{since}:{number}"
        return send(request, key, language, lambda: queries.read_changes(number, since), of=current)


class ConfigView(PublicView):
    """The limits that a client must know."""

    @extend_schema(**openapi.CONFIG)
    def get(self, request):
        """Most dimensions, formats, dimensions, measures, disclosure policy."""

    def answer(self, request, parameters, language):
        """The same for everyone."""
        limits = {
            "rates": {"answers": settings.RATE_LIMIT, "seconds": SECONDS, "costs": COSTS},
            "most_dimensions": MOST_DIMENSIONS,
            "most_rows": MOST_ROWS,
            "most_cost": MOST_COST,
            "longest_query": LONGEST_QUERY,
            "formats": {"map": list(MAP_FORMATS), "counts": list(COUNTS_FORMATS)},
            "dimensions": list(DIMENSIONS),
            "measures": list(MEASURES),
            "languages": list(LANGUAGES),
            "disclosure": queries.read_policy(),
            "tables": queries.read_tables(),
        }
        return send(request, f"config:{limits}", language, lambda: publishable(limits, without_numbers))


class StatusView(PublicView):
    """Whether what is published is fresh."""

    @extend_schema(**openapi.STATUS)
    def get(self, request):
        """The current snapshot, whether the records have moved on since, and the last run."""

    def answer(self, request, parameters, language):
        """Never kept."""
        headers = spend(request.META, 1).headers() | {"Cache-Control": "no-store"}
        body = encode(queries.read_status())
        response = HttpResponse(body, content_type=JSON_ALONE["json"].media_type, headers=headers)
        return share(response)
