"""Making a release: a snapshot under a name, with its files, all of it in one transaction."""

import hashlib
import re
from collections.abc import Iterator
from datetime import date

from django.core.cache import caches
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from registry.access import Actor, Permission, acting_as, require
from registry.dates import today
from registry.entry.reasons import check_reason
from registry.errors import NotPublished, RegistryError
from registry.formats import MAP_FORMATS, write_map
from registry.models import Publication, Release, ReleaseFile, Snapshot
from registry.models.isolation import one_view
from registry.published.disclosure import require_exact
from registry.published.queries import read_map
from registry.published.releases import NEWEST_KEY
from registry.publishing.build import is_behind
from registry.publishing.release_changes import compare_with_release, keep_released

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
LANGUAGES = ("sv", "en")


class ReleaseNameWrong(RegistryError):
    sentence = gettext_noop(
        "The name is part of the URL: use lower-case letters, digits and hyphens, at most 40 characters."
    )
    code = "release_name_wrong"


class ReleaseNameTaken(RegistryError):
    sentence = gettext_noop("There is already a release with this name, and a release never changes.")
    code = "release_name_taken"


class ReleaseTitleMissing(RegistryError):
    sentence = gettext_noop("Write a title in both languages.")
    code = "release_title_missing"


class ReleaseDayWrong(RegistryError):
    sentence = gettext_noop("A release can be as of a past day, not a future one.")
    code = "release_day_wrong"


class ReleaseDayBefore(RegistryError):
    sentence = gettext_noop(
        "The previous release goes further: choose its last day or a later one, or infusions would seem withdrawn."
    )
    code = "release_day_before"


class SnapshotBehind(RegistryError):
    sentence = gettext_noop(
        "The records have changed since the current snapshot: wait until they are published, and try again."
    )
    code = "snapshot_behind"


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
    """Give the current snapshot, or its numbers up to a day, a name; makes every file of it.

    It takes some seconds. Raises NotPermitted, NotPublished, Withheld, and the refusals above.
    """
    require(by, Permission.PUBLISH)
    require_exact()  # nobody could read it
    texts = [check_reason(text, needed=False) for text in (title_sv, title_en, note_sv, note_en)]
    check_reason(name, needed=False)
    if not (texts[0] and texts[1]):
        raise ReleaseTitleMissing
    _check(name, as_of)
    snapshot = _find_snapshot()
    release = Release(
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
    files = list(_make_files(name, release.documents))
    with one_view(), acting_as(by, reason="release"):
        _store(release, files)
    caches["responses"].delete(NEWEST_KEY)
    return release


def _store(release: Release, files: list[ReleaseFile]) -> None:
    """Store a release with its files, which were made outside of the transaction."""
    if _find_snapshot() != release.snapshot:  # what they were made from must still be what is current
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


def _check(name: str, as_of: date | None) -> None:
    if not NAME.fullmatch(name):
        raise ReleaseNameWrong
    if Release.objects.filter(name=name).exists():
        raise ReleaseNameTaken
    if as_of and as_of > today():
        raise ReleaseDayWrong
    before = Release.objects.first()
    if as_of and before and as_of < (before.as_of or before.snapshot.data_through or as_of):
        raise ReleaseDayBefore


def _find_snapshot() -> Snapshot:
    """The current snapshot, where it says all that the records say."""
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


def _make_files(name: str, documents: dict[str, dict]) -> Iterator[ReleaseFile]:
    """Every form of the map in both languages."""
    for language, document in documents.items():
        for format, form in MAP_FORMATS.items():
            content = write_map(document, format=format, language=language)
            kind = "-excel" if format == "csv-excel" else ""
            yield ReleaseFile(
                name=f"swecar-{name}-{language}{kind}.{form.ending}",
                language=language,
                format=format,
                media_type=form.media_type,
                content=content,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
