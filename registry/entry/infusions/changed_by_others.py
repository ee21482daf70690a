"""What other people have changed in a centre's infusions, for those who register there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.choices import Status
from registry.models import Infusion

READ = 200  # rows of history, so that a colleague's large file costs no more


@dataclass(frozen=True)
class ChangeByOther:
    """The last change of an infusion: by whom, when, and what was done (registered, corrected, withdrawn)."""

    infusion: Infusion
    actor: str
    at: datetime
    done: str


def read_changed_by_others(*, by: Actor, since: datetime) -> list[ChangeByOther]:
    """The infusions of the actor's own centres that others have changed after a moment, latest first. One query.

    Each infusion once. Nothing for someone who registers nationwide and has no centre of their own.
    """
    centres = centres_where(by, Permission.WRITE_RECORDS)
    if centres is NATIONWIDE or not centres:
        return []
    events: Any = Infusion.pgh_event_model  # type: ignore[attr-defined]  # pghistory sets it
    # The row as it was and as it is belong to the centres: one that was moved away tells nothing any more.
    rows = events.objects.filter(centre__in=centres, pgh_obj__centre__in=centres, pgh_created_at__gt=since)
    rows = rows.exclude(acted_by=by.username).order_by("-pgh_created_at", "-pgh_id")
    related = ("pgh_obj__centre", "pgh_obj__patient", "pgh_obj__product")
    found: dict[object, ChangeByOther] = {}
    for row in rows.select_related(*related)[:READ]:
        change = ChangeByOther(row.pgh_obj, row.acted_by, row.pgh_created_at, _say_done(row))
        found.setdefault(row.pgh_obj_id, change)
    return list(found.values())


def _say_done(row: Any) -> str:
    if row.pgh_label == "insert":
        return "registered"
    return "withdrawn" if row.status == Status.WITHDRAWN else "corrected"
