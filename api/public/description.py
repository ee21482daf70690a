"""The description of the API, for programs (OpenAPI 3.1) and as a page to try it."""

from functools import cache, partial
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.plumbing import normalize_result_object
from drf_spectacular.utils import extend_schema

from api.parameters import Parameters
from api.public import openapi
from api.public.base import PublicView, as_json, send, share
from api.public.description_frame import at_host
from registry.errors import NotPublished
from registry.formats.data import encode
from registry.published import queries
from registry.published.atmp import read_values
from registry.published.current_snapshot import read_current
from swecar.http.rate_limit import spend
from swecar.http.snapshot_response import host_of


@cache
def describe_api() -> dict:
    """The description of every address, made once a process."""
    # All of the API, also by a process that serves a part of it: the generator itself takes the process's URLs.
    generator = SchemaGenerator(urlconf=settings.SPECTACULAR_SETTINGS["SERVE_URLCONF"])
    description: dict = generator.get_schema(request=None, public=True)
    return normalize_result_object(description)


@cache
def identify_api() -> str:
    """What tells this description from another version's."""
    return sha256(encode(describe_api())).hexdigest()


class SchemaView(PublicView):
    """The description of the interface."""

    @extend_schema(exclude=True)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        """OpenAPI 3.1; it changes with the service, and with the code lists."""
        host = host_of(request)
        version = f"{identify_api()}:{host}"
        try:
            current = read_current()
        except NotPublished:
            return send(request, as_json(f"schema:{version}", language, lambda: at_host(describe_api(), host)))

        def make() -> dict:
            known = partial(queries.list_known_codes, queries.read_code_lists(current.number))
            listed: dict[str, openapi.Known] = {
                "counts": known,
                "atmp/counts": read_values(current.number).get,
            }
            return openapi.list_codes(at_host(describe_api(), host), listed, current.number)

        return send(request, as_json(f"{current.hash}:schema:{version}", language, make), of=current)


class DocsView(PublicView):
    """The page to read and try the interface on."""

    def read(self, request: HttpRequest, **path) -> HttpResponse:
        """A page takes no parameters, and no format."""
        Parameters(request, (), common=())
        return self.get(request)

    @extend_schema(exclude=True)
    def get(self, request: HttpRequest) -> HttpResponse:
        """HTML, for people; never cached, since it holds a form's token, another for each visitor."""
        headers = spend(request.META, 1).headers() | {"Cache-Control": "no-store"}
        page = render_to_string("pages/description.html", request=request)
        return share(HttpResponse(page, headers=headers))
