"""The list of questions, and asking about a row or to the registry's steward."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from registry.access import Permission, centres_where
from registry.choices import Side
from registry.entry.questions import questions as entry
from registry.entry.questions.question_list import DONE, MINE, log_questions_shown, read_questions
from registry.errors import RegistryError
from registry.models import Centre
from registry.pages.clinic.base import SignedInRequest, centres_of, page, show
from registry.pages.clinic.centre_field import CentreField
from registry.pages.clinic.steward_forms import WordsForm
from registry.pages.clinic.thread import threads_of

QUESTIONS_A_PAGE = 50


@page(Permission.READ_RECORDS)
@require_safe
def questions(request: SignedInRequest) -> HttpResponse:
    """The open questions of the user's centres, with a form for each in which they may write."""
    chosen = {name: request.GET.get(name, "") for name in ("state", "centre", "rule")}
    return show_questions(request, read_questions(by=request.user, **chosen), chosen=chosen)


@page(Permission.ASK_QUESTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: SignedInRequest, infusion_id: UUID) -> HttpResponse:
    """The form for a question; POST asks the clinic."""
    infusion = entry.find_asked_about(infusion_id=infusion_id, by=request.user)
    form = WordsForm(request.POST or None, label=_("Question"))
    if form.is_valid():
        try:
            entry.ask(infusion_id=infusion_id, text=form.cleaned_data["text"], by=request.user)
        except RegistryError as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The question is asked. It is shown on the clinic's start page."))
            return redirect("clinic:person", number=infusion.patient.registry_number)
    return show(request, "clinic/question_ask.html", {"infusion": infusion, "form": form})


@page(Permission.WRITE_RECORDS)
@require_http_methods(["GET", "HEAD", "POST"])
def ask_steward(request: SignedInRequest, infusion_id: UUID | None = None) -> HttpResponse:
    """The form for a question; POST asks the registry's steward, about a row or in general."""
    by = request.user
    infusion = entry.find_asked_about(infusion_id=infusion_id, by=by, side=Side.CLINIC) if infusion_id else None
    centres = [infusion.centre] if infusion else centres_of(by, Permission.WRITE_RECORDS)
    form = AskStewardForm(request.POST or None, centres=centres)
    if form.is_valid():
        text = form.cleaned_data["text"]
        try:
            if infusion:
                entry.ask(infusion_id=infusion.pk, text=text, by=by, side=Side.CLINIC)
            else:
                entry.ask_steward(centre=form.centre, text=text, by=by)
        except RegistryError as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The question is sent to the registry's steward."))
            return redirect("clinic:questions")
    return show(request, "clinic/ask_steward.html", {"infusion": infusion, "form": form})


class AskStewardForm(WordsForm):
    """A clinic's question, and the centre that asks."""

    centre_code = CentreField(label=gettext_lazy("Centre"))
    field_order = ["centre_code", "text"]

    def __init__(self, *args, centres: list[Centre], **kwargs):
        super().__init__(*args, label=_("Question"), **kwargs)
        self.centres = {centre.code: centre for centre in centres}
        if len(centres) == 1:
            del self.fields["centre_code"]
        else:
            self.fields["centre_code"].offer(centres)  # type: ignore[attr-defined]

    @property
    def centre(self) -> Centre:
        return self.centres[self.cleaned_data.get("centre_code") or next(iter(self.centres))]


def show_questions(
    request: SignedInRequest, found: Any, refused: WordsForm | None = None, chosen: dict[str, str] | None = None
) -> HttpResponse:
    """A page of questions, or only the question whose text was refused, with the text."""
    listed = Paginator(found, QUESTIONS_A_PAGE).get_page(request.GET.get("page"))
    shown = list(listed.object_list)
    log_questions_shown(by=request.user, questions=shown)
    writes = bool(centres_where(request.user, Permission.WRITE_RECORDS))
    context = {
        "listed": listed,
        "refused": refused,
        "rows": threads_of(request.user, shown, refused),
        "chosen": chosen,
        "states": [("", _("Open")), (MINE, _("Your turn")), (DONE, _("Closed questions"))],
        "centres": centres_of(request.user, Permission.READ_RECORDS),
        "may_ask_steward": writes,
        "may_see_referrals": writes or bool(centres_where(request.user, Permission.SETTLE_ORDER)),
    }
    return show(request, "clinic/questions.html", context)


urlpatterns = [
    path("questions/", questions, name="questions"),
    path("questions/ask", ask_steward, name="ask-steward"),
    path("infusions/<uuid:infusion_id>/ask", ask, name="question-ask"),
    path("infusions/<uuid:infusion_id>/question", ask_steward, name="ask-steward-about"),
]
