"""Lists of questions and their messages, and logging that they were read."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import Case, Count, Q, QuerySet, When

from registry.access import Actor, Permission, acting_as, centres_where
from registry.choices import AccessAction, Side
from registry.entry.questions.questions import OF_SIDE, RELATED, SHOWN, other_side, with_messages
from registry.models import Centre, Question
from registry.models.access_log import log_infusions
from registry.models.question_queryset import QuestionQuerySet, at_centres

MINE, DONE = "mine", "closed"  # filters of a list


def read_questions(*, by: Actor, state: str = "", centre: str = "", rule: str = "") -> QuerySet[Question]:
    """Questions of the actor's centres, or of the centre with a code, or of a rule: first those that wait for the
    actor, then those without an answer. state: MINE for those that wait for the actor, DONE for closed questions,
    else all open.
    """
    mine = _wait_for(by)
    found = Question.objects.visible_to(by)
    if centre:
        found = found.at(Centre.objects.filter(code=centre).values("pk"))
    if rule:
        found = found.filter(rule=rule)
    if state == DONE:
        return with_messages(found.filter(closed_at__isnull=False)).order_by("-closed_at", "pk")
    found = found.unclosed().filter(mine) if state == MINE else found.unclosed()
    turn = Case(When(mine, then=0), default=1)
    return with_messages(found).order_by(turn, "-answered_at", "asked_at", "pk")


def _wait_for(by: Actor) -> Q:
    """Questions where it is the actor's turn, on either side."""
    found = Q(pk__in=[])
    for side in Side:
        if centres := centres_where(by, OF_SIDE[side]):
            found |= Q(waits_for=side) & at_centres(centres)
    return found


class Doubted(NamedTuple):
    """The open questions of a rule: its words about the oldest of them, how many, and how many are answered."""

    rule: str
    words: str
    rows: int
    answered: int


def read_doubted(*, by: Actor) -> list[Doubted]:
    """By rule, what is open, the most first. Two queries."""
    found = Question.objects.visible_to(by, Permission.ASK_QUESTIONS).unclosed().exclude(rule="")
    answered = Count("pk", filter=Q(waits_for=Side.STEWARD))
    counted = found.values("rule").annotate(rows=Count("pk"), answered=answered).order_by("-rows", "rule")
    said = {one.rule: one.words for one in found.order_by("rule", "asked_at", "pk").distinct("rule")}
    return [
        Doubted(one["rule"], said.get(one["rule"], one["rule"]), one["rows"], one["answered"]) for one in counted
    ]


def read_for_steward(*, by: Actor) -> QuerySet[Question]:
    """What people have written that waits for the registry's steward, in the order of the list of questions."""
    waiting = Question.objects.visible_to(by, Permission.ASK_QUESTIONS).unclosed().filter(waits_for=Side.STEWARD)
    return waiting.filter(rule="").select_related(*RELATED).order_by("-answered_at", "asked_at", "pk")


def read_awaited(*, by: Actor) -> list[tuple[Centre, int, datetime]]:
    """The centres that have not answered the steward: how many questions, and since when the oldest waits."""
    asked = Question.objects.visible_to(by, Permission.ASK_QUESTIONS).unanswered()
    asked = asked.filter(rule="", asks=Side.STEWARD)
    found: dict[Centre, list[datetime]] = {}
    for question in asked.select_related(*RELATED).order_by("asked_at", "pk"):
        found.setdefault(question.asked_at_centre, []).append(question.asked_at)
    return [(centre, len(since), since[0]) for centre, since in found.items()]


def read_all(*, by: Actor) -> QuestionQuerySet:
    """Questions of the actor's centres, open and closed."""
    return with_messages(Question.objects.visible_to(by))


class Written(NamedTuple):
    """One text in a question: which side wrote it, who ("" for a rule) and when."""

    side: Side
    by: str
    at: datetime
    text: str


def read_messages(question: Question) -> list[Written]:
    """All texts in a question, oldest first."""
    written = [Written(Side(question.asks), question.asked_by, question.asked_at, question.words)]
    if question.answered_at:
        other = other_side(question.asks)
        written.append(Written(other, question.answered_by, question.answered_at, question.answer_words))
    for message in question.messages.all():
        written.append(Written(Side(message.side), message.written_by, message.written_at, message.words))
    # What was confirmed on entry was answered before the rule asked.
    return [written[0], *sorted(written[1:], key=lambda text: text.at)]


def count_waiting(by: Actor) -> int:
    """How many questions wait for the actor: as a clinic, and as the registry's steward."""
    return sum(
        Question.objects.visible_to(by, OF_SIDE[side]).unclosed().filter(waits_for=side).count() for side in Side
    )


def log_questions_shown(*, by: Actor, questions: Iterable[Question]) -> None:
    """Log that the actor has read the rows that these questions are about."""
    infusions = {question.infusion_id: question.infusion for question in questions if question.infusion}
    with acting_as(by):
        log_infusions(by=by, action=AccessAction.READ, infusions=infusions.values(), detail=SHOWN)
