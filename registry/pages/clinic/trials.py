"""The lead's page of trials: at the centre's hospital, under the exemption, and what its site has made."""

import csv
import io

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from registry.access import Permission
from registry.entry.trials.confirmations import confirm_trials, read_due
from registry.entry.trials.doubts import list_doubts
from registry.entry.trials.file_rows import COLUMNS, read_lines
from registry.entry.trials.importing import Imported, import_trials
from registry.entry.trials.site_trials import (
    correct_status,
    read_site_trials,
    remove_status,
    state_site_trial,
    state_status,
)
from registry.entry.trials.statements import state_exemption, state_manufacturing
from registry.errors import FileUnusable, NotFound, Problem, TrialsRefused
from registry.models import (
    ExemptionYear,
    ManufacturingSite,
    ManufacturingStatement,
    SiteTrial,
    TrialConfirmation,
)
from registry.pages.clinic.base import SignedInRequest, centres_of, page, show
from registry.pages.clinic.trial_fields import (
    NewExemptionForm,
    NewManufacturingForm,
    NewTrialForm,
    OfProblems,
    TrialFileForm,
    TrialStatusForm,
)

STATES = Permission.STATE_TRIALS
LARGEST = 500_000  # bytes of a file of trials
trials_page = page(STATES)
methods = require_http_methods(["GET", "HEAD", "POST"])


@trials_page
@methods
def trials(request: SignedInRequest) -> HttpResponse:
    """What is stated; POST confirms that a centre's trials are so."""
    centres = centres_of(request.user, STATES)
    if request.method == "POST":
        by_code = {centre.code: centre for centre in centres}
        centre = by_code.get(request.POST.get("centre", ""))
        if centre is None:
            raise NotFound
        confirm_trials(centre=centre, by=request.user)
        messages.success(request, _("%(centre)s: the trials are confirmed.") % {"centre": centre.code})
        return redirect("clinic:trials")
    due = {one.centre.pk for one in read_due(by=request.user)}
    confirmed: dict[int, TrialConfirmation] = {}
    for one in TrialConfirmation.objects.visible_to(request.user, STATES):
        confirmed.setdefault(one.centre_id, one)  # the latest come first
    rows = list(read_site_trials(by=request.user))
    taking_part = {row.centre_id for row in rows} | confirmed.keys()
    shown = [one for one in centres if len(centres) == 1 or one.pk in taking_part]
    context = {
        "rows": rows,
        "centres": [(centre, confirmed.get(centre.pk), centre.pk in due) for centre in shown],
        "doubts": list_doubts(by=request.user),
        "exemptions": ExemptionYear.objects.visible_to(request.user, STATES).select_related("centre"),
        "sites": _sites(request),
        "statements": ManufacturingStatement.objects.filter(site__in=_sites(request)).select_related("site"),
    }
    return show(request, "clinic/trials.html", context)


@trials_page
@methods
def new(request: SignedInRequest) -> HttpResponse:
    """A trial at a hospital."""
    form = NewTrialForm(request.POST or None, centres=centres_of(request.user, STATES))
    if form.is_valid():
        try:
            stored = state_site_trial(
                centre=form.centres[form.cleaned_data["centre"]], trial=form.read_trial(),
                status=form.read_status(), unit=form.cleaned_data["unit"], by=request.user,
            )  # fmt: skip
        except TrialsRefused as refused:
            form.refuse(refused.problems)
        else:
            messages.success(request, _("The trial is stored."))
            _warn(request, stored.warnings)
            return redirect("clinic:trials")
    return _show_form(request, form, _("Add a trial"))


@trials_page
@methods
def trial(request: SignedInRequest, pk: int) -> HttpResponse:
    """A trial at a hospital with its statuses; POST adds one."""
    row = read_site_trials(by=request.user).filter(pk=pk).first()
    if row is None:
        raise NotFound
    form = TrialStatusForm(request.POST or None)
    if form.is_valid():
        try:
            state_status(site_trial=pk, status=form.read_status(), by=request.user)
        except TrialsRefused as refused:
            form.refuse(refused.problems)
        else:
            messages.success(request, _("The status is stored."))
            return redirect("clinic:trial", pk=pk)
    return show(request, "clinic/trial.html", {"row": row, "form": form})


@trials_page
@methods
def status(request: SignedInRequest, pk: int, status: int) -> HttpResponse:
    """A status that was wrong: corrected, or removed."""
    row = read_site_trials(by=request.user).filter(pk=pk).first()
    kept = row.statuses.filter(pk=status).first() if row else None
    if row is None or kept is None:
        raise NotFound
    written = {"status": kept.status, "since": kept.written_since, "explanation": kept.explanation}
    form = TrialStatusForm(request.POST or None, initial=written)
    removes = request.POST.get("do") == "remove"
    try:
        if removes:
            remove_status(pk=status, by=request.user)
        elif form.is_valid():
            correct_status(pk=status, status=form.read_status(), by=request.user)
    except TrialsRefused as refused:
        form.is_valid()
        form.refuse(refused.problems)
    else:
        if removes or form.is_valid():
            messages.success(request, _("The status is removed.") if removes else _("The status is stored."))
            is_left = SiteTrial.objects.filter(pk=pk).exists()
            return redirect("clinic:trial", pk=pk) if is_left else redirect("clinic:trials")
    return show(request, "clinic/trial_status.html", {"row": row, "form": form})


@trials_page
@methods
def exemption(request: SignedInRequest) -> HttpResponse:
    """A year of the hospital exemption."""
    form = NewExemptionForm(request.POST or None, centres=centres_of(request.user, STATES))
    if form.is_valid():
        stated = form.cleaned_data
        names = ("product", "year", "first_year", "through", "atmp_class", "patients", "deliveries")
        try:
            state_exemption(
                centre=form.centres[stated["centre"]], origin=form.read_origin(), by=request.user,
                **{name: stated[name] for name in names},
            )  # fmt: skip
        except TrialsRefused as refused:
            form.refuse(refused.problems)
        else:
            messages.success(request, _("The year is stored."))
            return redirect("clinic:trials")
    return _show_form(request, form, _("Hospital exemption: add a year"))


@trials_page
@methods
def manufacturing(request: SignedInRequest) -> HttpResponse:
    """What a site of the centre has made."""
    sites = _sites(request)
    if not sites:
        raise NotFound
    form = NewManufacturingForm(request.POST or None, sites=sites)
    if form.is_valid():
        try:
            state_manufacturing(
                site=form.sites[form.cleaned_data["site"]], as_of=form.cleaned_data["as_of"],
                counts=form.read_counts(), classes=form.read_classes(), countries=form.read_countries(),
                origin=form.read_origin(), by=request.user,
            )  # fmt: skip
        except TrialsRefused as refused:
            form.refuse(refused.problems)
        else:
            messages.success(request, _("The statement is stored."))
            return redirect("clinic:trials")
    return _show_form(request, form, _("Manufacture: add a statement"))


@trials_page
@methods
def file(request: SignedInRequest) -> HttpResponse:
    """A file of trials: what it would store is shown first, and stored when it is confirmed."""
    form = TrialFileForm(request.POST, request.FILES) if request.method == "POST" else TrialFileForm()
    told, text = None, ""
    if request.method == "POST" and form.is_valid():
        upload, sent = form.cleaned_data["file"], form.cleaned_data["text"]
        content = (upload.read(LARGEST + 1) if upload else sent.encode()) or b""
        try:
            if not content or len(content) > LARGEST:
                raise FileUnusable(_("Choose a file of at most 500 kB."))
            told = _import(request, content, dry_run=bool(upload))
            if not upload and not told.refused:
                messages.success(request, _say_stored(told))
                return redirect("clinic:trials")
            if told.is_new and not told.refused:
                text = _write(content)
        except FileUnusable as unusable:
            form.add_error("file", str(unusable))
    context = {"form": form, "told": told, "text": text, "columns": list(COLUMNS)}
    return show(request, "clinic/trials_file.html", context)


def _import(request: SignedInRequest, content: bytes, *, dry_run: bool) -> Imported:
    return import_trials(file=io.BytesIO(content), size=len(content), by=request.user, dry_run=dry_run)


def _write(content: bytes) -> str:
    """The rows of a file as CSV, to be sent back."""
    lines = read_lines(io.BytesIO(content), size=len(content))
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(line.cells for line in lines)
    return text.getvalue()


def _say_stored(told: Imported) -> str:
    sentence = ngettext("%(count)s status is stored.", "%(count)s statuses are stored.", told.new_statuses)
    return sentence % {"count": told.new_statuses}


def _warn(request: SignedInRequest, warnings: list[Problem]) -> None:
    for problem in warnings:
        messages.warning(request, problem.sentence)


def _sites(request: SignedInRequest) -> list[ManufacturingSite]:
    centres = centres_of(request.user, STATES)
    return list(ManufacturingSite.objects.filter(centre__in=centres).order_by("code"))


def _show_form(request: SignedInRequest, form: OfProblems, title: str) -> HttpResponse:
    return show(request, "clinic/trials_form.html", {"form": form, "title": title})


urlpatterns = [
    path("trials/", trials, name="trials"),
    path("trials/new", new, name="trial-new"),
    path("trials/file", file, name="trial-file"),
    path("trials/exemption", exemption, name="trial-exemption"),
    path("trials/manufacture", manufacturing, name="trial-manufacture"),
    path("trials/<int:pk>/", trial, name="trial"),
    path("trials/<int:pk>/<int:status>/", status, name="trial-status"),
]
