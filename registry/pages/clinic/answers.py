"""Writing in a question: answering, adding a message, closing; from the list of questions or a referral's page."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from registry.access import Permission
from registry.entry.questions import questions as entry
from registry.entry.questions.referrals import find_referral
from registry.errors import RegistryError
from registry.models import Question
from registry.pages.clinic.base import SignedInRequest, page
from registry.pages.clinic.questions import show_questions
from registry.pages.clinic.referrals import show_referral
from registry.pages.clinic.steward_forms import WordsForm
from registry.pages.clinic.thread import words_form

WRITERS = (Permission.WRITE_RECORDS, Permission.ASK_QUESTIONS)


@page(*WRITERS)
@require_POST
def answer(request: SignedInRequest, question_id: int) -> HttpResponse:
    """Store the answer of the side that was asked."""
    done = _("The answer is stored. Whoever asked closes the question.")
    return _write(request, question_id, entry.answer, done)


@page(*WRITERS)
@require_POST
def write(request: SignedInRequest, question_id: int) -> HttpResponse:
    """Store a further message of either side."""
    return _write(request, question_id, entry.write, _("The message is stored."))


@page(*WRITERS)
@require_POST
def close(request: SignedInRequest, question_id: int) -> HttpResponse:
    try:
        question = entry.close(question_id=question_id, by=request.user)
    except entry.QuestionOfSomeoneElse as refused:
        messages.error(request, str(refused))
        return redirect("clinic:questions")
    messages.success(request, _("The question is closed."))
    return _redirect_to(question)


def _write(request: SignedInRequest, question_id: int, store: Any, done: str) -> HttpResponse:
    question = entry.find_question(question_id=question_id, by=request.user)
    form = words_form(question, request.POST, is_answer=store is entry.answer)
    if form.is_valid():
        try:
            store(question_id=question_id, text=form.cleaned_data["text"], by=request.user)
        except RegistryError as refused:
            form.refuse(refused)
        else:
            messages.success(request, done)
            return _redirect_to(question)
    return _show_refused(request, question_id, form)


def _redirect_to(question: Question) -> HttpResponse:
    """Redirect to the page that shows the question."""
    if question.referral:
        return redirect("clinic:referral", referral_id=question.referral.pk)
    return redirect("clinic:questions")


def _show_refused(request: SignedInRequest, question_id: int, form: WordsForm) -> HttpResponse:
    """The page that shows the question, with the text that was not stored."""
    question = entry.find_question(question_id=question_id, by=request.user)
    if question.referral:
        sent = find_referral(referral_id=question.referral.pk, by=request.user)
        return show_referral(request, sent, written=form)
    return show_questions(request, [question], refused=form)


urlpatterns = [
    path("questions/<int:question_id>/answer", answer, name="question-answer"),
    path("questions/<int:question_id>/write", write, name="question-write"),
    path("questions/<int:question_id>/close", close, name="question-close"),
]
