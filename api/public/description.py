"""The description of the interface, for programs (OpenAPI 3.1) and as a page to try it."""

from copy import deepcopy
from functools import cache, partial
from hashlib import sha256

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.plumbing import normalize_result_object
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerView

from api.parameters import Parameters
from api.public import openapi
from api.public.base import PublicView, send, share
from api.public.rate_limit import spend
from registry.errors import NotPublished
from registry.formats.data import encode
from registry.published import queries
from registry.published.current_snapshot import read_current

PAGE = SpectacularSwaggerView.as_view(url_name="api:schema")


@cache
def describe_interface() -> dict:
    """The description of every address, made once a process."""
    description: dict = SchemaGenerator().get_schema(request=None, public=True)
    return normalize_result_object(description)


@cache
def identify_interface() -> str:
    """What tells this description from another version's."""
    return sha256(encode(describe_interface())).hexdigest()


class SchemaView(PublicView):
    """The description of the interface."""

    @extend_schema(exclude=True)
    def get(self, request):
        """OpenAPI 3.1."""

    def answer(self, request, parameters, language):
        """It changes with the service, and with the code lists."""
        version = identify_interface()
        try:
            current = read_current()
        except NotPublished:
            return send(request, f"schema:{version}", language, describe_interface)

        def make() -> dict:
            known = partial(queries.list_known_codes, queries.read_code_lists(current.number))
            return openapi.list_codes(deepcopy(describe_interface()), known, current.number)

        return send(request, f"{current.hash}:schema:{version}", language, make, of=current)


class DocsView(PublicView):
    """The page to read and try the interface on."""

    @extend_schema(exclude=True)
    def get(self, request):
        """HTML, for people."""

    def read(self, request, **kwargs):
        """Never kept: the page holds a form's token, another for each visitor."""
        Parameters(request, (), common=())
        headers = spend(request.META, 1).headers() | {"Cache-Control": "no-store"}
        page = PAGE(request)
        for name, value in headers.items():
            page[name] = value
        return share(page)
