"""Releases over the API: the list, one with its files, and what changed since the one before."""

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from api.pagination import BY_ID, name_page, read_page
from api.parameters import Parameters
from api.public import openapi
from api.public.base import PublicView, as_json, send
from registry.published import releases


class ReleasesView(PublicView):
    """All releases; the list changes with the newest one."""

    allowed = ("cursor", "limit")

    @extend_schema(**openapi.RELEASES)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        def make() -> dict:
            page = read_page(releases.list_releases(), request, parameters, order=BY_ID)
            return {"releases": [releases.describe_release(found) for found in page.pop("results")]} | page

        key = f"releases:{releases.read_newest()}:{name_page(request)}"
        return send(request, as_json(key, language, make))


class ReleaseView(PublicView):
    """One release, which never changes."""

    @extend_schema(**openapi.RELEASE)
    def get(self, request: HttpRequest, parameters: Parameters, language: str, *, name: str) -> HttpResponse:
        def make() -> dict:
            release = releases.read_release(name)
            documents = release.pop("documents")
            del release["changes"]
            return release | {"map": documents[language]}

        return send(request, as_json(f"release:{releases.read_newest()}:{name}", language, make))


class ReleaseChangesView(PublicView):
    """What has changed since the previous release."""

    @extend_schema(**openapi.RELEASE_CHANGES)
    def get(self, request: HttpRequest, parameters: Parameters, language: str, *, name: str) -> HttpResponse:
        def make() -> dict:
            return {"release": name} | releases.read_release(name)["changes"]

        return send(request, as_json(f"release-changes:{releases.read_newest()}:{name}", language, make))
