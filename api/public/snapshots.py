"""Snapshots over the API: all of them, one, and what changed between two."""

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from api.errors import Refused
from api.pagination import BY_NUMBER, name_page, read_page
from api.parameters import Parameters
from api.public import openapi
from api.public.base import PublicView, as_json, send
from registry.published import snapshots
from registry.published.current_snapshot import read_current


class SnapshotsView(PublicView):
    """All snapshots; the list changes with the current one."""

    allowed = ("cursor", "limit")

    @extend_schema(**openapi.SNAPSHOTS)
    def get(self, request: HttpRequest, parameters: Parameters, language: str) -> HttpResponse:
        current = read_current()

        def make() -> dict:
            page = read_page(snapshots.list_snapshots(), request, parameters, order=BY_NUMBER)
            return snapshots.describe_snapshots(page.pop("results")) | page

        return send(request, as_json(f"{current.hash}:snapshots:{name_page(request)}", language, make), of=current)


class SnapshotView(PublicView):
    """One snapshot, which never changes; the current hash in the key tells this registry from another."""

    @extend_schema(**openapi.SNAPSHOT)
    def get(self, request: HttpRequest, parameters: Parameters, language: str, *, number: int) -> HttpResponse:
        current = read_current()

        def make() -> dict:
            return snapshots.read_snapshot(number)

        return send(request, as_json(f"{current.hash}:snapshot:{number}", language, make), of=current)


class ChangesView(PublicView):
    """What changed between two snapshots."""

    allowed = ("since",)

    @extend_schema(**openapi.CHANGES)
    def get(self, request: HttpRequest, parameters: Parameters, language: str, *, number: int) -> HttpResponse:
        current = read_current()
        since = parameters.snapshot("since", current.number)
        if since is None:
            raise Refused("missing", "since: write the number of the earlier snapshot.", parameter="since")

        def make() -> dict:
            return snapshots.read_changes(number, since)

        return send(request, as_json(f"{current.hash}:changes:{since}:{number}", language, make), of=current)
