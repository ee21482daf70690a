"""Questions about rows: the steward or a rule asks, the clinic answers, whoever asked closes."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from registry.access import Actor, Permission, acting_as, centres_where
from registry.choices import AccessAction
from registry.errors import IdentifierInText, NotFound, Problem, RegistryError
from registry.identity import holds_identity_number
from registry.models import Infusion, Question, User
from registry.models.access_log import log_infusions

LONGEST_TEXT = 1000
RELATED = ("infusion__patient", "infusion__centre", "infusion__product")

# Kept in English in the access log, and translated where it is shown.
SHOWN = gettext_noop("questions")
ASKED = gettext_noop("asked about it")
ANSWERED = gettext_noop("answered a question")
CLOSED = gettext_noop("closed a question")


class TextMissing(RegistryError):
    """Write something."""

    code = "missing"


class TextTooLong(RegistryError):
    """The text is too long."""

    code = "too_long"


class QuestionAnswered(RegistryError):
    """Someone else has answered or closed this question meanwhile: nothing was stored."""

    code = "question_answered"


class QuestionOfSomeoneElse(RegistryError):
    """Whoever asked closes the question."""

    code = "question_of_someone_else"


def read_questions(*, by: Actor) -> QuerySet[Question]:
    """Questions that someone still has to do something about, about rows that the actor may see;
    those that wait for the clinic first.
    """
    found = Question.objects.visible_to(by).unclosed()
    return found.select_related(*RELATED).order_by("-answered_at", "asked_at", "pk")


def find_question(*, question_id: int, by: Actor) -> Question:
    """A question that the actor may answer, as it stands now. Raises NotFound."""
    visible = Question.objects.visible_to(by, Permission.WRITE_RECORDS).select_related(*RELATED)
    question = visible.filter(pk=question_id).first()
    if question is None:
        raise NotFound
    return question


def log_questions_shown(*, by: Actor, questions: Iterable[Question]) -> None:
    """That the actor has read the rows that these questions are about."""
    infusions = {question.infusion_id: question.infusion for question in questions}
    with acting_as(by):
        log_infusions(by=by, action=AccessAction.READ, infusions=infusions.values(), detail=SHOWN)


def find_asked_about(*, infusion_id: UUID, by: Actor) -> Infusion:
    """The infusion that the actor may ask about; that it was read is logged. Raises NotFound."""
    visible = Infusion.objects.visible_to(by, Permission.ASK_QUESTIONS).filter(pk=infusion_id)
    infusion = visible.select_related("centre", "patient", "product").first()
    if infusion is None:
        raise NotFound
    with acting_as(by):
        log_infusions(by=by, action=AccessAction.READ, infusions=[infusion], detail=SHOWN)
    return infusion


def ask(*, infusion_id: UUID, text: str, by: Actor) -> Question:
    """Ask the clinic about a row. Raises NotFound, TextMissing, TextTooLong, IdentifierInText."""
    with acting_as(by):
        # Locked, so that the row is not erased between the look and the question.
        visible = Infusion.objects.visible_to(by, Permission.ASK_QUESTIONS).select_for_update(of=("self",))
        infusion = visible.select_related("centre", "patient").filter(pk=infusion_id).first()
        if infusion is None:
            raise NotFound
        question = Question.objects.create(infusion=infusion, text=_check(text), asked_by=by.username)
        log_infusions(by=by, action=AccessAction.READ, infusions=[infusion], detail=ASKED)
    return question


def ask_by_rules(
    *, infusion: Infusion, warnings: Sequence[Problem], by: Actor, confirmed: Collection[str] = ()
) -> None:
    """Let each warning ask about the row, once while it is unclosed; within the transaction that stores
    the row. What was confirmed while it was entered, by code, is answered already.
    """
    if not warnings:
        return
    asking = set(Question.objects.filter(infusion=infusion).unclosed().values_list("rule", flat=True))
    for warning in warnings:
        if warning.code in asking:
            continue
        asking.add(warning.code)
        question = Question(infusion=infusion, rule=warning.code, text=str(warning.sentence)[:LONGEST_TEXT])
        if warning.code in confirmed:
            question.answer, question.answered_by = _("It is right as it stands"), by.username
            question.answered_at = timezone.now()
        question.save()


def answer(*, question_id: int, text: str, by: Actor) -> Question:
    """Answer for the centre of the row. Raises NotFound alike for a missing and for another centre's
    question, QuestionAnswered, TextMissing, TextTooLong, IdentifierInText.
    """
    with acting_as(by):
        question = _lock(question_id, by, Permission.WRITE_RECORDS)
        if question.answered_at or question.closed_at:
            raise QuestionAnswered
        question.answer, question.answered_by = _check(text), by.username
        question.answered_at = timezone.now()
        question.save(update_fields=["answer", "answered_by", "answered_at"])
        log_infusions(by=by, action=AccessAction.READ, infusions=[question.infusion], detail=ANSWERED)
    return question


def close(*, question_id: int, by: Actor) -> Question:
    """Close a question, answered or not. Raises NotFound, QuestionOfSomeoneElse."""
    with acting_as(by):
        question = _lock(question_id, by, Permission.ASK_QUESTIONS)
        if question.closed_at:
            return question
        if not closable([question], by):
            raise QuestionOfSomeoneElse
        question.closed_by, question.closed_at = by.username, timezone.now()
        question.save(update_fields=["closed_by", "closed_at"])
        log_infusions(by=by, action=AccessAction.READ, infusions=[question.infusion], detail=CLOSED)
    return question


def closable(questions: Iterable[Question], by: Actor) -> set[int]:
    """Keys of those that someone may close: as the asker, or, where a rule asks or the asker may ask no
    longer, as whoever may ask about the row.
    """
    mine = centres_where(by, Permission.ASK_QUESTIONS)
    possible = [question for question in questions if question.infusion.centre_id in mine]
    others = {question.asked_by for question in possible} - {"", by.username}
    asking = {
        user.username: centres_where(user, Permission.ASK_QUESTIONS)
        for user in (User.objects.filter(username__in=others) if others else ())
    }
    return {
        question.pk
        for question in possible
        if question.infusion.centre_id not in asking.get(question.asked_by, frozenset())
    }


def _lock(question_id: int, by: Actor, permission: Permission) -> Question:
    """The question with its row, locked until the commit. Raises NotFound."""
    visible = Question.objects.visible_to(by, permission).select_related("infusion__patient", "infusion__centre")
    question = visible.select_for_update(of=("self",)).filter(pk=question_id).first()
    if question is None:
        raise NotFound
    return question


def _check(text: str) -> str:
    text = text.replace("\x00", "").strip()
    if not text:
        raise TextMissing
    if len(text) > LONGEST_TEXT:
        raise TextTooLong
    if holds_identity_number(text):
        raise IdentifierInText(_("This looks like an identity number."))
    return text
