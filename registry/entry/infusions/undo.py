"""Undoing one's own correction of today: another correction, back to the values before, by the same rules."""

from collections.abc import Collection, Mapping
from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils.timezone import localdate

from registry.access import reading_as
from registry.choices import Status
from registry.dates import today
from registry.entry.infusions.assess import DATE
from registry.entry.infusions.columns import CORRECTABLE, LISTED
from registry.entry.infusions.kept_lists import read_lists
from registry.entry.infusions.record import correct_infusion
from registry.errors import ChangedMeanwhile
from registry.models import Infusion
from registry.sentences import CORRECTION_UNDONE

UNCHANGED = ("patient_id", "status")  # by a correction


def find_undoable(infusions: Collection[UUID], *, by: Any) -> dict[UUID, int]:
    """Of these infusions those whose last change is the actor's own correction of today, with their versions."""
    return {key: version for key, (version, _before, _after) in _read_last_changes(infusions, by).items()}


def undo_correction(*, infusion_id: UUID, version: int, by: Any) -> Infusion:
    """Correct an infusion back to what it was before the actor's own correction of today.

    version: of the infusion as the actor has seen it. Raises ChangedMeanwhile where it is not the infusion's last
    change any more, or of another day, and what correct_infusion raises.
    """
    with reading_as(by):
        found = _read_last_changes([infusion_id], by).get(infusion_id)
        changes = _read_changes(found[1], found[2]) if found else {}
    if found is None or found[0] != version:
        raise ChangedMeanwhile
    return correct_infusion(
        infusion_id=infusion_id, changes=changes, by=by, reason=CORRECTION_UNDONE, version=version
    )


def _read_last_changes(infusions: Collection[UUID], by: Any) -> dict[UUID, tuple[int, Any, Any]]:
    """(version, row of history before, row of history after) of each of the actor's own corrections of today that
    nothing has followed.
    """
    rows = Infusion.pgh_event_model.objects.filter(pgh_obj_id__in=infusions).order_by("pgh_obj_id", "pgh_id")  # type: ignore[attr-defined]
    found = {}
    for key, events in groupby(rows, key=lambda row: row.pgh_obj_id):
        history = list(events)
        if len(history) > 1 and _is_own_correction(history[-2], history[-1], by):
            found[key] = len(history), history[-2], history[-1]
    return found


def _is_own_correction(before: Any, after: Any, by: Any) -> bool:
    """Whether it is one: what another entry changes of a course has no reason."""
    return (
        after.acted_by == by.username
        and bool(after.reason)
        and localdate(after.pgh_created_at) == today()
        and after.status == Status.SUBMITTED
        and all(getattr(before, name) == getattr(after, name) for name in UNCHANGED)
    )


def _read_changes(before: Any, after: Any) -> Mapping[str, Any]:
    """The former values of the fields that differ; of a day with its precision and age, as it was stated."""
    lists, changes = read_lists(), dict[str, Any]()
    for name in CORRECTABLE:
        column = f"{name}_id" if name in LISTED else name
        value = getattr(before, column, None)
        if value != getattr(after, column, None):
            changes[name] = lists.by_key[LISTED[name].model][value] if name in LISTED and value else value
    if DATE.intersection(changes):
        changes["age_at_infusion"] = before.age_at_infusion
    return changes
