"""Through which day a centre's records are complete, as its lead attests once a month."""

from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from registry.access import Actor, Permission, acting_as, require
from registry.dates import today
from registry.entry.publish_request import announce_change
from registry.errors import RegistryError
from registry.infusion_rules import EARLIEST
from registry.models import Centre, Coverage


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
