"""Correcting a row on a clinic's behalf, by the registry's steward: the clinic is told of it in a thread."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from registry.access import Actor, Permission, acting_as
from registry.entry.infusions.record import correct_infusion
from registry.entry.questions.questions import tell
from registry.entry.reasons import check_reason
from registry.models import Infusion
from registry.sentences import CORRECTED_FOR_CLINIC


def correct_for_clinic(
    *, infusion_id: UUID, changes: Mapping[str, Any], by: Actor, reason: str, version: int | None = None
) -> Infusion:
    """Correct a submitted infusion of any centre, and tell that centre why, unless nothing changes.

    The centre stays: another one would have to be told too, and move_patient is for that. Raises what
    correct_infusion raises.
    """
    if "centre" in changes:
        raise ValueError("not corrected for a clinic: centre")
    with acting_as(by, reason=check_reason(reason)):
        infusion = correct_infusion(
            infusion_id=infusion_id,
            changes=changes,
            by=by,
            reason=reason,
            version=version,
            permission=Permission.CORRECT_FOR_CLINIC,
        )
        stored = Infusion.objects.with_version().get(pk=infusion_id)
        if stored.version != infusion.version:  # type: ignore[attr-defined]
            tell(infusion=infusion, text=CORRECTED_FOR_CLINIC % {"reason": reason.strip().rstrip(".")}, by=by)
    return infusion
