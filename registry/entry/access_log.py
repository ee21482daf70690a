"""Reading and exporting the access log, which is logged too; a patient's extract of it; its retention."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pgtrigger
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from registry.access import Actor, Permission, acting_as, require
from registry.choices import AccessAction
from registry.dates import today, years_before
from registry.entry.patients.erasure import numbers_of
from registry.entry.patients.lookup_budget import REFUSED
from registry.models import AccessLog, Patient
from registry.models.access_log import STAYS, log_persons
from registry.models.long_reads import read_batches

LINES_A_PAGE = 100
MOST_EXPORTED = 200_000  # lines of a file, about what a spreadsheet opens without trouble
DELETED_AT_ONCE = 10_000
EXPORTED = ("at", "actor", "unit", "action", "patient", "infusion", "detail")

# Stored in English in the access log, translated when shown.
AS_FILE = gettext_noop("as a file")


@dataclass(frozen=True)
class LogFilter:
    """Filters of the access log; an empty field restricts nothing, and both dates are included."""

    patient: int | None = None
    actor: str = ""
    unit: str = ""
    action: str = ""
    since: date | None = None
    until: date | None = None
    refused: bool = False  # only look-ups refused because the user had used up the hour's budget

    def lines(self) -> QuerySet[AccessLog]:
        """The matching lines, latest first."""
        found = AccessLog.objects.order_by("-at", "-id")
        exact = {"patient": self.patient, "actor": self.actor, "unit": self.unit, "action": self.action}
        found = found.filter(**{name: value for name, value in exact.items() if value not in {None, ""}})
        if self.refused:
            found = found.filter(action=AccessAction.SEARCH, detail=REFUSED)
        if self.since:
            found = found.filter(at__gte=_midnight(self.since))
        if self.until and self.until < date.max:  # the day after date.max cannot be computed
            found = found.filter(at__lt=_midnight(self.until + timedelta(days=1)))
        return found


@dataclass(frozen=True)
class LogPage:
    """A page of lines; `before` for the next page is the key of its last line, None at the end."""

    lines: list[AccessLog]
    older: int | None


def read_log(*, which: LogFilter, by: Actor, before: int | None = None) -> LogPage:
    """A page of the access log, of lines older than `before`. The reading is logged. Raises NotPermitted.

    Pages are keyed by the last line and not numbered, since the log grows while it is read.
    """
    require(by, Permission.READ_ACCESS_LOG)
    found = which.lines()
    last = AccessLog.objects.filter(pk=before).first() if before else None
    if last:
        found = found.filter(Q(at__lt=last.at) | Q(at=last.at, pk__lt=last.pk), at__lte=last.at)
    lines = list(found[: LINES_A_PAGE + 1])
    _log_reading(by, AccessAction.READ_LOG, which.patient)
    more = len(lines) > LINES_A_PAGE
    return LogPage(lines[:LINES_A_PAGE], lines[LINES_A_PAGE - 1].pk if more else None)


def export_log(*, which: LogFilter, by: Actor) -> Iterator[list[tuple]]:
    """The latest matching lines, at most MOST_EXPORTED and one more, in batches of the EXPORTED columns.

    The export is logged. Raises NotPermitted.
    """
    require(by, Permission.READ_ACCESS_LOG)
    _log_reading(by, AccessAction.READ_LOG, which.patient, detail=AS_FILE)
    return read_batches(which.lines().values_list(*EXPORTED)[: MOST_EXPORTED + 1], by=by)


def read_extract(*, number: int, by: Actor, as_file: bool = False) -> list[AccessLog] | None:
    """Every use of one person's data, latest first, including records since merged into the person.

    None where nobody has or had the registry number. The extract is logged. Raises NotPermitted.

    An erased person's lines are kept as long as the log (docs/decisions/0007-erasure-and-the-access-log.md).
    """
    require(by, Permission.EXTRACT_ACCESS_LOG)
    patient = Patient.objects.visible_to(by, Permission.EXTRACT_ACCESS_LOG).filter(registry_number=number).first()
    numbers = numbers_of(patient) if patient else [number]
    lines = list(AccessLog.objects.filter(patient__in=numbers).order_by("-at", "-id"))
    if not lines and patient is None:
        return None
    _log_reading(by, AccessAction.EXTRACT, number, detail=AS_FILE if as_file else "")
    return lines


def prune_access_log() -> int:
    """Delete the lines older than ACCESS_LOG_YEARS; returns how many.

    The trigger that forbids deletion is lifted for this statement alone.
    """
    limit = _midnight(years_before(today(), settings.ACCESS_LOG_YEARS))
    pruned = 0
    while True:
        with transaction.atomic(), pgtrigger.ignore(STAYS):
            old = AccessLog.objects.filter(at__lt=limit).order_by("at").values("pk")[:DELETED_AT_ONCE]
            deleted, _tables = AccessLog.objects.filter(pk__in=old).delete()
        pruned += deleted
        if deleted < DELETED_AT_ONCE:
            return pruned


def _log_reading(by: Actor, action: AccessAction, number: int | None, detail: str = "") -> None:
    with acting_as(by):
        log_persons(by=by, action=action, numbers=[number], detail=detail)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
