"""Questions about rows, their answers and their closing."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry.access import Permission, centres_where
from registry.choices import Status
from registry.entry import questions as entry
from registry.errors import RegistryError
from registry.models import Infusion, Question
from registry.pages.clinic.desk_forms import WordsForm
from registry.pages.clinic.shell import SignedInRequest, page, show

QUESTIONS_A_PAGE = 50


@page(Permission.READ_RECORDS)
@require_safe
def questions(request: SignedInRequest) -> HttpResponse:
    """The unclosed questions about rows that someone may see, with a form for each that waits for them."""
    return _show_questions(request, entry.read_questions(by=request.user))


@page(Permission.WRITE_RECORDS)
@require_POST
def answer(request: SignedInRequest, question_id: int) -> HttpResponse:
    """Store the clinic's answer."""
    question = entry.find_question(question_id=question_id, by=request.user)
    form = _answer_form(question_id, request.POST)
    if form.is_valid():
        try:
            entry.answer(question_id=question_id, text=form.cleaned_data["text"], by=request.user)
        except RegistryError as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The answer is stored. Whoever asked closes the question."))
            return redirect("clinic:questions")
    question.refresh_from_db(fields=["answer", "answered_by", "answered_at", "closed_at"])
    return _show_questions(request, [question], refused=form)


@page(Permission.ASK_QUESTIONS)
@require_POST
def close(request: SignedInRequest, question_id: int) -> HttpResponse:
    """Close a question."""
    try:
        entry.close(question_id=question_id, by=request.user)
    except entry.QuestionOfSomeoneElse as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The question is closed."))
    return redirect("clinic:questions")


@page(Permission.ASK_QUESTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: SignedInRequest, infusion_id: UUID) -> HttpResponse:
    """Asks for the question; POST asks the clinic."""
    infusion = entry.find_asked_about(infusion_id=infusion_id, by=request.user)
    form = WordsForm(request.POST or None, label=_("Question"))
    if form.is_valid():
        try:
            entry.ask(infusion_id=infusion_id, text=form.cleaned_data["text"], by=request.user)
        except RegistryError as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The question is asked. It stands on the clinic's start page."))
            return redirect("clinic:person", number=infusion.patient.registry_number)
    return show(request, "clinic/question_ask.html", {"infusion": infusion, "form": form})


def _answer_form(question_id: int, data: Any = None) -> WordsForm:
    return WordsForm(data, label=_("Answer"), prefix=f"answer-{question_id}")


def _show_questions(request: SignedInRequest, found: Any, refused: WordsForm | None = None) -> HttpResponse:
    """The questions a page at a time, or the one whose answer was refused, with what was typed."""
    listed = Paginator(found, QUESTIONS_A_PAGE).get_page(request.GET.get("page"))
    shown: list[Question] = list(listed.object_list)
    entry.log_questions_shown(by=request.user, questions=shown)
    writable = centres_where(request.user, Permission.WRITE_RECORDS)
    closable = entry.closable(shown, request.user)
    return show(
        request,
        "clinic/questions.html",
        {
            "listed": listed,
            "refused": refused,
            "rows": [
                {
                    "question": one,
                    "form": refused or _form_for(one, writable),
                    "may_correct": _is_correctable(one.infusion, writable),
                    "may_close": one.pk in closable,
                }
                for one in shown
            ],
        },
    )


def _form_for(question: Question, writable: frozenset[int]) -> WordsForm | None:
    waits = question.answered_at is None and question.infusion.centre_id in writable
    return _answer_form(question.pk) if waits else None


def _is_correctable(infusion: Infusion, writable: frozenset[int]) -> bool:
    return infusion.centre_id in writable and infusion.status == Status.SUBMITTED


urlpatterns = [
    path("questions/", questions, name="questions"),
    path("questions/<int:question_id>/answer", answer, name="question-answer"),
    path("questions/<int:question_id>/close", close, name="question-close"),
    path("infusions/<uuid:infusion_id>/ask", ask, name="question-ask"),
]
