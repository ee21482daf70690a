"""Making a release of the current snapshot, with its files, in one transaction."""

from datetime import date

from django.core.cache import caches
from django.db import IntegrityError, transaction
from django.utils import timezone

from registry.access import Actor, Permission, acting_as, require
from registry.entry.reasons import check_reason
from registry.errors import NotPublished
from registry.models import Publication, Release, ReleaseFile, Snapshot
from registry.models.isolation import one_view
from registry.published.disclosure import require_exact
from registry.published.queries import read_map
from registry.published.releases import NEWEST_KEY
from registry.publishing.publish import is_behind
from registry.publishing.release_changes import compare_with_release, keep_released
from registry.publishing.release_files import make_files, read_parts
from registry.publishing.release_refusals import (
    ReleaseNameTaken,
    ReleaseTitleMissing,
    SnapshotBehind,
    check_day,
    check_release,
)
from registry.sentences import RELEASE

LANGUAGES = ("sv", "en")


def release_snapshot(
    *,
    name: str,
    title_sv: str,
    title_en: str,
    note_sv: str = "",
    note_en: str = "",
    as_of: date | None = None,
    by: Actor,
) -> Release:
    """Release the current snapshot, or its numbers up to a day, with every file, which takes some seconds.

    Raises NotPermitted, NotPublished, Withheld, and the errors of release_refusals.py.
    """
    release = prepare_release(
        name=name, title_sv=title_sv, title_en=title_en, note_sv=note_sv, note_en=note_en, as_of=as_of, by=by
    )
    store_release(release, list(make_files(release, read_parts(release))), by=by)
    return release


def prepare_release(
    *, name: str, title_sv: str, title_en: str, note_sv: str, note_en: str, as_of: date | None, by: Actor
) -> Release:
    """A release of the current snapshot that is allowed, without files and not stored. Raises as above."""
    require(by, Permission.PUBLISH)
    require_exact()  # a release holds every number
    texts = [check_reason(text, needed=False) for text in (title_sv, title_en, note_sv, note_en)]
    check_reason(name, needed=False)
    if not (texts[0] and texts[1]):
        raise ReleaseTitleMissing
    check_release(name, as_of)
    snapshot = _find_snapshot()
    return Release(
        name=name,
        title_sv=texts[0],
        title_en=texts[1],
        note_sv=texts[2],
        note_en=texts[3],
        snapshot=snapshot,
        as_of=as_of,
        documents={code: read_map(language=code, as_of=as_of, number=snapshot.number) for code in LANGUAGES},
        released_by=by.username,
    )


def store_release(release: Release, files: list[ReleaseFile], *, by: Actor) -> None:
    """Store a prepared release with its files, all or nothing. Raises SnapshotBehind, ReleaseNameTaken."""
    with one_view(), acting_as(by, reason=RELEASE):
        _store(release, files)
    caches["responses"].delete(NEWEST_KEY)


def preview_release(*, as_of: date | None = None, by: Actor) -> dict:
    """What a release made now would hold, by language, and what would be told of it since the latest one.

    Nothing is stored, and no file made. Raises what release_snapshot raises for the day and the snapshot.
    """
    require(by, Permission.PUBLISH)
    require_exact()
    check_day(as_of)
    number = _find_snapshot().number
    documents = {code: read_map(language=code, as_of=as_of, number=number) for code in LANGUAGES}
    before = Release.objects.first()
    with one_view(), acting_as(by):
        compared = _compare(before, documents["sv"], as_of)
    return {"documents": documents, "before": before and before.documents} | compared


def _store(release: Release, files: list[ReleaseFile]) -> None:
    if _find_snapshot() != release.snapshot:  # a newer one was published meanwhile
        raise SnapshotBehind
    release.changes = _compare(Release.objects.first(), release.documents["sv"], release.as_of)
    release.released_at = timezone.now().replace(microsecond=0)
    try:
        with transaction.atomic():
            release.save(force_insert=True)
    except IntegrityError:
        raise ReleaseNameTaken from None
    for file in files:
        file.release = release
    ReleaseFile.objects.bulk_create(files)
    keep_released(release.as_of)


def _find_snapshot() -> Snapshot:
    """The current snapshot. Raises NotPublished, and SnapshotBehind if the records have changed since."""
    publication = Publication.objects.select_related("snapshot").get()
    if publication.snapshot is None:
        raise NotPublished
    if is_behind():
        raise SnapshotBehind
    return publication.snapshot


def _compare(before: Release | None, document: dict, as_of: date | None) -> dict:
    if before is None:
        return {"since": None, "changes": []}
    return {"since": before.name, "changes": compare_with_release(before.documents["sv"], document, as_of)}
