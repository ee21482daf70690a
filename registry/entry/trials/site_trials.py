"""Trials at a hospital and their dated statuses, as its lead states them."""

from collections.abc import Collection
from contextlib import contextmanager
from typing import NamedTuple

from django.db.models import QuerySet

from registry.access import Actor, Permission, acting_as, require
from registry.entry.locks import lock_entry
from registry.entry.publish_request import announce_change
from registry.entry.trials.joining import StatedTrial, join_trial
from registry.entry.trials.refusal import refuse_if_wrong
from registry.entry.trials.rules import SiteStatus, check_course, check_since, check_texts, doubt_course
from registry.errors import NotFound, Problem
from registry.models import Centre, SiteTrial, SiteTrialStatus


class Stored(NamedTuple):
    """A stored trial at a hospital, what of it is new, and the warnings."""

    site_trial: SiteTrial
    new_trial: bool
    new_site_trial: bool
    new_status: bool
    warnings: list[Problem]


def state_site_trial(
    *, centre: Centre, trial: StatedTrial, status: SiteStatus, unit: str = "", source: str = "", by: Actor
) -> Stored:
    """Store that a hospital has a trial, and its status; what is there already stays as it is.

    Raises NotPermitted, TrialsRefused.
    """
    require(by, Permission.STATE_TRIALS, centre=centre.pk)
    texts = {"name": trial.name, "sponsor_name": trial.sponsor_name, "unit": unit, "source": source}
    refuse_if_wrong([*check_texts(texts), *_check(status)])
    with acting_as(by):
        lock_entry(alone=True)
        stored = place_site_trial(centre, trial, status, unit=unit, source=source)
        announce_change()
    return stored


def place_site_trial(
    centre: Centre, trial: StatedTrial, status: SiteStatus, *, unit: str = "", source: str = ""
) -> Stored:
    """The same for what is checked alone, under the entry lock. Raises TrialsRefused."""
    row, warnings, is_new = join_trial(trial)
    site_trial, is_new_here = SiteTrial.objects.get_or_create(
        trial=row, centre=centre, defaults={"unit": unit, "source": source}
    )
    if adds := not _is_there(site_trial, status):
        _store(site_trial, SiteTrialStatus(site_trial=site_trial, **status._asdict()))
    return Stored(site_trial, is_new, is_new_here, adds, [*warnings, *doubt_course(_course(site_trial))])


def state_status(*, site_trial: int, status: SiteStatus, by: Actor) -> SiteTrialStatus:
    """Store a status from a day on. Raises NotFound, NotPermitted, TrialsRefused."""
    with _changing(site_trial, by) as row:
        refuse_if_wrong(list(_check(status)))
        return _store(row, SiteTrialStatus(site_trial=row, **status._asdict()))


def correct_status(*, pk: int, status: SiteStatus, by: Actor) -> SiteTrialStatus:
    """Store a status in place of one that was wrong. Raises NotFound, NotPermitted, TrialsRefused."""
    with _changing(_of(pk), by) as row:
        refuse_if_wrong(list(_check(status)))
        kept = row.statuses.filter(pk=pk).first()
        if kept is None:  # removed meanwhile
            raise NotFound
        for name, value in status._asdict().items():
            setattr(kept, name, value)
        return _store(row, kept)


def remove_status(*, pk: int, by: Actor) -> None:
    """Remove a status that was never so; with the last one the trial leaves the hospital's list.

    The trial itself stays. Raises NotFound, NotPermitted, TrialsRefused.
    """
    with _changing(_of(pk), by) as row:
        if not row.statuses.filter(pk=pk).exists():
            raise NotFound
        refuse_if_wrong(list(check_course(_course(row, without=[pk]))))
        row.statuses.filter(pk=pk).delete()
        if not row.statuses.exists():
            row.delete()


def read_site_trials(*, by: Actor) -> QuerySet[SiteTrial]:
    """The trials of the centres where the actor states them, with their statuses, by centre and number."""
    found = SiteTrial.objects.visible_to(by, Permission.STATE_TRIALS).select_related("trial__area", "centre")
    return found.prefetch_related("statuses").order_by("centre__code", "trial__identifier")


@contextmanager
def _changing(key: int, by: Actor):
    """The trial at a hospital, locked until the change is stored, so that two changes are judged in turn."""
    with acting_as(by):
        row = SiteTrial.objects.select_for_update().filter(pk=key).first()
        if row is None:
            raise NotFound
        require(by, Permission.STATE_TRIALS, centre=row.centre_id)
        yield row
        announce_change()


def _of(pk: int) -> int:
    key = SiteTrialStatus.objects.filter(pk=pk).values_list("site_trial", flat=True).first()
    if key is None:
        raise NotFound
    return key


def _check(status: SiteStatus) -> list[Problem]:
    texts = check_texts({"explanation": status.explanation})
    return [*check_since(status.since, status.date_precision), *texts]


def _is_there(site_trial: SiteTrial, status: SiteStatus) -> bool:
    as_stated = {"status": status.status, "since": status.since, "date_precision": status.date_precision}
    return site_trial.statuses.filter(**as_stated).exists()


def _course(site_trial: SiteTrial, *, without: Collection[int | None] = ()) -> list[SiteStatus]:
    rows = SiteTrialStatus.objects.filter(site_trial=site_trial).exclude(pk__in=[pk for pk in without if pk])
    return [as_stated(row) for row in rows]


def as_stated(row: SiteTrialStatus) -> SiteStatus:
    """A stored status as the rules judge it."""
    return SiteStatus(row.status, row.since, row.date_precision, row.explanation)


def _store(site_trial: SiteTrial, row: SiteTrialStatus) -> SiteTrialStatus:
    refuse_if_wrong(list(check_course([*_course(site_trial, without=[row.pk]), as_stated(row)])))
    row.save()
    return row
