"""An uploaded exchange file as a job: received, checked by a worker, stored when the uploader confirms.

The job's row is the source of truth, since a message may be lost, duplicated or late: a worker claims a job
by compare-and-set under a session lock, and a running job whose lock is free has lost its worker. The sweep
sends waiting jobs again.
"""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext_noop, override
from django.utils.translation import gettext as _

from registry.access import Permission, acting_as, centres_where, seeing_no_more
from registry.choices import ImportState
from registry.entry.exchange.file_reader import THE_FILE
from registry.entry.importing import kept_rows, staging
from registry.entry.importing.find_persons import look_up_staged
from registry.entry.importing.pipeline import ImportSummary, empty_tables, judge_and_store
from registry.entry.importing.referrals import referable_rows
from registry.entry.importing.running import hold_job, report_progress
from registry.entry.importing.staged_batches import refuse_registered_numbers
from registry.entry.importing.upload import is_small, keep_rows, read_content
from registry.entry.infusions.row_reader import CodeLists
from registry.entry.publish_request import send
from registry.errors import Busy, FileUnusable, NotFound, Problem, RegistryError, TooManyLookups
from registry.models import ImportJob, ImportProblem, ImportRow, SealedUpload, User
from registry.sealing import seal, unseal
from registry.sentences import IMPORT
from swecar.counts import count

RUN_IMPORT = "registry.run_import"  # the name of the Celery task
KEPT = timedelta(hours=24)  # how long an upload waits to be stored before it is deleted
PATIENCE = timedelta(seconds=15)  # before the sweep sends a waiting job's message again

# Stored in English with the job, translated when shown.
WORKER_LOST = gettext_noop("The work was interrupted: nothing was stored. Upload the file again.")
FAULT = gettext_noop("An error in the registry: nothing was stored. Its administrators can see it in the log.")
WAITED_TOO_LONG = gettext_noop("It waited for more than a day: nothing was stored. Upload the file again.")
KEYS_CHANGED = gettext_noop("The registry's keys have been changed since: upload the file again.")
TOO_MANY_PERSONS = gettext_noop(
    "The file names more persons who are not your centre's patients than you may look up in an hour: nothing "
    "was stored, and nothing is told of any of them. Upload it again in an hour, or divide it."
)
NO_LONGER_ALLOWED = gettext_noop("You may no longer register infusions for a centre in the file.")


class ImportNotStorable(RegistryError):
    sentence = gettext_noop("This file is not waiting to be stored: upload it again.")
    code = "import_not_storable"


class ImportImpossible(RegistryError):
    sentence = "The import cannot go on."
    code = "import_impossible"


def jobs_of(user: User) -> QuerySet[ImportJob]:
    """A user's own uploads, latest first; no other user can see them."""
    return ImportJob.objects.filter(uploaded_by=user).select_related("centre")


def read_unfinished(user: User) -> list[ImportJob]:
    """A user's uploads that are at work or need the user, latest first. One query.

    Waiting or running, checked and not stored, and the last one if it was refused. After a day
    what an upload held is deleted, and it has left the list.
    """
    lately = list(jobs_of(user).filter(uploaded_at__gt=timezone.now() - KEPT))
    at_work = {ImportState.QUEUED, ImportState.RUNNING}
    ended = {ImportState.REFUSED, ImportState.FAILED}
    return [
        job
        for place, job in enumerate(lately)
        if job.state in at_work
        or (job.state == ImportState.CHECKED and job.stored)
        or (job.state in ended and place == 0)
    ]


def receive_file(*, file: BinaryIO, by: User, centre: str | None = None, dry_run: bool = True) -> ImportJob:
    """Receive an uploaded CSV or XLSX file and queue its check; identity numbers are digests or sealed on return.

    centre: the code of the only centre allowed, and the default of its column. dry_run: the file is only checked,
    until `store_checked`; otherwise it is stored at once, or nothing of it where a row is refused.
    Raises FileUnusable, FileTooLarge, NotFound for a centre where the user may not write.
    """
    lists = CodeLists(by, centre=centre)
    if not lists.centres:
        raise NotFound(_("There is no such centre, or you may not register for it."))
    content = read_content(file)
    small = is_small(content, lists)
    with transaction.atomic():
        only = lists.centres[centre.lower()] if centre else None
        job = ImportJob.objects.create(centre=only, uploaded_by=by, dry_run=dry_run)
        if small:
            job.read = keep_rows(job=job.pk, content=content, lists=lists)
            job.save(update_fields=["read"])
        else:
            SealedUpload.objects.create(job=job, content=seal(content.getvalue(), of=str(job.pk)))
        _queue(job)
    return job


def store_checked(*, job_id: UUID, by: User) -> ImportJob:
    """Queue a checked file without refused rows for storing. Raises NotFound, ImportNotStorable."""
    with transaction.atomic():
        job = jobs_of(by).filter(pk=job_id).first()
        if job is None:
            raise NotFound
        taken = can_be_stored(job) and ImportJob.objects.filter(pk=job_id, state=ImportState.CHECKED).update(
            state=ImportState.QUEUED, dry_run=False, stage="", done=0, total=0, started_at=None, finished_at=None
        )
        if not taken:
            raise ImportNotStorable
        job.refresh_from_db()
        _queue(job)
    return job


def can_be_stored(job: ImportJob) -> bool:
    """Whether a checked file has rows to store that are not yet deleted."""
    return job.state == ImportState.CHECKED and not job.refused and job.stored > 0 and job.rows.exists()


def run_import(job_id: UUID, *, language: str) -> None:
    """Check a waiting job, and store it if requested; idempotent.

    language: of the report's sentences.
    """
    with hold_job(job_id) as held:
        if not held or not _claim(job_id):
            return
        jobs = ImportJob.objects.select_related("uploaded_by", "centre")
        job = jobs.defer("uploaded_by__password").get(pk=job_id)  # which a worker may not read
        try:
            with override(language), report_progress(job) as progress:
                _read_sealed(job, progress)
                _run(job, progress)
            if job.state == ImportState.STORED:
                count("entries", "file", by=job.stored)
            elif job.state == ImportState.REFUSED:
                count("refusals", "file", "rows_refused")
        except Busy:
            ImportJob.objects.filter(pk=job_id).update(state=ImportState.QUEUED, started_at=None)
        except TooManyLookups:
            with transaction.atomic():
                _fail(job_id, TOO_MANY_PERSONS, becomes=ImportState.REFUSED)
                ImportProblem.objects.filter(job=job_id).delete()  # their rows are deleted
        except FileUnusable as unusable:
            _refuse_file(job, unusable)
        except ImportImpossible as refused:
            _fail(job_id, str(refused))
        except Exception:
            _fail(job_id, FAULT)
            raise


def sweep_imports() -> None:
    """Each 20 seconds: end jobs whose worker died, resend waiting jobs, delete uploads that were not stored."""
    for job_id in ImportJob.objects.filter(state=ImportState.RUNNING).values_list("pk", flat=True):
        with hold_job(job_id) as held:
            if held and ImportJob.objects.filter(pk=job_id, state=ImportState.RUNNING).exists():
                _fail(job_id, WORKER_LOST)
    now = timezone.now()
    waiting = ImportJob.objects.filter(state=ImportState.QUEUED, uploaded_at__lt=now - PATIENCE)
    for job in waiting:
        if job.uploaded_at < now - KEPT:
            _fail(job.pk, WAITED_TOO_LONG, state=ImportState.QUEUED)
        else:
            send(RUN_IMPORT, str(job.pk))
    old = ImportJob.objects.filter(uploaded_at__lt=now - KEPT).exclude(state=ImportState.RUNNING)
    ImportRow.objects.filter(job__in=old).delete()
    SealedUpload.objects.filter(job__in=old).delete()


def _queue(job: ImportJob) -> None:
    language = get_language() or ""
    transaction.on_commit(lambda: send(RUN_IMPORT, str(job.pk), language), robust=True)


def _claim(job_id: UUID) -> bool:
    """Claim the waiting job for this process; False if another has it."""
    waiting = ImportJob.objects.filter(pk=job_id, state=ImportState.QUEUED)
    return waiting.update(state=ImportState.RUNNING, started_at=timezone.now(), message="") == 1


def _read_sealed(job: ImportJob, progress: Callable[[str, int, int], None]) -> None:
    """Read a file that was too large for its request, and store its rows as for a small file."""
    sealed = SealedUpload.objects.filter(job=job).first()
    if sealed is None:
        return
    lists = CodeLists(job.uploaded_by, centre=job.centre.code if job.centre else None)
    if not lists.centres:
        raise ImportImpossible(NO_LONGER_ALLOWED)
    content = unseal(bytes(sealed.content), of=str(job.pk))
    if content is None:
        raise ImportImpossible(KEYS_CHANGED)
    with transaction.atomic():
        job.read = keep_rows(job=job.pk, content=BytesIO(content), lists=lists, progress=progress)
        job.save(update_fields=["read"])
        sealed.delete()


def _refuse_file(job: ImportJob, unusable: FileUnusable) -> None:
    """End a job whose file cannot be used, with the reason as a problem of the whole file."""
    with transaction.atomic():
        _fail(job.pk, "", becomes=ImportState.REFUSED)
        whole = Problem("file", unusable.code, str(unusable))
        kept_rows.keep_problems([(job.pk, THE_FILE, *staging.problem_row(whole))])


def _run(job: ImportJob, progress: Callable[[str, int, int], None]) -> None:
    """Check the job and store it if requested; its state is committed together with the stored rows."""
    by = job.uploaded_by
    problems: list[tuple[int, Problem]] = []
    with empty_tables():
        with acting_as(by):
            with seeing_no_more():
                kept_rows.stage_kept(job.pk)
            allowed = centres_where(by, Permission.WRITE_RECORDS)
            if any(centre not in allowed for centre in staging.read_centres()):
                raise ImportImpossible(NO_LONGER_ALLOWED)
            if not staging.chains_are_whole():
                raise ImportImpossible(KEYS_CHANGED)
            too_many = look_up_staged(by)
        if too_many:
            raise too_many
        refuse_registered_numbers(by)
        with acting_as(by, reason=IMPORT):
            summary = judge_and_store(
                by=by,
                read=job.read,
                dry_run=job.dry_run,
                report=lambda line, problem: problems.append((line, problem)),
                progress=progress,
            )
            _conclude(job, summary, problems)


def _conclude(job: ImportJob, summary: ImportSummary, problems: list[tuple[int, Problem]]) -> None:
    """Write the report, and delete what is no longer needed of the upload."""
    for name in ("stored", "unchanged", "refused", "warnings"):
        setattr(job, name, getattr(summary, name))
    if job.refused:
        job.state = ImportState.REFUSED
    else:
        job.state = ImportState.CHECKED if job.dry_run else ImportState.STORED
    job.done = job.total = job.read
    job.finished_at = timezone.now()
    job.save(update_fields=["state", "stored", "unchanged", "refused", "warnings", "done", "total", "finished_at"])
    job.problems.all().delete()
    kept_rows.keep_problems((job.pk, line, *staging.problem_row(problem)) for line, problem in problems)
    if job.state == ImportState.STORED:
        job.rows.all().delete()
    elif job.state == ImportState.REFUSED or not job.stored:
        # Nothing will be stored. Rows with a problem keep their cells for the report, and the digests of persons
        # in the registry, so that an erasure finds them. Rows that can be sent to the steward keep their values
        # too. All of it is deleted after a day.
        of_row = ImportProblem.objects.filter(job=job, line=OuterRef("line"))
        job.rows.exclude(Exists(of_row)).delete()
        job.rows.exclude(pk__in=referable_rows(job).values("pk")).update(staged=None, birth_digest=None)
        kept_rows.forget_unknown(job.pk)


def _fail(
    job_id: UUID,
    message: str,
    *,
    state: ImportState = ImportState.RUNNING,
    becomes: ImportState = ImportState.FAILED,
) -> None:
    """End a job if it is still in this state, and delete its rows; a worker may have claimed it meanwhile."""
    with transaction.atomic():
        ended = ImportJob.objects.filter(pk=job_id, state=state).update(
            state=becomes, message=message, finished_at=timezone.now()
        )
        if ended:
            ImportRow.objects.filter(job=job_id).delete()
            SealedUpload.objects.filter(job=job_id).delete()
