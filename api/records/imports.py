"""Exchange files through the API: uploading, and polling the job until it has ended."""

from http import HTTPStatus
from typing import Any, cast

from django.http import QueryDict
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from api.records.authentication import Caller
from api.records.base import BodyInvalid, SignedInView, read_id, require_writer
from api.records.openapi import imports as schema
from registry.access import Permission, centres_where
from registry.choices import ImportState
from registry.entry.importing.job import jobs_of, receive_file
from registry.entry.questions.referrals import SEND_TO
from registry.errors import FileTooLarge, NotFound, Problem
from registry.models import Centre, ImportJob, User
from swecar.http.dropped_file import file_was_dropped

FIELDS = ("file", "centre", "dry_run")
TRUTH = {"true": True, "1": True, "false": False, "0": False, "": False}


class ImportsView(SignedInView):
    """Uploads of exchange files."""

    parser_classes = [MultiPartParser]

    @extend_schema(**schema.UPLOAD)
    def post(self, request: Caller) -> Response:
        user: User = request.user
        require_writer(user)
        file, centre, dry_run = _read_form(request, user)
        job = receive_file(file=file.file, by=user, centre=centre, dry_run=dry_run)
        address = reverse("api:import", kwargs={"job_id": job.pk})
        return Response(describe(job), status=HTTPStatus.ACCEPTED, headers={"Location": address})


class ImportView(SignedInView):
    """One of the caller's own uploads."""

    @extend_schema(**schema.JOB_STATE)
    def get(self, request: Caller, job_id: str) -> Response:
        user: User = request.user
        job = jobs_of(user).filter(pk=read_id(job_id)).first()
        if job is None or not centres_where(user, Permission.WRITE_RECORDS):
            raise NotFound
        return Response(describe(job))


def describe(job: ImportJob) -> dict[str, Any]:
    """A job as JSON; its problems do not include cells of the file."""
    problems = job.problems.all() if job.finished_at else ()
    return {
        "id": str(job.pk),
        "centre": job.centre.code if job.centre else None,
        "dry_run": job.dry_run,
        "state": job.state,
        "stage": job.stage,
        "done": job.done,
        "total": job.total,
        "uploaded_at": job.uploaded_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "read": job.read,
        "stored": 0 if job.state == ImportState.REFUSED else job.stored,
        "unchanged": job.unchanged,
        "sent": job.sent,
        "refused": job.refused,
        "warnings": job.warnings,
        "message": job.message,
        "problems": [
            {
                "line": problem.line or None,  # None: of the whole file
                "field": problem.field,
                "code": problem.code,
                "detail": problem.sentence,
                "warning": problem.warning,
                "send_to": reverse(f"api:{SEND_TO[problem.code]}") if problem.code in SEND_TO else None,
            }
            for problem in problems
        ],
    }


def _read_form(request: Caller, user: User) -> tuple[Any, str | None, bool]:
    """The file, the only centre allowed, and whether it is checked only. Raises BodyInvalid, FileTooLarge."""
    texts, files = cast(QueryDict, request.data), request.FILES
    if file_was_dropped(files, request.META):
        raise FileTooLarge
    problems = [
        Problem("…", "unknown_field", f"There is no such field. There are: {', '.join(FIELDS)}.")
        for name in texts
        if name not in FIELDS
    ]
    if "file" not in files:
        problems.append(Problem("file", "missing", "Send the file as the part named file."))
    centre = str(texts.get("centre") or "").strip().upper() or None
    writable = Centre.objects.visible_to(user, Permission.WRITE_RECORDS)
    if centre and centre not in writable.values_list("code", flat=True):
        problems.append(Problem("centre", "unknown_centre", "The value is not in the registry's list."))
    dry_run = TRUTH.get(str(texts.get("dry_run", "")).strip().lower())
    if dry_run is None:
        problems.append(Problem("dry_run", "unknown_value", "Write true or false."))
    if problems:
        raise BodyInvalid(problems)
    return files["file"], centre, bool(dry_run)
