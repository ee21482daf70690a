"""Referrals to the registry's steward: the list, a referral's page for either side, and settling."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry.access import Permission, centres_where
from registry.choices import Kind, ReferralState
from registry.entry.exchange.header import column_name
from registry.entry.infusions.row_reader import CodeLists
from registry.entry.patients.count_effect import EffectChanged
from registry.entry.patients.lookup import PatientRefused, find_visible_patient
from registry.entry.questions import referrals as entry
from registry.entry.questions.questions import find_question
from registry.entry.questions.settling import (
    DOUBLE,
    SENT,
    OrderImpossible,
    Settlement,
    read_rows,
    read_sent,
    release_referral,
    settle_course,
)
from registry.errors import InfusionRefused, NotFound, NotPermitted, RegistryError
from registry.infusion_input import InfusionInput
from registry.models import Infusion, Referral
from registry.pages.clinic.base import SignedInRequest, page, show
from registry.pages.clinic.effect_in_words import say_effect
from registry.pages.clinic.infusion_forms import InfusionForm
from registry.pages.clinic.steward_forms import WordsForm
from registry.pages.clinic.thread import threads_of

REFERRALS_A_PAGE = 50
EITHER = (Permission.WRITE_RECORDS, Permission.SETTLE_ORDER)
METHODS = ["GET", "HEAD", "POST"]


@page(*EITHER)
@require_safe
def referrals(request: SignedInRequest) -> HttpResponse:
    """The referrals of the user's centres, or all for the steward; open referrals first."""
    found = entry.read_referrals(by=request.user)
    listed = Paginator(found, REFERRALS_A_PAGE).get_page(request.GET.get("page"))
    return show(request, "clinic/referrals.html", {"listed": listed})


@page(*EITHER)
@require_safe
def referral(request: SignedInRequest, referral_id: UUID) -> HttpResponse:
    """A referral, its state, and what both sides have written."""
    return show_referral(request, entry.find_referral(referral_id=referral_id, by=request.user))


@page(Permission.WRITE_RECORDS)
@require_POST
def take_back(request: SignedInRequest, referral_id: UUID) -> HttpResponse:
    """Withdraw a referral, as the clinic."""
    try:
        entry.take_back(referral_id=referral_id, by=request.user)
    except entry.ReferralSettled as settled:
        messages.error(request, str(settled))
    else:
        messages.success(request, _("It is taken back, and what was typed is erased."))
    return redirect("clinic:referral", referral_id=referral_id)


@page(Permission.SETTLE_ORDER)
@require_POST
def decline(request: SignedInRequest, referral_id: UUID) -> HttpResponse:
    """Decline a referral, as the steward, with a message."""
    form = _decline_form(request.POST)
    if form.is_valid():
        try:
            entry.decline(referral_id=referral_id, by=request.user, message=form.cleaned_data["text"])
        except RegistryError as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("It is declined, and what was typed is erased. The clinic sees why."))
            return redirect("clinic:referral", referral_id=referral_id)
    return show_referral(request, entry.find_referral(referral_id=referral_id, by=request.user), declining=form)


@page(Permission.SETTLE_ORDER)
@require_http_methods(METHODS)
def settle_referral(request: SignedInRequest, referral_id: UUID) -> HttpResponse:
    """The row beside the person's course, and the effect of the steward's decisions; POST releases it."""
    sent = entry.find_referral(referral_id=referral_id, by=request.user)
    if sent.state != ReferralState.OPEN:
        return redirect("clinic:referral", referral_id=referral_id)
    form = WordsForm(request.POST or None, label=_("Message to the clinic"), required=False)
    problem = ""
    if request.POST.get("do") == "settle" and form.is_valid():
        try:
            release_referral(
                referral_id=referral_id, answers=_answers(request.POST), by=request.user,
                message=form.cleaned_data["text"], shown=request.POST.get("shown", ""),
            )  # fmt: skip
        except entry.ReferralSettled as settled:
            messages.error(request, str(settled))
            return redirect("clinic:referral", referral_id=referral_id)
        except RegistryError as refused:
            problem = _read_sentence(refused)
        else:
            messages.success(request, _("The order is settled, and the clinic's infusion is registered."))
            return redirect("clinic:referral", referral_id=referral_id)
    patient = entry.find_person(sent, by=request.user)
    try:
        stated = read_sent(sent, by=request.user)
    except InfusionRefused as refused:
        wrong = "; ".join(f"{column_name(problem.field)}: {problem.sentence}" for problem in refused.problems)
        sentence = _("What was sent can no longer be registered: decline it, and say why.")
        messages.error(request, f"{sentence} {wrong}")
        return redirect("clinic:referral", referral_id=referral_id)
    rows = read_rows(patient, by=request.user)
    return _show_settling(
        request, rows, form, problem, stated=stated, context={"referral": sent, "patient": patient}
    )


@page(Permission.SETTLE_ORDER)
@require_http_methods(METHODS)
def settle(request: SignedInRequest, number: int) -> HttpResponse:
    """A person's course, and the effect of the steward's decisions on the numbers; POST stores them."""
    patient = find_visible_patient(number=number, by=request.user, permission=Permission.SETTLE_ORDER)
    form = WordsForm(request.POST or None)
    problem = ""
    if request.POST.get("do") == "settle" and form.is_valid():
        try:
            settle_course(
                patient=patient, answers=_answers(request.POST), by=request.user,
                reason=form.cleaned_data["text"], shown=request.POST.get("shown", ""),
            )  # fmt: skip
        except RegistryError as refused:
            problem = _read_sentence(refused)
        else:
            messages.success(request, _("The order is settled."))
            return redirect("clinic:person", number=number)
    rows = read_rows(patient, by=request.user)
    return _show_settling(request, rows, form, problem, context={"patient": patient})


def show_referral(
    request: SignedInRequest,
    sent: Referral,
    *,
    declining: WordsForm | None = None,
    written: WordsForm | None = None,
) -> HttpResponse:
    """The referral's page; declining, written: a form whose text was not stored."""
    by, is_open = request.user, sent.state == ReferralState.OPEN
    may_settle = bool(centres_where(by, Permission.SETTLE_ORDER))
    question = find_question(question_id=sent.question.pk, by=by)
    [thread] = threads_of(by, [question], written)
    context = {
        "referral": sent,
        "facts": _label_fields(sent.fields, request),
        "row": thread,
        "question": question,
        "may_take_back": is_open and sent.centre_id in centres_where(by, Permission.WRITE_RECORDS),
        "may_settle": is_open and may_settle,
        "declining": (declining or _decline_form()) if is_open and may_settle else None,
        "refused": declining or written,
    }
    return show(request, "clinic/referral.html", context)


def _show_settling(
    request: SignedInRequest,
    rows: Sequence[Infusion],
    form: WordsForm,
    problem: str,
    *,
    context: dict[str, Any],
    stated: InfusionInput | None = None,
) -> HttpResponse:
    """The course before and after; the effect once every infusion has a decision."""
    given = _answers(request.POST) if request.method == "POST" else {}
    answers = {str(row.pk): given.get(str(row.pk), row.kind) for row in rows}
    if stated:
        answers[SENT] = given.get(SENT, stated.kind or "")
    settlement = Settlement(rows, answers, stated)
    shown: dict[str, Any] = {}
    try:
        settlement.check()
        shown = say_effect(settlement.effect()) | {"shown": settlement.fingerprint()}
    except OrderImpossible as impossible:
        problem = problem or (str(impossible) if request.method == "POST" else "")
    lines = [(str(row.pk), row, answers[str(row.pk)]) for row in rows]
    return show(
        request,
        "clinic/settle.html",
        context
        | shown
        | {
            "lines": lines,
            "stated": stated,
            "sent_answer": answers.get(SENT, ""),
            "kinds": Kind.choices,
            "double": DOUBLE,
            "form": form,
            "problem": problem,
            "is_checked": request.method == "POST",
        },
    )


def _answers(typed: QueryDict) -> dict[str, str]:
    """The decision on each infusion, by id."""
    return {name.removeprefix("row-"): str(typed[name]) for name in typed if name.startswith("row-")}


def _read_sentence(refused: RegistryError) -> str:
    """The sentence of a refusal. Raises the refusals that become a 404."""
    if isinstance(refused, NotFound | NotPermitted) and not isinstance(refused, PatientRefused | EffectChanged):
        raise refused
    return str(refused)


def _label_fields(fields: dict[str, str], request: SignedInRequest) -> list[tuple[str, str]]:
    """The referral's fields with the form's labels."""
    lists = CodeLists(request.user, permission=Permission.READ_RECORDS)
    form = InfusionForm(initial={}, lists=lists)
    fields_sent = [(name, fields[name]) for name in form.fields if name in fields]
    return [(str(form.fields[name].label), form.say(name, value)) for name, value in fields_sent]


def _decline_form(data: Any = None) -> WordsForm:
    return WordsForm(data, label=_("Why it is not registered"), prefix="decline")


urlpatterns = [
    path("referrals/", referrals, name="referrals"),
    path("referrals/<uuid:referral_id>/", referral, name="referral"),
    path("referrals/<uuid:referral_id>/take-back", take_back, name="referral-take-back"),
    path("referrals/<uuid:referral_id>/decline", decline, name="referral-decline"),
    path("referrals/<uuid:referral_id>/settle", settle_referral, name="referral-settle"),
    path("persons/<int:number>/settle", settle, name="settle"),
]
