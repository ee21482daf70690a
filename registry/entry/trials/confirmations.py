"""A lead's word, twice a year, that the centre's trials are stated as they are."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from registry.access import Actor, Permission, acting_as, require
from registry.choices import CentreStatus
from registry.dates import today
from registry.entry.publish_request import announce_change
from registry.models import Centre, SiteTrial, TrialConfirmation

HOLDS = timedelta(days=183)


class Due(NamedTuple):
    """A centre whose confirmation is due, and the day of its last one (None: never)."""

    centre: Centre
    confirmed: date | None


def confirm_trials(*, centre: Centre, by: Actor) -> TrialConfirmation:
    """Store that the centre's trials are stated as they are today, also where it has none. Raises NotPermitted."""
    require(by, Permission.STATE_TRIALS, centre=centre.pk)
    with acting_as(by):
        stated = TrialConfirmation.objects.create(centre=centre, stated_by=by.username, stated_on=today())
        announce_change()
    return stated


def read_due(*, by: Actor) -> list[Due]:
    """The centres for which the actor may confirm and where it is due, by code. One query."""
    return list(_due(Centre.objects.visible_to(by, Permission.STATE_TRIALS)))


def read_unconfirmed(*, by: Actor) -> list[Due]:
    """The same of all centres, for the registry's steward. Raises NotPermitted."""
    require(by, Permission.PUBLISH)
    return list(_due(Centre.objects.all()))


def _due(centres: QuerySet[Centre]) -> Iterable[Due]:
    """Those that take part: a centre that has stated no trial and confirmed nothing is not reminded."""
    latest = TrialConfirmation.objects.filter(centre=OuterRef("pk")).order_by("-stated_on", "-id")
    taking_part = centres.exclude(status=CentreStatus.CLOSED).annotate(
        confirmed=Subquery(latest.values("stated_on")[:1]),
        has_trials=Exists(SiteTrial.objects.filter(centre=OuterRef("pk"))),
    )
    before = today() - HOLDS
    due = taking_part.filter(Q(confirmed__lt=before) | Q(confirmed=None, has_trials=True)).order_by("code")
    return (Due(centre, centre.confirmed) for centre in due)
