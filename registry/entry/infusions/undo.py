"""Undoing one's own correction of today: another correction, back to the values before, by the same rules."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils.timezone import localdate, localtime

from registry.access import NATIONWIDE, Permission, centres_where, reading_as
from registry.choices import Status
from registry.dates import today
from registry.entry.infusions.assess import DATE
from registry.entry.infusions.columns import CORRECTABLE, LISTED
from registry.entry.infusions.kept_lists import read_lists
from registry.entry.infusions.record import correct_infusion
from registry.entry.infusions.several import FIELDS, correct_each
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


@dataclass(frozen=True)
class Together:
    """Infusions that the actor has corrected together: when, which fields, the versions, and the values before."""

    at: datetime
    fields: Sequence[str]
    versions: Mapping[UUID, int]
    before: Mapping[UUID, Mapping[str, Any]]


def find_undoable_together(*, by: Any) -> list[Together]:
    """The actor's own corrections of several infusions of today, latest first, that nothing has followed in any of
    the infusions. One query where there is none.
    """
    moments = _read_moments(by)
    changes = _read_last_changes([key for keys in moments.values() for key in keys], by) if moments else {}
    found = []
    for at, keys in moments.items():
        last = {key: changes[key] for key in keys if key in changes and changes[key][2].pgh_created_at == at}
        try:
            before = {key: _read_changes(was, became) for key, (_version, was, became) in last.items()}
        except ChangedMeanwhile:
            continue
        fields = set[str]().union(*before.values())
        if len(last) == len(keys) and fields <= FIELDS.keys():
            named = [name for name in FIELDS if name in fields]
            found.append(Together(at, named, {key: version for key, (version, *_rows) in last.items()}, before))
    return sorted(found, key=lambda one: one.at, reverse=True)


def undo_together(*, at: datetime, by: Any) -> Sequence[Infusion]:
    """Correct all infusions back that the actor corrected together at a moment of today, or none of them.

    Raises ChangedMeanwhile where one of them has been changed since, or there is no such correction of today; and
    what correct_each raises.
    """
    with reading_as(by):
        found = next((one for one in find_undoable_together(by=by) if one.at == at), None)
    if found is None:
        raise ChangedMeanwhile
    return correct_each(rows=found.versions, changes=found.before, by=by, reason=CORRECTION_UNDONE)


def _read_moments(by: Any) -> Mapping[datetime, set[UUID]]:
    """The actor's infusions by the transaction of today that changed them, where it changed several."""
    centres = centres_where(by, Permission.WRITE_RECORDS)
    if centres is NATIONWIDE or not centres:
        return {}
    midnight = localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    events: Any = Infusion.pgh_event_model  # type: ignore[attr-defined]
    rows = events.objects.filter(centre__in=centres, pgh_created_at__gte=midnight, pgh_label="update")
    moments = defaultdict[datetime, set[UUID]](set)
    for at, key in rows.filter(acted_by=by.username).values_list("pgh_created_at", "pgh_obj_id"):
        moments[at].add(key)
    return {at: keys for at, keys in moments.items() if len(keys) > 1}


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
    """The former values of the fields that differ; of a day with its precision and age, as it was stated.

    Raises ChangedMeanwhile where one is in no list any more.
    """
    lists, changes = read_lists(), dict[str, Any]()
    for name in CORRECTABLE:
        column = f"{name}_id" if name in LISTED else name
        value = getattr(before, column, None)
        if value != getattr(after, column, None):
            changes[name] = lists.by_key[LISTED[name].model].get(value) if name in LISTED and value else value
            if value and changes[name] is None:
                raise ChangedMeanwhile
    if DATE.intersection(changes):
        changes["age_at_infusion"] = before.age_at_infusion
    return changes
