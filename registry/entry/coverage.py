"""Through which day a centre's records are complete, as its lead attests once a month."""

from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_noop

from registry.access import Actor, Permission, acting_as, require
from registry.choices import CentreStatus
from registry.dates import today
from registry.entry.publish_request import announce_change
from registry.errors import RegistryError
from registry.infusion_rules import EARLIEST
from registry.models import Centre, Coverage

DUE_ON = 15  # the day of a month on which the month before is due: a clinic's records follow some days after


class Due(NamedTuple):
    """A centre whose attestation is due, through which day, and through which it has attested (None: never)."""

    centre: Centre
    through: date
    attested: date | None


class CoverageDateImpossible(RegistryError):
    sentence = gettext_noop("Write a day from 1990 to today.")
    code = "coverage_date_impossible"


def state_coverage(*, centre: Centre, complete_through: date, by: Actor) -> Coverage:
    """Store that all infusions of the centre through a day are registered.

    The latest statement holds, even if its date is earlier. Raises NotPermitted, CoverageDateImpossible.
    """
    require(by, Permission.STATE_COVERAGE, centre=centre.pk)
    if not EARLIEST <= complete_through <= today():
        raise CoverageDateImpossible
    with acting_as(by):
        stated = Coverage.objects.create(centre=centre, complete_through=complete_through, stated_by=by.username)
        announce_change()
    return stated


def coverage_history(*, by: Actor) -> QuerySet[Coverage]:
    """The statements of the centres whose records the actor may read, latest first."""
    return Coverage.objects.visible_to(by, Permission.READ_RECORDS).select_related("centre")


def due_through(day: date) -> date:
    """The last day that has to be attested on this day: of the month before, from the 15th on."""
    month = day.replace(day=1)
    if day.day < DUE_ON:
        month = (month - timedelta(days=1)).replace(day=1)
    return month - timedelta(days=1)


def read_due(*, by: Actor) -> list[Due]:
    """The active centres for which the actor may attest and that are behind, by code. One query."""
    return _behind(Centre.objects.visible_to(by, Permission.STATE_COVERAGE))


def read_behind(*, by: Actor) -> list[Due]:
    """The same of all centres, for the registry's steward. Raises NotPermitted."""
    require(by, Permission.PUBLISH)
    return _behind(Centre.objects.all())


def _behind(centres: QuerySet[Centre]) -> list[Due]:
    through = due_through(today())
    latest = Coverage.objects.filter(centre=OuterRef("pk")).order_by("-stated_at", "-id")
    centres = centres.filter(status=CentreStatus.ACTIVE)
    stated = centres.annotate(attested=Subquery(latest.values("complete_through")[:1])).order_by("code")
    return [
        Due(centre, through, centre.attested)
        for centre in stated
        if centre.attested is None or centre.attested < through
    ]
