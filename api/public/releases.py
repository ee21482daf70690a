"""Releases over the interface: the list, one with its files, and what changed since the one before."""

from drf_spectacular.utils import extend_schema

from api.public import openapi
from api.public.base import PublicView, send
from registry.published import releases


class ReleasesView(PublicView):
    """All releases."""

    @extend_schema(**openapi.RELEASES)
    def get(self, request):
        """All releases, the newest first."""

    def answer(self, request, parameters, language):
        """The list changes with the newest one."""
        key = f"releases:{releases.read_newest()}"
        return send(request, key, language, lambda: {"releases": releases.read_releases()})


class ReleaseView(PublicView):
    """One release."""

    @extend_schema(**openapi.RELEASE)
    def get(self, request, name):
        """A release's description, its map document and its files with their digests."""

    def answer(self, request, parameters, language, *, name):
        """A release never changes."""

        def make() -> dict:
            release = releases.read_release(name)
            documents = release.pop("documents")
            del release["changes"]
            return release | {"map": documents[language]}

        return send(request, f"release:{releases.read_newest()}:{name}", language, make)


class ReleaseChangesView(PublicView):
    """What has changed since the previous release."""

    @extend_schema(**openapi.RELEASE_CHANGES)
    def get(self, request, name):
        """Per cell: numbers before and after, and how many records are new, corrected, withdrawn or merged."""

    def answer(self, request, parameters, language, *, name):
        """As it was told with the release."""
        key = f"release-changes:{releases.read_newest()}:{name}"
        return send(request, key, language, lambda: {"release": name} | releases.read_release(name)["changes"])
