"""Why a release is refused."""

import re
from datetime import date

from django.utils.translation import gettext_noop

from registry.dates import today
from registry.errors import RegistryError
from registry.models import Release

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)


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


def check_release(name: str, as_of: date | None) -> None:
    """Raise one of the errors above if a release cannot have this name or this day."""
    if not NAME.fullmatch(name):
        raise ReleaseNameWrong
    if Release.objects.filter(name=name).exists():
        raise ReleaseNameTaken
    check_day(as_of)


def check_day(as_of: date | None) -> None:
    """Raise one of the errors above if a release cannot have this day."""
    if as_of and as_of > today():
        raise ReleaseDayWrong
    before = Release.objects.first()
    if as_of and before and as_of < (before.as_of or before.snapshot.data_through or as_of):
        raise ReleaseDayBefore
