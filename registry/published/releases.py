"""Reading releases. They never change, so a response is known by the newest one's number."""

from typing import Any

from django.core.cache import caches
from django.db import DatabaseError
from django.db.models import QuerySet

from registry.errors import NotFound
from registry.models.release import Release, ReleaseFile
from registry.published.current_snapshot import print_instant
from registry.published.disclosure import require_exact
from swecar.postgresql.outages import outage_of

NEWEST_KEY = "newest-release"
LAST_NEWEST_KEY = "last-newest-release"  # without an end, for an outage
PAGE = 100  # releases of a page or feed
MOST_NAMES = 20_000  # a sitemap has at most 50,000 URLs
NO_RELEASE = "There is no release with this name."
NEWEST_SECONDS = 5  # after which a process asks the database whether there is another release


def read_newest() -> int:
    """The number of the newest release, 0 for none: with it the responses on releases change."""
    kept = caches["responses"]
    found: int | None = kept.get(NEWEST_KEY)
    if found is None:
        try:
            found = Release.objects.order_by("-id").values_list("id", flat=True).first() or 0
        except DatabaseError as error:
            found = kept.get(LAST_NEWEST_KEY)
            if outage_of(error) is None or found is None:
                raise
        kept.set(NEWEST_KEY, found, NEWEST_SECONDS)
        kept.set(LAST_NEWEST_KEY, found, None)
    return found


def list_releases() -> QuerySet[Release]:
    """All releases without their documents, the newest first, to be read a page at a time."""
    return Release.objects.select_related("snapshot").defer(*DOCUMENTS)


def read_releases(before: str = "") -> tuple[list[dict], bool]:
    """The newest releases, or those before the named one, and whether there are older ones. Raises NotFound."""
    found = list_releases()
    if before:
        newer = Release.objects.filter(name=before).values_list("id", flat=True).first()
        if newer is None:
            raise NotFound(NO_RELEASE)
        found = found.filter(id__lt=newer)
    page = [describe_release(release) for release in found[: PAGE + 1]]
    return page[:PAGE], len(page) > PAGE


def list_names() -> list[str]:
    """The names of the newest releases, as many as a sitemap has room for in both languages."""
    return list(Release.objects.values_list("name", flat=True)[:MOST_NAMES])


def read_release(name: str) -> dict:
    """One release: its description, documents by language, changes and files. Raises NotFound, Withheld.

    Beside the current numbers a release would tell what has come between.
    """
    release = Release.objects.select_related("snapshot").filter(name=name).first()
    if release is None:
        raise NotFound(NO_RELEASE)
    require_exact()
    files = ReleaseFile.objects.filter(release=release).defer("content")
    return describe_release(release) | {
        "documents": release.documents,
        "changes": release.changes,
        "files": [
            {
                "name": file.name,
                "address": f"/releases/{release.name}/{file.name}",
                "language": file.language,
                "format": file.format,
                "media_type": file.media_type,
                "size": file.size,
                "sha256": file.sha256,
            }
            for file in files
        ],
    }


def read_release_file(release: str, name: str) -> ReleaseFile:
    """One file with its content. Raises NotFound, Withheld."""
    file = ReleaseFile.objects.filter(release__name=release, name=name).first()
    if file is None:
        raise NotFound("There is no such file.")
    require_exact()
    return file


DOCUMENTS = ("documents", "changes", "snapshot__map_document", "snapshot__code_lists", "snapshot__atmp")


def describe_release(release: Release) -> dict[str, Any]:
    """A release without its documents."""
    return {
        "name": release.name,
        "title": {"sv": release.title_sv, "en": release.title_en},
        "note": {"sv": release.note_sv, "en": release.note_en},
        "snapshot": release.snapshot_id,
        "hash": release.snapshot.hash,
        "as_of": release.as_of and release.as_of.isoformat(),
        "released_at": print_instant(release.released_at),
    }
