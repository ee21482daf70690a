"""Files: import and its report, the template, export."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from registry.access import Permission
from registry.choices import ImportState
from registry.entry.exchange.file_writer import FORMATS, write_rows
from registry.entry.exchange.header import column_name, report_name
from registry.entry.exchange.template import write_template
from registry.entry.importing.course import KIND_STAYS
from registry.entry.importing.job import ImportNotStorable as NotStorable
from registry.entry.importing.job import can_be_stored, jobs_of, receive_file, store_checked
from registry.entry.importing.referrals import MOST_AT_ONCE, NothingToSend, rows_to_send, send_rows
from registry.entry.importing.report import ORDERS, Report, read_report
from registry.entry.importing.sent_rows import DECLINED, SENT
from registry.entry.importing.upload import LARGEST_MEGABYTES, MOST_ROWS
from registry.entry.infusions.columns import COLUMNS
from registry.entry.infusions.export import export_infusions
from registry.entry.infusions.row_reader import CodeLists
from registry.errors import FileTooLarge, FileUnusable, NotFound, TooManyLookups
from registry.models import Centre, ImportJob
from registry.pages.clinic.base import SignedInRequest, centres_of, page, show
from registry.pages.clinic.centre_field import CentreField
from registry.pages.clinic.choice_fields import ChoiceField
from registry.pages.clinic.file_response import send_file
from registry.publishing.publish import is_in_batches
from registry.sentences import say
from swecar.http.dropped_file import file_was_dropped

LATEST = 10
LINES_A_PAGE = 100


class UploadForm(forms.Form):
    """An exchange file to check."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,  # refused later, with the same sentence as in the API and the command
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,text/csv," + FORMATS["xlsx"]}),
    )
    centre = CentreField(
        label=gettext_lazy("Centre"),
        required=False,
        help_text=gettext_lazy("The only centre whose rows are accepted, and the centre of rows that name none."),
    )

    def __init__(self, *args, centres: list[Centre], **kwargs):
        super().__init__(*args, **kwargs)
        limits = {"megabytes": LARGEST_MEGABYTES, "rows": number_format(MOST_ROWS, force_grouping=True)}
        help_text = _(
            "CSV (UTF-8) or XLSX with the columns of the template, at most %(megabytes)s MB and %(rows)s rows."
        )
        self.fields["file"].help_text = help_text % limits
        self.fields["centre"].offer(centres, _("Any of mine: each row names its own"))  # type: ignore[attr-defined]


class ExportForm(forms.Form):
    """Which rows to export, and the format."""

    centre = CentreField(label=gettext_lazy("Centre"), required=False)
    format = ChoiceField(label=gettext_lazy("Format"), choices=[("xlsx", "XLSX"), ("csv", "CSV")])

    def __init__(self, typed: QueryDict | None = None, *, centres: list[Centre]):
        super().__init__(typed, auto_id="export_%s")
        self.fields["centre"].offer(centres, _("All of mine"))  # type: ignore[attr-defined]


@page(Permission.WRITE_RECORDS)
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: SignedInRequest) -> HttpResponse:
    """The template, the user's latest uploads, and the export; POST receives a file."""
    centres = centres_of(request.user, Permission.WRITE_RECORDS)
    if request.method != "POST":
        return _show_files(request, UploadForm(centres=centres), ExportForm(centres=centres))
    form = UploadForm(request.POST, request.FILES, centres=centres)
    if file_was_dropped(request.FILES, request.META):
        form.fields["file"].error_messages["required"] = str(FileTooLarge())
    if form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            job = receive_file(
                file=upload.file,
                by=request.user,
                centre=form.cleaned_data["centre"] or None,
            )
        except FileUnusable as unusable:
            form.add_error("file", str(unusable))
        else:
            return redirect("clinic:import", job_id=job.pk)
    return _show_files(request, form, ExportForm(centres=centres))


@page(Permission.WRITE_RECORDS)
@require_safe
def import_(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """The progress of an import, then its report; htmx polls it until the job has ended."""
    job = _find_job(request, job_id)
    listed = _list_report(request, job)
    columns = _columns(listed)
    context = {
        "job": job,
        "ended": job.finished_at,
        "percent": job.total and 100 * job.done // job.total,
        "message": job.message and say(job.message),
        "storable": can_be_stored(job),
        "in_batches": is_in_batches(),
        "listed": listed,
        "columns": [column_name(name) for name in columns],
        "lines": [(line, line.show(columns)) for line in listed or ()],
        "order": _order(request),
        "most_at_once": MOST_AT_ONCE,
        "steward_has": (SENT, DECLINED),
        "kind_stays": KIND_STAYS,
        "to_send": rows_to_send(job).count() if job.refused else 0,
        "settled": _count_sent(job),
    }
    return show(request, "clinic/import_state.html" if request.htmx else "clinic/import.html", context)


@page(Permission.WRITE_RECORDS)
@require_POST
def store(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """Store a checked file."""
    try:
        store_checked(job_id=job_id, by=request.user)
    except NotStorable as refused:
        messages.error(request, str(refused))
    return redirect("clinic:import", job_id=job_id)


@page(Permission.WRITE_RECORDS)
@require_POST
def refer(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """Send one row that only the registry's steward can settle, or all such rows of the file."""
    job, typed = _find_job(request, job_id), request.POST.get("line", "")
    if typed and not (typed.isascii() and typed.isdecimal() and len(typed) <= len(str(MOST_ROWS))):
        raise NotFound
    try:
        done = send_rows(job=job, by=request.user, line=int(typed) if typed else None)
    except (TooManyLookups, NothingToSend) as refused:
        messages.error(request, str(refused))
        return redirect("clinic:import", job_id=job_id)
    if done.sent:
        sentence = ngettext(
            "%(count)s row is sent to the registry's steward. Nothing of it is counted yet.",
            "%(count)s rows are sent to the registry's steward. Nothing of them is counted yet.",
            done.sent,
        )
        messages.success(request, sentence % {"count": done.sent})
    for line, refusal in done.refused:
        messages.error(request, _("Line %(line)s: %(sentence)s") % {"line": line, "sentence": refusal})
    return redirect("clinic:import", job_id=job_id)


@page(Permission.WRITE_RECORDS)
@require_safe
def report(request: SignedInRequest, job_id: UUID) -> HttpResponseBase:
    """The report as CSV in the current language: every problem with its row."""
    job = _find_job(request, job_id)
    columns = [name for name in COLUMNS if name != "patient_id"]
    header = [report_name(name) for name in ("line", "column", "code", "refused", "sentence", *columns)]
    rows = (
        [line.number or "", report_name(problem.field), problem.code, "0" if problem.warning else "1",
         problem.sentence,
         *(line.cells.get(name, "") for name in columns)]
        for line in read_report(job)[:]
        for problem in line.problems
    )  # fmt: skip
    return send_file(write_rows([header, *rows], format="csv", name=f"swecar-report-{job.uploaded_at:%Y-%m-%d}"))


@page(Permission.WRITE_RECORDS)
@require_safe
def template(request: SignedInRequest, format: str) -> HttpResponseBase:
    """An empty exchange file."""
    if format not in FORMATS:
        raise NotFound
    return send_file(write_template(CodeLists(request.user), format=format))


@page(Permission.WRITE_RECORDS, streams=True)
@require_GET
def export(request: SignedInRequest) -> HttpResponseBase:
    """The rows of the user's centres as a file."""
    centres = centres_of(request.user, Permission.WRITE_RECORDS)
    form = ExportForm(request.GET, centres=centres)
    if not form.is_valid():
        return _show_files(request, UploadForm(centres=centres), form, status=400)
    chosen = form.cleaned_data
    return send_file(export_infusions(by=request.user, format=chosen["format"], centre=chosen["centre"] or None))


def _show_files(
    request: SignedInRequest, upload: UploadForm, export_form: ExportForm, *, status: int = 200
) -> HttpResponse:
    context = {"form": upload, "export": export_form, "jobs": jobs_of(request.user)[:LATEST]}
    return show(request, "clinic/imports.html", context, status=status)


def _find_job(request: SignedInRequest, job_id: UUID) -> ImportJob:
    job = jobs_of(request.user).filter(pk=job_id).first()
    if job is None:
        raise NotFound
    return job


def _count_sent(job: ImportJob) -> dict[str, int]:
    """Of the refused rows, the number sent from this report, and the number that can still be sent."""
    sent = job.rows.filter(referral__isnull=False).count() if job.state == ImportState.REFUSED else 0
    return {"sent": sent, "left": job.refused - sent}


def _order(request: SignedInRequest) -> str:
    order = request.GET.get("order", "line")
    if order not in ORDERS:
        raise Http404
    return order


def _list_report(request: SignedInRequest, job: ImportJob) -> Page | None:
    """A page of the lines with a problem, once the job has ended."""
    if not job.finished_at:
        return None
    lines: Report = read_report(job, order=_order(request))
    return Paginator(lines, LINES_A_PAGE).get_page(request.GET.get("page")) if lines else None


def _columns(listed: Page | None) -> list[str]:
    """The file's columns that occur in the lines of a page, in the exchange file's order."""
    used = {name for line in listed or () for name in line.cells}
    return [name for name in COLUMNS if name in used]


urlpatterns = [
    path("imports/", imports, name="imports"),
    path("imports/template.<str:format>", template, name="import-template"),
    path("imports/<uuid:job_id>/", import_, name="import"),
    path("imports/<uuid:job_id>/store", store, name="import-store"),
    path("imports/<uuid:job_id>/refer", refer, name="import-refer"),
    path("imports/<uuid:job_id>/report.csv", report, name="import-report"),
    path("export/", export, name="export"),
]
