"""The public, read-only interface: kept answers (swecar/answers.py).

These views leave out REST framework's request handling, which would cost a third of such an answer;
its errors, its OPTIONS and its description stay.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import http_date
from drf_spectacular.utils import extend_schema
from rest_framework.views import APIView

from api import questions, schema
from api.errors import EXPOSED, problem_of
from api.questions import Parameters
from api.rate import SECONDS, spend
from registry.errors import FactsNotKept, RegistryError
from registry.formats import COUNTS_FORMATS, JSON_ALONE, MAP_FORMATS, Format
from registry.formats.data import encode
from registry.statistics import published
from registry.statistics.current import Current, forget_current, read_current
from registry.statistics.disclosure import publishable, without_numbers
from registry.statistics.measures import DERIVED, MEASURES
from swecar.answers import answer

COSTS = {name: form.cost for name, form in {**MAP_FORMATS, **COUNTS_FORMATS}.items() if form.cost > 1}


@dataclass(frozen=True)
class Deprecation:
    """Since when an address is no longer recommended, when it goes, and where to read on."""

    since: datetime
    until: datetime
    read_on: str


class PublicView(APIView):
    """A view whose answer depends on the snapshot, the question and the language alone.

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
        language = questions.choose_language(request, parameters)
        ending = kwargs.pop("ending", None)
        parameters.format = questions.choose_format(request, parameters, self.formats, ending)
        numbers = {name: int(value) if name == "number" else value for name, value in kwargs.items()}
        try:
            return self.answer(request, parameters, language, **numbers)
        except FactsNotKept:  # a new snapshot came between the question and its facts
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
    """The kept answer to a question of a snapshot, both named by key, as JSON; of is the snapshot."""
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


class MapView(PublicView):
    """The map document."""

    allowed = ("as_of", "snapshot")
    formats = MAP_FORMATS

    @extend_schema(**schema.MAP)
    def get(self, request):
        """Every centre, the nation and what is made where."""

    def answer(self, request, parameters, language):
        """The current snapshot's, or a numbered one's, up to a day."""
        current = read_current()
        as_of, number = parameters.day_that_has_come("as_of"), parameters.snapshot("snapshot", current.number)
        if number in {None, current.number}:
            key, number = f"{current.hash}:map:{as_of}", current.number
        elif as_of:
            raise questions.Refused(
                "as_of_needs_current",
                f"Only the current snapshot ({current.number}) can be counted up to a day.",
                parameter="as_of",
                status_code=409,
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
            lambda: published.read_map(language=language, as_of=as_of, number=number),
            of=current,
        )


class CountsView(PublicView):
    """Counts by any question."""

    allowed = ("by", "as_of", "from", "to", "measures", *questions.DIMENSIONS)
    formats = COUNTS_FORMATS

    @extend_schema(**schema.COUNTS)
    def get(self, request):
        """Rows for cells with at least one infusion, and a total counted afresh."""

    def answer(self, request, parameters, language):
        """The current snapshot's."""
        question = questions.read_question(parameters)
        current = read_current()

        def make() -> dict:
            return published.read_counts(question, number=current.number, check=questions.check)

        name = f"swecar-counts-{question.as_of or current.data_through or 'empty'}"
        form = self.formats[parameters.format]
        key = f"{current.hash}:counts:{question}"
        return send_file(request, key, language, form, name, make, of=current)


class CodeListView(PublicView):
    """One code list, with labels in both languages."""

    name = ""

    def answer(self, request, parameters, language):
        """The current snapshot's list."""
        current = read_current()
        key = f"{current.hash}:{self.name}"

        def make() -> dict:
            return published.read_code_list(self.name, number=current.number)

        return send(request, key, language, make, of=current)


def code_list_view(list_name: str) -> type[CodeListView]:
    """A view of one list."""

    class View(CodeListView):
        name = list_name

        @extend_schema(**schema.code_list(list_name))
        def get(self, request):
            """One code list, with labels in both languages."""

    return View


class MeasuresView(PublicView):
    """Every measure's rule."""

    @extend_schema(**schema.MEASURE_RULES)
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

    @extend_schema(**schema.SNAPSHOTS)
    def get(self, request):
        """All snapshots, the newest first."""

    def answer(self, request, parameters, language):
        """All there are; the list changes with the current one."""
        current = read_current()
        key = f"{current.hash}:snapshots"
        return send(request, key, language, published.read_snapshots, of=current)


class SnapshotView(PublicView):
    """One snapshot."""

    @extend_schema(**schema.SNAPSHOT)
    def get(self, request, number):
        """A snapshot's description and national numbers."""

    def answer(self, request, parameters, language, *, number):
        """A snapshot never changes; the current hash in the key tells this registry from another."""
        current = read_current()
        key = f"{current.hash}:snapshot:{number}"
        return send(request, key, language, lambda: published.read_snapshot(number), of=current)


class ChangesView(PublicView):
    """What moved between two snapshots."""

    allowed = ("since",)

    @extend_schema(**schema.CHANGES)
    def get(self, request, number):
        """Per cell and measure, before and after, without identities."""

    def answer(self, request, parameters, language, *, number):
        """Since the snapshot before, unless another is named."""
        current = read_current()
        since = parameters.snapshot("since", current.number)
        if since is None:
            raise questions.Refused(
                "missing", "since: write the number of the earlier snapshot.", parameter="since"
            )
        key = f"{current.hash}:changes:{since}:{number}"
        return send(request, key, language, lambda: published.read_changes(number, since), of=current)


class ConfigView(PublicView):
    """The limits that a client must know."""

    @extend_schema(**schema.CONFIG)
    def get(self, request):
        """Most dimensions, formats, dimensions, measures, disclosure policy."""

    def answer(self, request, parameters, language):
        """The same for everyone."""
        limits = {
            "rates": {"answers": settings.RATE_LIMIT, "seconds": SECONDS, "costs": COSTS},
            "most_dimensions": questions.MOST_DIMENSIONS,
            "most_rows": questions.MOST_ROWS,
            "most_cost": questions.MOST_COST,
            "longest_query": questions.LONGEST_QUERY,
            "formats": {"map": list(MAP_FORMATS), "counts": list(COUNTS_FORMATS)},
            "dimensions": list(questions.DIMENSIONS),
            "measures": list(MEASURES),
            "languages": list(questions.LANGUAGES),
            "disclosure": published.read_policy(),
            "tables": published.read_tables(),
        }
        return send(request, f"config:{limits}", language, lambda: publishable(limits, without_numbers))


class StatusView(PublicView):
    """Whether what is published is fresh."""

    @extend_schema(**schema.STATUS)
    def get(self, request):
        """The current snapshot, whether the records have moved on since, and the last run."""

    def answer(self, request, parameters, language):
        """Never kept."""
        headers = spend(request.META, 1).headers() | {"Cache-Control": "no-store"}
        body = encode(published.read_status())
        response = HttpResponse(body, content_type=JSON_ALONE["json"].media_type, headers=headers)
        return share(response)
