"""Questions: the steward or a rule asks the clinic about a row, or the clinic asks the steward; the other side
answers, either side goes on writing, and the side that asked closes.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from registry.access import Actor, Permission, acting_as, centres_where, require
from registry.choices import AccessAction, Side
from registry.errors import IdentifierInText, NotFound, Problem, RegistryError
from registry.models import Centre, Infusion, Message, Question, Referral, User
from registry.models.access_log import log_infusions
from registry.models.keys import unnest_uuids
from registry.models.question_queryset import QuestionQuerySet
from registry.numbers_in_text import holds_identity_number
from registry.sentences import CONFIRMED, Sentence
from swecar.postgresql.together import send_later

LONGEST_TEXT = 1000
MOST_MESSAGES = 200  # per question, to bound its page
RELATED = ("infusion__patient", "infusion__centre", "infusion__product", "referral__centre", "centre")
# The permission by which each side takes part.
OF_SIDE = {Side.CLINIC: Permission.WRITE_RECORDS, Side.STEWARD: Permission.ASK_QUESTIONS}

# One statement for any number of questions, including none: the timing must not reveal to a clinic that its entry
# makes a rule ask another clinic.
STORE = "INSERT INTO registry_question SELECT * FROM jsonb_populate_recordset(NULL::registry_question, %s)"

# Stored in English in the access log, translated when shown.
SHOWN = gettext_noop("questions")
ASKED = gettext_noop("asked about it")
ANSWERED = gettext_noop("answered a question")
CLOSED = gettext_noop("closed a question")


class TextMissing(RegistryError):
    sentence = gettext_noop("Write something.")
    code = "missing"


class TextTooLong(RegistryError):
    sentence = gettext_noop("The text is too long.")
    code = "too_long"


class QuestionAnswered(RegistryError):
    sentence = gettext_noop("Someone else has answered or closed this question meanwhile: nothing was stored.")
    code = "question_answered"


class QuestionClosed(RegistryError):
    sentence = gettext_noop("This question is closed: nothing was stored. Ask a new one.")
    code = "question_closed"


class QuestionFull(RegistryError):
    sentence = gettext_noop("This question has as many messages as one can have: close it and ask a new one.")
    code = "question_full"


class QuestionOfSomeoneElse(RegistryError):
    sentence = gettext_noop("Whoever asked closes the question.")
    code = "question_of_someone_else"


def find_question(*, question_id: int, by: Actor) -> Question:
    """A question in which the actor may write. Raises NotFound."""
    return _find(with_messages(Question.objects.all()), question_id, by)


def sides_of(question: Question, by: Actor) -> list[Side]:
    """The sides on which the actor takes part in a question; an administrator may be on both."""
    centre = question.asked_at_centre.pk
    return [side for side in Side if centre in centres_where(by, OF_SIDE[side])]


def find_asked_about(*, infusion_id: UUID, by: Actor, side: Side = Side.STEWARD) -> Infusion:
    """An infusion that the actor may ask about on this side; reading it is logged.

    Raises NotFound.
    """
    visible = Infusion.objects.visible_to(by, OF_SIDE[side]).filter(pk=infusion_id)
    infusion = visible.select_related("centre", "patient", "product").first()
    if infusion is None:
        raise NotFound
    with acting_as(by):
        log_infusions(by=by, action=AccessAction.READ, infusions=[infusion], detail=SHOWN)
    return infusion


def ask(*, infusion_id: UUID, text: str, by: Actor, side: Side = Side.STEWARD) -> Question:
    """Ask about a row, as the steward or as the clinic; the same open question is not stored twice.

    Raises NotFound, TextMissing, TextTooLong, IdentifierInText.
    """
    with acting_as(by):
        # Locked, so that the row cannot be erased before the question is stored.
        visible = Infusion.objects.visible_to(by, OF_SIDE[side]).select_for_update(of=("self",))
        infusion = visible.select_related("centre", "patient").filter(pk=infusion_id).first()
        if infusion is None:
            raise NotFound
        words = check_text(text)
        again = Question.objects.filter(infusion=infusion, text=words, asks=side, rule="").unclosed().first()
        if again:  # the button was pressed twice
            return again
        question = Question.objects.create(infusion=infusion, text=words, **_from(side, by))
        log_infusions(by=by, action=AccessAction.READ, infusions=[infusion], detail=ASKED)
    return question


def tell(*, infusion: Infusion, text: str, by: Actor) -> Question:
    """Tell a clinic, as the steward, what was done with its row; within the transaction that does it.

    Each time anew, whatever is open already. Raises TextTooLong, IdentifierInText.
    """
    return Question.objects.create(infusion=infusion, text=check_text(text), **_from(Side.STEWARD, by))


def ask_steward(*, centre: Centre, text: str, by: Actor) -> Question:
    """Ask the registry's steward for a centre, not about a row.

    Raises NotPermitted, TextMissing, TextTooLong, IdentifierInText.
    """
    require(by, Permission.WRITE_RECORDS, centre=centre.pk)
    with acting_as(by):
        return Question.objects.create(centre=centre, text=check_text(text), **_from(Side.CLINIC, by))


def ask_about_referral(*, referral: Referral, text: str, by: Actor) -> Question:
    """Open the thread of a referral; within the transaction that stores it."""
    return Question.objects.create(referral=referral, text=check_text(text), **_from(Side.CLINIC, by))


def ask_by_rules(
    doubts: Sequence[tuple[UUID, Problem]],
    *,
    by: Actor,
    confirmed: Collection[tuple[UUID, str]] = (),
    asking: Collection[tuple[UUID, str]] | None = None,
) -> None:
    """Ask a question for each doubt about an infusion, unless it is already open; within the transaction of the
    change. confirmed: (infusion, code) confirmed on entry, which are stored as answered. asking: what is open,
    where it is read already.
    """
    if asking is None:
        about = unnest_uuids({infusion for infusion, _doubt in doubts})
        asking = set(Question.objects.filter(infusion__in=about).unclosed().values_list("infusion", "rule"))
    new = {(infusion, doubt.code): doubt for infusion, doubt in doubts if (infusion, doubt.code) not in asking}
    answered = {
        "answer": CONFIRMED, "answered_by": by.username, "answered_at": timezone.now(),
        "waits_for": Side.STEWARD,
    }  # fmt: skip
    _store(
        Question(
            infusion_id=infusion,
            rule=code,
            **_words_of(doubt),
            **(answered if (infusion, code) in confirmed else {}),
        )
        for (infusion, code), doubt in new.items()
    )


def _words_of(doubt: Problem) -> dict[str, object]:
    """A doubt's sentence as stored: in English, with its values, since each reader has their language."""
    said = doubt.sentence
    return {"text": said.english, "text_values": said.values} if isinstance(said, Sentence) else {"text": said}


def _store(questions: Iterable[Question]) -> None:
    fields = Question._meta.concrete_fields
    rows = [{field.column: field.pre_save(question, add=True) for field in fields} for question in questions]
    send_later(STORE, [json.dumps(rows, default=str)])


def answer(*, question_id: int, text: str, by: Actor) -> Question:
    """Answer as the side that was asked. Raises NotFound (also for another centre's question), QuestionAnswered,
    TextMissing, TextTooLong, IdentifierInText.
    """
    with acting_as(by):
        question = _lock(question_id, by)
        if other_side(question.asks) not in sides_of(question, by):
            raise NotFound
        if question.answered_at or question.closed_at:
            raise QuestionAnswered
        write_in(question, text=text, by=by, side=other_side(question.asks))
        _log(question, by, ANSWERED)
    return question


def write(*, question_id: int, text: str, by: Actor) -> Question:
    """Add a message to a question that is not closed, on the side that it waits for where the actor is on both.

    Raises NotFound, QuestionClosed, QuestionFull, TextMissing, TextTooLong, IdentifierInText.
    """
    with acting_as(by):
        question = _lock(question_id, by)
        sides = sides_of(question, by)
        side = Side(question.waits_for) if question.waits_for in sides else sides[0]
        if question.closed_at:
            raise QuestionClosed
        refuse_full(question)
        write_in(question, text=text, by=by, side=side)
        _log(question, by, ANSWERED)
    return question


def refuse_full(question: Question) -> None:
    if question.messages.count() >= MOST_MESSAGES:
        raise QuestionFull


def write_in(question: Question, *, text: str, by: Actor, side: Side) -> None:
    """Add one side's text to a locked question: the answer, or a message after it."""
    words = check_text(text)
    if side == other_side(question.asks) and not question.answered_at:
        question.answer, question.answered_by = words, by.username
        question.answered_at = timezone.now()
    else:
        Message.objects.create(question=question, side=side, text=words, written_by=by.username)
    question.waits_for = other_side(side)
    question.save(update_fields=["answer", "answered_by", "answered_at", "waits_for"])


def close(*, question_id: int, by: Actor) -> Question:
    """Close a question, answered or not. Raises NotFound, QuestionOfSomeoneElse."""
    with acting_as(by):
        question = _lock(question_id, by)
        if question.asks not in sides_of(question, by):
            raise NotFound
        if question.closed_at:
            return question
        if not closable([question], by):
            raise QuestionOfSomeoneElse
        close_it(question, by=by)
        _log(question, by, CLOSED)
    return question


def close_it(question: Question, *, by: Actor) -> None:
    """Close a locked question."""
    question.closed_by, question.closed_at = by.username, timezone.now()
    question.save(update_fields=["closed_by", "closed_at"])


def closable(questions: Iterable[Question], by: Actor) -> set[int]:
    """Keys of the questions that the actor may close: a clinic's question as anyone who may write for the centre;
    a steward's question as the asker, or as any steward where a rule asked or the asker is no longer a steward.
    """
    possible = [question for question in questions if question.asks in sides_of(question, by)]
    others = {question.asked_by for question in possible if question.asks == Side.STEWARD} - {"", by.username}
    asking = {
        user.username: centres_where(user, Permission.ASK_QUESTIONS)
        for user in (User.objects.filter(username__in=others) if others else ())
    }
    return {
        question.pk
        for question in possible
        if question.asks == Side.CLINIC
        or question.asked_at_centre.pk not in asking.get(question.asked_by, frozenset())
    }


def check_text(text: str) -> str:
    """A text as stored. Raises TextMissing, TextTooLong, IdentifierInText."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise TextMissing
    if len(text) > LONGEST_TEXT:
        raise TextTooLong
    if holds_identity_number(text):
        raise IdentifierInText(_("This looks like an identity number."))
    return text


def _from(side: Side, by: Actor) -> dict[str, str]:
    return {"asks": side, "waits_for": other_side(side), "asked_by": by.username}


def other_side(side: str) -> Side:
    return Side.STEWARD if side == Side.CLINIC else Side.CLINIC


def with_messages(questions: QuestionQuerySet) -> QuestionQuerySet:
    return questions.select_related(*RELATED).prefetch_related(Prefetch("messages", Message.objects.all()))


def _lock(question_id: int, by: Actor) -> Question:
    """The question with its infusion or referral, locked until the commit. Raises NotFound."""
    return _find(Question.objects.select_related(*RELATED).select_for_update(of=("self",)), question_id, by)


def _find(questions: QuerySet[Question], question_id: int, by: Actor) -> Question:
    question = questions.filter(pk=question_id).first()
    if question is None or not sides_of(question, by):
        raise NotFound
    return question


def _log(question: Question, by: Actor, detail: str) -> None:
    if question.infusion:
        log_infusions(by=by, action=AccessAction.READ, infusions=[question.infusion], detail=detail)
