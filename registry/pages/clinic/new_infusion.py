"""Entering an infusion: the form, with what the infusion would count as beside it, and drafts."""

from contextlib import suppress
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from registry.access import Permission
from registry.entry.infusions.form_drafts import autosave_draft, delete_draft, find_draft, save_draft
from registry.entry.infusions.next_infusion import ages_on, carry_over, repeat_row
from registry.entry.infusions.record import record_infusion
from registry.entry.infusions.row_reader import CodeLists
from registry.entry.patients.lookup import (
    PatientRefused,
    PseudonymUsed,
    find_visible_patient,
)
from registry.entry.patients.search import read_registry_number
from registry.entry.questions.referrals import REFERABLE, send_referral
from registry.errors import NotFound, RegistryError, TooManyLookups
from registry.models import Patient
from registry.pages.clinic.base import SignedInRequest, page, say_wait, show
from registry.pages.clinic.infusion_forms import InfusionForm
from registry.pages.clinic.typed_infusion import Judged, judge, look_up
from swecar.counts import count


@sensitive_post_parameters()
@page(Permission.WRITE_RECORDS)
@require_http_methods(["GET", "HEAD", "POST"])
def record(request: SignedInRequest, number: int | None = None, draft_id: UUID | None = None) -> HttpResponse:
    """The form: empty, for a person known to the centre (number), or from a draft (draft_id)."""
    draft = find_draft(draft_id=draft_id, by=request.user) if draft_id else None
    patient = draft.patient if draft else _patient_known_here(request, number)
    lists = CodeLists(request.user)
    if request.method != "POST":
        initial = draft.fields if draft else _start_from(request, patient)
        form = InfusionForm(initial=initial, lists=lists, patient=patient)
        own = draft_id if draft and draft.is_autosave else None
        return _show_form(request, form, draft_id, Judged(look_up(request, form)[1]), autosave=own)
    form = _read_form(request, lists, patient)
    match request.POST.get("do"):
        case "draft":
            return _save_draft(request, form, draft_id)
        case "check":
            return _show_form(request, form, draft_id, judge(request, form))
        case "refer":
            return _refer(request, form, draft_id)
        case _:
            return _submit(request, form, draft_id)


@sensitive_post_parameters()
@page(Permission.WRITE_RECORDS)
@require_POST
def record_person(request: SignedInRequest) -> HttpResponse:
    """Called while typing: what is known of the person, and what the infusion would count as."""
    typed = request.POST.get("person", "")
    number = read_registry_number(typed)
    if typed and number is None:
        raise NotFound
    patient = _patient_known_here(request, number)
    form = _read_form(request, CodeLists(request.user), patient)
    judged = judge(request, form)
    form.forgive("age_at_infusion", "age_missing")  # the page is about to fill it in
    response = show(request, "clinic/guidance.html", _guidance(form, judged) | {"swap": True})
    return say_wait(response, judged.too_many)


@sensitive_post_parameters()
@page(Permission.WRITE_RECORDS, stores=False)
@require_POST
def autosave(request: SignedInRequest, draft_id: UUID) -> HttpResponse:
    """Called every few seconds while someone types: saves the form, and says so."""
    patient = _patient_known_here(request, read_registry_number(request.POST.get("person", "")))
    form = _read_form(request, CodeLists(request.user), patient)
    context = {"draft_id": draft_id, "now": timezone.now(), "centre": form.chosen_centre}
    if not any(typed for name, typed in form.stated().items() if name not in {"centre", "patient_id"}):
        return HttpResponse()  # nothing that could be saved
    if form.chosen_centre:
        left_out = autosave_draft(
            draft_id=draft_id, fields=form.stated(), centre=form.chosen_centre, by=request.user, patient=patient
        )
        context["left_out"] = [form.fields[name].label for name in left_out]
    return show(request, "clinic/autosaved.html", context)


@page(Permission.WRITE_RECORDS)
@require_POST
def discard(request: SignedInRequest, draft_id: UUID) -> HttpResponse:
    """Delete a draft."""
    delete_draft(draft_id=draft_id, by=request.user)
    messages.success(request, _("The draft is deleted."))
    return redirect("clinic:start")


def _patient_known_here(request: SignedInRequest, number: int | None) -> Patient | None:
    """The person whom the URL or the form names. Raises NotFound, also for another centre's person."""
    if number is None:
        return None
    return find_visible_patient(number=number, by=request.user, permission=Permission.WRITE_RECORDS)


def _start_from(request: SignedInRequest, patient: Patient | None) -> dict[str, str]:
    """Initial values for a known person: a withdrawn infusion's (?like=), or those of the latest that repeat."""
    if patient is None:
        return {}
    same = repeat_row(patient=patient, by=request.user, like=request.GET.get("like", ""))
    return same or carry_over(patient=patient, by=request.user)


def _read_form(request: SignedInRequest, lists: CodeLists, patient: Patient | None) -> InfusionForm:
    """The form as typed, with the age of a known person filled in where it follows."""
    form = InfusionForm(request.POST, lists=lists, patient=patient)
    if patient and form.day:
        start, precision = form.day
        form.offer_ages(ages_on(patient=patient, by=request.user, start=start, precision=precision))
    return form


def _submit(request: SignedInRequest, form: InfusionForm, draft_id: UUID | None) -> HttpResponse:
    judged = judge(request, form, final=True)
    if judged.stated is None or judged.proposal is None:
        count("refusals", "form", "fields_wrong")
        return _show_form(request, form, draft_id, judged)
    if judged.proposal.question:
        form.ask(judged.proposal.question, which_is_first=judged.proposal.before_first)
        return _show_form(request, form, draft_id, judged)
    if judged.proposal.warnings and request.POST.get("confirmed") != judged.confirmation:
        form.add_error(None, _("Some of it is improbable: look at it again, then confirm that it is right."))
        return _show_form(request, form, draft_id, judged)
    try:
        infusion = record_infusion(
            stated=judged.stated,
            by=request.user,
            patient=form.patient,
            former_first_becomes=form.answer,
            confirmed=[warning.code for warning in judged.proposal.warnings],
        )
    except RegistryError as refused:
        count("refusals", "form", refused.code)
        form.refuse_error(refused)
        return _show_form(request, form, draft_id, judged)
    count("entries", "form")
    _delete_drafts(request, draft_id)
    sentence = _("The infusion is registered.") + " " + judged.consequence
    onward = '{} <a href="{}" autofocus>{}</a>'
    messages.success(request, format_html(onward, sentence, reverse("clinic:record"), _("Register the next")))
    return redirect("clinic:person", number=infusion.patient.registry_number)


def _refer(request: SignedInRequest, form: InfusionForm, draft_id: UUID | None) -> HttpResponse:
    """Send the refused infusion to the registry's steward."""
    judged = judge(request, form, final=True)
    if judged.stated is None or judged.proposal is None:
        return _show_form(request, form, draft_id, judged)
    try:
        referral = send_referral(
            stated=judged.stated, by=request.user, patient=judged.patient, message=request.POST.get("message", "")
        )
    except RegistryError as refused:
        form.refuse_error(refused)
        return _show_form(request, form, draft_id, judged)
    _delete_drafts(request, draft_id)
    messages.success(request, _("It is sent to the registry's steward. Nothing is counted yet."))
    return redirect("clinic:referral", referral_id=referral.pk)


def _save_draft(request: SignedInRequest, form: InfusionForm, draft_id: UUID | None) -> HttpResponse:
    known = None
    try:
        known = look_up(request, form)[1]
    except TooManyLookups:
        pass  # the draft is stored without the person
    except (PatientRefused, PseudonymUsed) as refused:
        form.refuse_error(refused)
        return _show_form(request, form, draft_id, Judged())
    centre = form.chosen_centre
    if centre is None:
        form.add_error("centre", _("Choose the centre whose draft it is."))
        return _show_form(request, form, draft_id, Judged(known))
    here = form.patient or (known.patient if known else None)
    try:
        save_draft(fields=form.stated(), centre=centre, by=request.user, patient=here, draft_id=draft_id)
    except RegistryError as refused:
        form.refuse_error(refused)
        return _show_form(request, form, draft_id, Judged(known))
    if (autosaved := _read_autosave(request)) != draft_id:
        _delete_drafts(request, autosaved)
    messages.success(request, _("The draft is saved, without the identity number. Nothing is counted yet."))
    return redirect("clinic:start")


def _guidance(form: InfusionForm, judged: Judged) -> dict:
    """The context about the person and what the infusion would count as."""
    question = judged.proposal.question if judged.proposal else None
    referable = (question and question.code in REFERABLE) or any(
        form.has_error("kind", code) for code in REFERABLE
    )
    return {
        "form": form,
        "known": judged.known,
        "judged": judged,
        "proposal": judged.proposal,
        "referable": referable,
    }


def _read_autosave(request: SignedInRequest) -> UUID | None:
    """The draft as which the page has saved the form by itself, if it has."""
    try:
        return UUID(request.POST.get("autosave", ""))
    except ValueError:
        return None


def _delete_drafts(request: SignedInRequest, draft_id: UUID | None) -> None:
    """Delete the draft that the form began as, and what the page has saved by itself."""
    for key in {draft_id, _read_autosave(request)}:
        with suppress(NotFound):  # there was none, or a colleague has deleted it meanwhile
            if key:
                delete_draft(draft_id=key, by=request.user)


def _show_form(
    request: SignedInRequest,
    form: InfusionForm,
    draft_id: UUID | None,
    judged: Judged,
    *,
    autosave: UUID | None = None,
) -> HttpResponse:
    """autosave: the draft as which the page saves by itself; another one than a draft that others see."""
    context = {"draft_id": draft_id, "autosave": autosave or _read_autosave(request) or uuid4()}
    response = show(request, "clinic/record.html", _guidance(form, judged) | context)
    return say_wait(response, judged.too_many)


urlpatterns = [
    path("infusions/new", record, name="record"),
    path("infusions/new/person", record_person, name="record-person"),
    path("persons/<int:number>/new", record, name="record-for"),
    path("drafts/<uuid:draft_id>/", record, name="draft"),
    path("drafts/<uuid:draft_id>/autosave", autosave, name="draft-autosave"),
    path("drafts/<uuid:draft_id>/discard", discard, name="draft-discard"),
]
