"""Sending rows of a refused file to the registry's steward: those refused only because of other centres' rows."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_noop

from registry.choices import ImportState
from registry.entry.importing.kept_rows import read_kept
from registry.entry.patients.lookup import find_patient_to_enter
from registry.entry.questions.referrals import REFERABLE, send_referral
from registry.errors import RegistryError, TooManyLookups
from registry.models import (
    ImportJob,
    ImportProblem,
    ImportRow,
    Referral,
    User,
)

MOST_AT_ONCE = 100  # rows per request


class NothingToSend(RegistryError):
    sentence = gettext_noop("This row has been sent, or its file is deleted: upload it again to send it.")
    code = "nothing_to_send"


@dataclass(frozen=True)
class Sending:
    """The result of sending rows of a file."""

    sent: int
    refused: list[tuple[int, RegistryError]]  # by line
    left: int  # rows that can still be sent


def referable_rows(job: ImportJob) -> QuerySet[ImportRow]:
    """The rows of a job that only the steward can settle: they have no other refusal."""
    refusals = ImportProblem.objects.filter(job=job, line=OuterRef("line"), warning=False)
    referable = refusals.filter(code__in=REFERABLE)
    return job.rows.filter(Exists(referable), ~Exists(refusals.exclude(code__in=REFERABLE)))


def rows_to_send(job: ImportJob) -> QuerySet[ImportRow]:
    """The referable rows that are not yet sent, in the order of the file."""
    if job.state != ImportState.REFUSED:
        return job.rows.none()
    return job.rows.filter(staged__isnull=False).order_by("line")


def can_be_sent(job: ImportJob, row: ImportRow) -> bool:
    """Whether a row of a job is among `rows_to_send`."""
    return job.state == ImportState.REFUSED and row.staged is not None


def send_rows(*, job: ImportJob, by: User, line: int | None = None) -> Sending:
    """Send one row of the user's own file, or up to MOST_AT_ONCE; each row is judged again on its own.

    Raises NothingToSend where there is no such row, and TooManyLookups before anything is sent.
    """
    waiting = rows_to_send(job)
    rows = list(waiting[:MOST_AT_ONCE] if line is None else waiting.filter(line=line))
    if not rows:
        raise NothingToSend
    sent, refused = 0, list[tuple[int, RegistryError]]()
    for row in rows:
        try:
            referral = _send(row, by)
        except TooManyLookups as too_many:
            if not sent:
                raise
            refused.append((row.line, too_many))
            break
        except RegistryError as error:
            refused.append((row.line, error))
        else:
            ImportRow.objects.filter(pk=row.pk).update(staged=None, birth_digest=None, referral=referral)
            sent += 1
    return Sending(sent, refused, waiting.count())


def _send(row: ImportRow, by: User) -> Referral:
    stated, identifier = read_kept(row)
    patient = find_patient_to_enter(identifier=identifier, by=by, unit=stated.centre.code)
    return send_referral(stated=stated, by=by, patient=patient)
