"""The steward's decision that two persons who look like one are not: kept with its reason, and with its end."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from registry.access import Actor, Permission, acting_as, require
from registry.choices import AccessAction
from registry.entry.patients.locked import lock_both
from registry.entry.reasons import check_reason
from registry.errors import MergeImpossible
from registry.models import KeptApart, Patient
from registry.models.access_log import log_persons


def keep_apart(*, one: Patient, other: Patient, by: Actor, reason: str) -> KeptApart:
    """Decide that two persons are not the same: they are in no list of possible doubles any more, and not merged.

    A decision that stands already stays as it is. Raises NotPermitted, NotFound, ReasonMissing, IdentifierInText.
    """
    require(by, Permission.MERGE_PATIENTS)
    if one == other:
        raise MergeImpossible
    with acting_as(by, reason=check_reason(reason)):
        one, other = lock_both(one, other)
        if standing := find_standing(one, other):
            return standing
        lower, higher = sorted((one, other), key=lambda person: person.pk)
        _log(one, other, by)
        return KeptApart.objects.create(one=lower, other=higher, reason=reason.strip(), decided_by=by.username)


def end_keeping_apart(*, one: Patient, other: Patient, by: Actor, reason: str) -> None:
    """End the decision, so that the two are compared again; nothing where none stands.

    Raises NotPermitted, NotFound, ReasonMissing, IdentifierInText.
    """
    require(by, Permission.MERGE_PATIENTS)
    with acting_as(by, reason=check_reason(reason)):
        one, other = lock_both(one, other)
        if standing := find_standing(one, other):
            standing.ended_by, standing.ended_reason, standing.ended_at = (
                by.username,
                reason.strip(),
                timezone.now(),
            )
            standing.save(update_fields=["ended_by", "ended_reason", "ended_at"])
            _log(one, other, by)


def find_standing(one: Patient, other: Patient) -> KeptApart | None:
    """The decision that holds for a pair, in either order."""
    return read_decisions(one, other).filter(ended_at=None).first()


def read_decisions(one: Patient, other: Patient) -> QuerySet[KeptApart]:
    """All decisions about a pair, the latest first."""
    return KeptApart.objects.filter(Q(one=one, other=other) | Q(one=other, other=one))


def read_kept_apart(*, by: Actor) -> QuerySet[KeptApart]:
    """The decisions that hold, the latest first. Raises NotPermitted."""
    require(by, Permission.MERGE_PATIENTS)
    return KeptApart.objects.filter(ended_at=None).select_related("one", "other")


def _log(one: Patient, other: Patient, by: Actor) -> None:
    numbers = [one.registry_number, other.registry_number]
    log_persons(by=by, action=AccessAction.READ, numbers=numbers)
