"""Code lists and the rules of the measures, over the API."""

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view

from api.parameters import Parameters
from api.public import openapi
from api.public.base import PublicView, as_json, send
from registry.measures import DERIVED, MEASURES
from registry.published import queries
from registry.published.current_snapshot import read_current
from registry.published.disclosure import publishable, without_numbers


class CodeListView(PublicView):
    """One code list of the current snapshot."""

    name = ""

    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        current = read_current()

        def make() -> dict:
            return queries.read_code_list(self.name, number=current.number)

        return send(request, as_json(f"{current.hash}:{self.name}", language, make), of=current)


@extend_schema_view(get=extend_schema(**openapi.code_list("centres")))
class CentresView(CodeListView):
    name = "centres"


@extend_schema_view(get=extend_schema(**openapi.code_list("categories")))
class CategoriesView(CodeListView):
    name = "categories"


@extend_schema_view(get=extend_schema(**openapi.code_list("products")))
class ProductsView(CodeListView):
    name = "products"


@extend_schema_view(get=extend_schema(**openapi.code_list("indications")))
class IndicationsView(CodeListView):
    name = "indications"


@extend_schema_view(get=extend_schema(**openapi.code_list("trials")))
class TrialsView(CodeListView):
    name = "trials"


class MeasuresView(PublicView):
    """Every measure's rule; they change with the service and not with a snapshot."""

    @extend_schema(**openapi.MEASURE_RULES)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
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

        def make() -> dict:
            return publishable({"measures": measures}, without_numbers)

        return send(request, as_json(f"measures:{measures}", language, make))
