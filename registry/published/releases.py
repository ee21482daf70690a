"""Reading releases. They never change, so a response is known by the newest one's number."""

from typing import Any

from django.core.cache import caches

from registry.errors import NotFound
from registry.models.release import Release, ReleaseFile
from registry.published.current_snapshot import print_instant
from registry.published.disclosure import require_exact

NEWEST_KEY = "newest-release"
NEWEST_SECONDS = 5  # after which a process asks the database whether there is another release


def read_newest() -> int:
    """The number of the newest release, 0 for none: with it the responses on releases change."""
    kept = caches["responses"].get(NEWEST_KEY)
    if kept is None:
        kept = Release.objects.order_by("-id").values_list("id", flat=True).first() or 0
        caches["responses"].set(NEWEST_KEY, kept, NEWEST_SECONDS)
    return kept


def read_releases() -> list[dict]:
    """All releases, the newest first, without their documents."""
    return [_describe(release) for release in Release.objects.select_related("snapshot").defer(*DOCUMENTS)]


def read_release(name: str) -> dict:
    """One release: its description, documents by language, changes and files. Raises NotFound, Withheld.

    Beside the current numbers a release would tell what has come between.
    """
    release = Release.objects.select_related("snapshot").filter(name=name).first()
    if release is None:
        raise NotFound("There is no release with this name.")
    require_exact()
    files = ReleaseFile.objects.filter(release=release).defer("content")
    return _describe(release) | {
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


DOCUMENTS = ("documents", "changes", "snapshot__map_document", "snapshot__code_lists")


def _describe(release: Release) -> dict[str, Any]:
    return {
        "name": release.name,
        "title": {"sv": release.title_sv, "en": release.title_en},
        "note": {"sv": release.note_sv, "en": release.note_en},
        "snapshot": release.snapshot_id,
        "hash": release.snapshot.hash,
        "as_of": release.as_of and release.as_of.isoformat(),
        "released_at": print_instant(release.released_at),
    }
