"""Trials, the hospital exemption and manufacture, over the API (ATMP.md, "Interface")."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from api.parameters import Parameters
from api.public import atmp_openapi
from api.public.base import PublicView, as_file, send
from api.public.count_query import check_codes, read_dimensions, read_filters
from registry.formats import Format
from registry.formats.atmp import (
    EXEMPTION_FORMATS,
    MANUFACTURING_FORMATS,
    TRIAL_COUNTS_FORMATS,
    TRIALS_FORMATS,
)
from registry.published.atmp import read_exemption, read_manufacturing, read_trial_counts, read_trials
from registry.published.atmp_query import (
    ASKABLE,
    DEFAULT_MEASURES,
    DIMENSIONS,
    MEASURES,
    MOST_DIMENSIONS,
    TrialQuery,
)
from registry.published.count_query import read_measures
from registry.published.current_snapshot import read_current


class AtmpView(PublicView):
    """A document of the current snapshot as of a day, in every format."""

    allowed: ClassVar[tuple[str, ...]] = ("as_of",)
    name: ClassVar[str]
    fetch: Callable[..., dict[str, Any]]

    def answer(self, request: HttpRequest, parameters: Parameters, language: str, **query: Any) -> HttpResponse:
        """What `fetch` gives for a query, which names the response too."""
        current, form = read_current(), self.formats[parameters.format]
        as_of: date | None = parameters.day_that_has_come("as_of")
        asked = query or {"as_of": as_of}
        key = f"{current.hash}:atmp-{self.name}:{asked}:{parameters.format}"
        named = f"swecar-{self.name}-{as_of or current.data_through or 'empty'}"

        def make() -> dict:
            return self.fetch(**asked, number=current.number)

        return send(request, as_file(key, language, form, named, make), of=current)


class TrialsView(AtmpView):
    """Every trial at a hospital."""

    name, fetch = "atmp-trials", staticmethod(read_trials)
    formats: ClassVar[Mapping[str, Format]] = TRIALS_FORMATS

    @extend_schema(**atmp_openapi.TRIALS)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        return self.answer(request, parameters, language)


class CountsView(AtmpView):
    """Trials by any two dimensions."""

    name = "atmp-counts"
    allowed = ("by", "as_of", "measures", *DIMENSIONS)
    formats: ClassVar[Mapping[str, Format]] = TRIAL_COUNTS_FORMATS

    @extend_schema(**atmp_openapi.COUNTS)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        return self.answer(request, parameters, language, query=read_query(parameters))

    @staticmethod
    def fetch(*, query: TrialQuery, number: int) -> dict[str, Any]:
        """The counts of a query, whose values are checked with the snapshot's lists."""
        return read_trial_counts(query, number=number, check=check_codes)


class ExemptionView(AtmpView):
    """What hospitals state of the hospital exemption."""

    name, fetch = "atmp-exemption", staticmethod(read_exemption)
    formats: ClassVar[Mapping[str, Format]] = EXEMPTION_FORMATS

    @extend_schema(**atmp_openapi.EXEMPTION)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        return self.answer(request, parameters, language)


class ManufacturingView(AtmpView):
    """What manufacturing sites state."""

    name, fetch = "atmp-manufacturing", staticmethod(read_manufacturing)
    formats: ClassVar[Mapping[str, Format]] = MANUFACTURING_FORMATS

    @extend_schema(**atmp_openapi.MANUFACTURING)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        return self.answer(request, parameters, language)


def read_query(parameters: Parameters) -> TrialQuery:
    """The query of `atmp/counts`, in one spelling; values of lists are checked by check_codes."""
    measures, rates = read_measures(
        parameters.choose("measures", ASKABLE) or (), known=tuple(MEASURES), usual=DEFAULT_MEASURES, of="trials"
    )
    return TrialQuery(
        by=read_dimensions(parameters, DIMENSIONS, most=MOST_DIMENSIONS),
        measures=measures,
        filters=read_filters(parameters, DIMENSIONS),
        as_of=parameters.day_that_has_come("as_of"),
        rates=rates,
    )
