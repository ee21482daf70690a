"""Entering an infusion: one form, what it would count as said beside it, drafts."""

from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from registry.access import Permission, acting_as
from registry.choices import AccessAction
from registry.entry.infusions.form_drafts import delete_draft, find_draft, save_draft
from registry.entry.infusions.next_infusion import ages_on, carry_over, repeat_row
from registry.entry.infusions.proposal import Known, Proposal, know_person, propose
from registry.entry.infusions.record import record_infusion
from registry.entry.infusions.row_reader import CodeLists
from registry.entry.patients.lookup import (
    PatientRefused,
    PseudonymUsed,
    find_patient_to_enter,
    find_visible_patient,
)
from registry.entry.patients.search import read_registry_number
from registry.entry.questions.referrals import REFERABLE, send_referral
from registry.errors import InfusionRefused, NotFound, Problem, RegistryError, TooManyLookups
from registry.infusion_input import InfusionInput
from registry.models import Patient
from registry.models.access_log import log_persons
from registry.pages.clinic.base import SignedInRequest, page, say_wait, show
from registry.pages.clinic.consequence import say_consequence, say_proposed
from registry.pages.clinic.infusion_forms import ANSWER, InfusionForm

# As long as the kind is open, to state it may be enough: the steward is needed for the first alone.
KIND_FIRST = gettext_lazy(
    "Say what this infusion is, a further dose or a reinfusion. If it was the first, the registry's steward "
    "must settle the order."
)


class Judged(NamedTuple):
    """An infusion as typed, whose and what it would be; None where something cannot be read or is refused."""

    known: Known | None = None
    stated: InfusionInput | None = None
    proposal: Proposal | None = None
    too_many: TooManyLookups | None = None  # nothing is told of the person
    patient: Patient | None = None  # whose it is, for what is stored; the clinic may not know them
    note: str = ""  # of the kind that the page has chosen

    @property
    def confirmation(self) -> str:
        """What the page sends back to confirm these warnings and no others."""
        return ",".join(warning.code for warning in self.proposal.warnings) if self.proposal else ""

    @property
    def consequence(self) -> str:
        """What the infusion counts as, in a sentence."""
        return say_consequence(self.proposal, self.stated) if self.proposal and self.stated else ""


@sensitive_post_parameters()
@page(Permission.WRITE_RECORDS)
@require_http_methods(["GET", "HEAD", "POST"])
def record(request: SignedInRequest, number: int | None = None, draft_id: UUID | None = None) -> HttpResponse:
    """The form: empty, for someone the centre knows (number), or as it was left (draft_id)."""
    draft = find_draft(draft_id=draft_id, by=request.user) if draft_id else None
    patient = draft.patient if draft else _patient_known_here(request, number)
    lists = CodeLists(request.user)
    if request.method != "POST":
        initial = draft.fields if draft else _start_from(request, patient)
        form = InfusionForm(initial=initial, lists=lists, patient=patient)
        return _show_form(request, form, draft_id, Judged(_look_up(request, form)[1]))
    form = _read_form(request, lists, patient)
    match request.POST.get("do"):
        case "draft":
            return _save_draft(request, form, draft_id)
        case "check":
            return _show_form(request, form, draft_id, _judge(request, form))
        case "refer":
            return _refer(request, form, draft_id)
        case _:
            return _submit(request, form, draft_id)


@sensitive_post_parameters()
@page(Permission.WRITE_RECORDS)
@require_POST
def record_person(request: SignedInRequest) -> HttpResponse:
    """While typing: what is known of the person, and what the infusion would count as."""
    typed = request.POST.get("person", "")
    number = read_registry_number(typed)
    if typed and number is None:
        raise NotFound
    patient = _patient_known_here(request, number)
    form = _read_form(request, CodeLists(request.user), patient)
    judged = _judge(request, form)
    form.forgive("age_at_infusion", "age_missing")  # it is about to be written
    answer = show(request, "clinic/guidance.html", _guidance(form, judged) | {"swap": True})
    return say_wait(answer, judged.too_many)


@page(Permission.WRITE_RECORDS)
@require_POST
def discard(request: SignedInRequest, draft_id: UUID) -> HttpResponse:
    """Throw a draft away."""
    delete_draft(draft_id=draft_id, by=request.user)
    messages.success(request, _("The draft is deleted."))
    return redirect("clinic:start")


def _patient_known_here(request: SignedInRequest, number: int | None) -> Patient | None:
    """Whom the address or the form names. Raises NotFound alike for nobody and another centre's."""
    if number is None:
        return None
    return find_visible_patient(number=number, by=request.user, permission=Permission.WRITE_RECORDS)


def _start_from(request: SignedInRequest, patient: Patient | None) -> dict[str, str]:
    """What stands in the form of someone known here: a withdrawn infusion anew (?like=), or what the next one has
    in common with the latest.
    """
    if patient is None:
        return {}
    same = repeat_row(patient=patient, by=request.user, like=request.GET.get("like", ""))
    return same or carry_over(patient=patient, by=request.user)


def _look_up(request: SignedInRequest, form: InfusionForm) -> tuple[Patient | None, Known | None]:
    """Whom the form names, and what the clinic may know of them; once a request, and logged.

    Raises TooManyLookups, PatientRefused.
    """
    by, unit = request.user, form.chosen_centre.code if form.chosen_centre else ""
    if form.patient:
        with acting_as(by):
            log_persons(by=by, action=AccessAction.READ, numbers=[form.patient.registry_number], unit=unit)
        return form.patient, know_person(patient=form.patient, by=by)
    if form.identifier is None:
        return None, None
    patient = find_patient_to_enter(identifier=form.identifier, by=by, unit=unit)
    return patient, know_person(patient=patient, by=by)


def _read_form(request: SignedInRequest, lists: CodeLists, patient: Patient | None) -> InfusionForm:
    """The form as typed, with the age of someone known here as far as it is known."""
    form = InfusionForm(request.POST, lists=lists, patient=patient)
    if patient and form.day:
        start, precision = form.day
        form.offer_ages(ages_on(patient=patient, by=request.user, start=start, precision=precision))
    return form


def _judge(request: SignedInRequest, form: InfusionForm, *, final: bool = False) -> Judged:
    """The infusion as typed and what it would be, final: to be stored; what is wrong then stands in the form.

    Of whoever may not be registered, or not be asked for now, nothing else is said.
    """
    try:
        patient, known = _look_up(request, form)
    except (PatientRefused, PseudonymUsed, TooManyLookups) as refused:
        form.refuse_error(refused)
        if form.kind_is_open:
            form.propose_kind(None)
        return Judged(too_many=refused if isinstance(refused, TooManyLookups) else None)
    form.answer_for(patient)
    stated = form.read()
    try:
        judged = _propose(request, form, stated, patient, final=final) if stated else (None, None)
    except InfusionRefused as refused:
        form.refuse(refused.problems)
        judged = None, None
    stated, proposal = judged
    if proposal:
        form.fields[ANSWER].needed = proposal.before_first  # type: ignore[attr-defined]  # field.html says so
    if not form.kind_is_open:
        form.data["kind_proposed"] = ""  # said once, it is the clinic's, also if it comes to the same
        return Judged(known, stated, proposal, patient=patient)
    if not (stated and stated.kind):
        form.propose_kind(proposal.kind if proposal else None)
    note = say_proposed(proposal.kind) if proposal and not proposal.question else ""
    return Judged(known, stated, proposal, patient=patient, note=note)


def _propose(
    request: SignedInRequest, form: InfusionForm, stated: InfusionInput, patient: Patient | None, *, final: bool
) -> tuple[InfusionInput, Proposal]:
    """The infusion with what the clinic has stated of its kind, and what it would be.

    A kind that the page has chosen is stated by sending the form, if the page would choose it still.
    """

    def ask(draft: InfusionInput) -> Proposal:
        return propose(draft=draft, by=request.user, patient=patient, former_first_becomes=form.answer)

    if not form.kind_is_open:
        return stated, ask(stated)
    still_open = replace(stated, kind=None)
    proposal = ask(still_open)
    question = proposal.question
    if question and question.code in REFERABLE:
        return still_open, replace(proposal, question=replace(question, sentence=str(KIND_FIRST)))
    as_chosen = ask(replace(stated, kind=proposal.kind))
    if not final:
        return still_open, as_chosen
    if stated.kind == proposal.kind:
        return stated, as_chosen
    if stated.kind and not proposal.before_first:
        sentence = _("The kind that the page proposed no longer fits what is typed: look at it again.")
        question = Problem("kind", "kind_unclear", sentence)
    elif question and not proposal.before_first:
        question = replace(question, sentence=say_proposed(proposal.kind))
    return still_open, replace(as_chosen, question=question)


def _submit(request: SignedInRequest, form: InfusionForm, draft_id: UUID | None) -> HttpResponse:
    judged = _judge(request, form, final=True)
    if judged.stated is None or judged.proposal is None:
        return _show_form(request, form, draft_id, judged)
    if judged.proposal.question:
        form.ask(judged.proposal.question, which_is_first=judged.proposal.before_first)
        return _show_form(request, form, draft_id, judged)
    if judged.proposal.warnings and request.POST.get("confirmed") != judged.confirmation:
        form.add_error(None, _("Some of it is improbable: look at it again, then confirm that it is right."))
        return _show_form(request, form, draft_id, judged)
    try:
        infusion = record_infusion(
            draft=judged.stated,
            by=request.user,
            patient=form.patient,
            former_first_becomes=form.answer,
            confirmed=[warning.code for warning in judged.proposal.warnings],
        )
    except RegistryError as refused:
        form.refuse_error(refused)
        return _show_form(request, form, draft_id, judged)
    if draft_id:
        with suppress(NotFound):  # a colleague has thrown it away meanwhile
            delete_draft(draft_id=draft_id, by=request.user)
    sentence = _("The infusion is stored.") + " " + judged.consequence
    onward = '{} <a href="{}" autofocus>{}</a>'
    messages.success(request, format_html(onward, sentence, reverse("clinic:record"), _("Register the next")))
    return redirect("clinic:person", number=infusion.patient.registry_number)


def _refer(request: SignedInRequest, form: InfusionForm, draft_id: UUID | None) -> HttpResponse:
    """Send what is refused to the registry's steward, with what was typed."""
    judged = _judge(request, form, final=True)
    if judged.stated is None or judged.proposal is None:
        return _show_form(request, form, draft_id, judged)
    try:
        referral = send_referral(
            draft=judged.stated, by=request.user, patient=judged.patient, message=request.POST.get("message", "")
        )
    except RegistryError as refused:
        form.refuse_error(refused)
        return _show_form(request, form, draft_id, judged)
    if draft_id:
        with suppress(NotFound):
            delete_draft(draft_id=draft_id, by=request.user)
    messages.success(request, _("It is sent to the registry's steward. Nothing is counted yet."))
    return redirect("clinic:referral", referral_id=referral.pk)


def _save_draft(request: SignedInRequest, form: InfusionForm, draft_id: UUID | None) -> HttpResponse:
    known = None
    try:
        known = _look_up(request, form)[1]
    except TooManyLookups:
        pass  # a draft says nothing of the person: it is kept without them
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
    messages.success(request, _("The draft is saved, without the identity number. Nothing is counted yet."))
    return redirect("clinic:start")


def _guidance(form: InfusionForm, judged: Judged) -> dict:
    """What the page says of the person and of what the infusion would count as."""
    question = judged.proposal.question if judged.proposal else None
    referable = (question and question.code in REFERABLE) or any(form.has_error("kind", one) for one in REFERABLE)
    return {
        "form": form,
        "known": judged.known,
        "judged": judged,
        "proposal": judged.proposal,
        "referable": referable,
    }


def _show_form(
    request: SignedInRequest, form: InfusionForm, draft_id: UUID | None, judged: Judged
) -> HttpResponse:
    answer = show(request, "clinic/record.html", _guidance(form, judged) | {"draft_id": draft_id})
    return say_wait(answer, judged.too_many)


urlpatterns = [
    path("infusions/new", record, name="record"),
    path("infusions/new/person", record_person, name="record-person"),
    path("persons/<int:number>/new", record, name="record-for"),
    path("drafts/<uuid:draft_id>/", record, name="draft"),
    path("drafts/<uuid:draft_id>/discard", discard, name="draft-discard"),
]
