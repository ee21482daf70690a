"""What other systems harvest: the catalogue of the open data, and reports as FHIR."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from api.parameters import Parameters
from api.public import openapi
from api.public.base import PublicView, as_file, send
from registry.errors import NotFound
from registry.formats.catalogue import CATALOGUE_FORMATS, describe_catalogue
from registry.formats.fhir import FHIR_FORMATS, report_all, report_one
from registry.published import queries
from registry.published.current_snapshot import read_current
from registry.published.snapshots import read_first_built
from swecar.http.snapshot_response import host_of


class CatalogueView(PublicView):
    """The catalogue of the open data."""

    formats = CATALOGUE_FORMATS

    @extend_schema(**openapi.CATALOGUE)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        current, host = read_current(), host_of(request)

        def make() -> dict:
            return describe_catalogue(
                current.describe(),
                host=host,
                controller=settings.CONTROLLER,
                contact=settings.CONTACT,
                issued=read_first_built(),
            )

        key, form = f"{current.hash}:catalogue:{host}:{parameters.format}", self.formats[parameters.format]
        return send(request, as_file(key, language, form, "swecar-catalogue", make), of=current)


class MeasureReportsView(PublicView):
    """All reports."""

    allowed = ("as_of",)
    formats = FHIR_FORMATS

    @extend_schema(**openapi.MEASURE_REPORTS)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        return send_report(request, parameters, language, "all")


class MeasureReportView(PublicView):
    """One report."""

    allowed = ("as_of",)
    formats = FHIR_FORMATS

    @extend_schema(**openapi.MEASURE_REPORT)
    def get(self, request: HttpRequest, parameters: Parameters, language: str, *, code: str) -> HttpResponse:
        return send_report(request, parameters, language, code)


def send_report(request: HttpRequest, parameters: Parameters, language: str, code: str) -> HttpResponse:
    """One report by its code, or all of them, of the current snapshot, up to a day."""
    current, host, as_of = read_current(), host_of(request), parameters.day_that_has_come("as_of")

    def make() -> dict:
        document = queries.read_map(language=language, as_of=as_of, number=current.number)
        if code == "all":
            return report_all(document, host=host, language=language)
        report = report_one(document, code, host=host, language=language)
        if report is None:
            raise NotFound("There is no report of this name: SE is the country's, a centre's is its code.")
        return report

    key = f"{current.hash}:fhir:{code}:{as_of}:{host}:{parameters.format}"
    form, name = FHIR_FORMATS[parameters.format], f"swecar-measure-report-{code}"
    return send(request, as_file(key, language, form, name, make), of=current)
